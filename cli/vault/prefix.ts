import { FirebreakFailure } from '../../domain/errors/failure.ts';

/** Characters of a vault id. */
export const WHOLE = 64;
/** Fewer characters than this name no vault: whoever opens vaults can make one that begins like another. */
const LEAST = 8;

/** Throws `input.unknown-vault` unless `text` is a whole vault id or enough of its beginning. */
export function requirePrefix(text: string): void {
  if (/^[0-9a-f]+$/.test(text) && text.length >= LEAST && text.length <= WHOLE) return;
  throw new FirebreakFailure(
    'input.unknown-vault',
    `"${text.slice(0, WHOLE)}" is no vault id: write all ${WHOLE} characters, or at least the first ${LEAST}`,
  );
}
