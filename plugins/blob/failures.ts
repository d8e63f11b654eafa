import type { FailureTable } from '../../domain/errors/failure.ts';

export type BlobFailureCode =
  | 'input.blob-too-large'
  | 'unavailable.blob-missing'
  | 'unavailable.blob-unreadable'
  | 'policy.blob-damaged';

export const pluginsBlobFailures: FailureTable<BlobFailureCode> = {
  'input.blob-too-large': {
    meaning: 'A document is larger than a blob may be (16 MiB).',
    remedy: 'Store its parts, or a digest of it.',
  },
  'unavailable.blob-missing': {
    meaning: 'No bytes are stored under this digest here.',
    remedy: 'Check that every worker uses the same store; bytes are never removed by Firebreak itself.',
  },
  'unavailable.blob-unreadable': {
    meaning: 'A stored file exists but cannot be read.',
    remedy: 'Check its owner and permissions, and the health of the disk.',
  },
  'policy.blob-damaged': {
    meaning: 'The stored bytes do not hash to their name: they were changed, cut short, or the disk failed.',
    remedy: 'Restore the file from a copy; storing the right bytes again also replaces it.',
  },
};
