import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import type { Row } from './rows.ts';

/** How the journal keeps what others signed: the bytes that the signatures are about, as text. */
export const documentText = (document: unknown): string => Buffer.from(canonicalBytes(document)).toString('utf8');

/** Its shape was checked before it was written, and the row carries its checksum. */
export const documentIn = <T>(row: Row): T => JSON.parse(row['document'] as string) as T;
