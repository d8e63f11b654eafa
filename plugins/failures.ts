import type { FailureTable } from '../domain/errors/failure.ts';

export type DurableFileFailureCode = 'unavailable.disk-full' | 'unavailable.disk-write';

export const pluginsDurableFileFailures: FailureTable<DurableFileFailureCode> = {
  'unavailable.disk-full': {
    meaning: 'A file could not be written because the disk or the quota is full. Nothing was changed.',
    remedy: 'Free space on the named folder; the same step then succeeds.',
  },
  'unavailable.disk-write': {
    meaning: 'A file could not be written: folder missing, read-only or not ours. Nothing was changed.',
    remedy: 'Check owner, permissions and mount of the named folder, and that no part of its path is a file.',
  },
};
