import type { NetworkGenesis, ValidatorId } from '../../../domain/network/network.ts';
import { readInterchange, writeInterchange } from '../interchange/file.ts';
import { importInto } from '../interchange/import.ts';
import { interchangeOf, ownerIn } from '../interchange/interchange.ts';
import type { Journal } from '../journal/journal.ts';
import { SILENT } from './agents.ts';

/** Copies of one validator's journal at one time, and how an operator carries what one remembers to another: through the text of a file. */
export function carrying(genesis: NetworkGenesis, self: ValidatorId, nowMs: number) {
  const partsOf = (journal: Journal) => ({ genesis, self, journal, clock: () => nowMs, logger: SILENT });
  const textOf = (journal: Journal): string => writeInterchange(interchangeOf(journal, ownerIn(genesis, self)));
  const carried = (from: Journal) => readInterchange(textOf(from), 'a copy');
  const bring = (from: Journal, into: Journal): void => importInto(partsOf(into), carried(from));
  return { partsOf, textOf, carried, bring };
}
