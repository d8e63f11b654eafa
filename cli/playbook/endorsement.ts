import { existsSync } from 'node:fs';
import type { SignedEndorsement } from '../../domain/playbook/endorsement.ts';
import { parseSignedEndorsement } from '../../wire/documents/index.ts';
import { readBounded } from '../files.ts';
import { playbookFile } from './sources.ts';

/** The signatures lie beside the playbook: `playbook.yaml` has `playbook.signed.json`. */
export const endorsementFile = (file: string): string => playbookFile(file).replace(/\.ya?ml$/, '.signed.json');

/** What members have signed so far; undefined when nobody has. */
export function readEndorsement(file: string): SignedEndorsement | undefined {
  const path = endorsementFile(file);
  return existsSync(path) ? parseSignedEndorsement(readBounded(path, 'signed playbook'), path) : undefined;
}
