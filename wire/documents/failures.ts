import type { FailureTable } from '../../domain/errors/failure.ts';

export type DocumentFailureCode =
  | 'input.document-size'
  | 'input.document-encoding'
  | 'input.document-json'
  | 'input.document-field';

export const wireDocumentsFailures: FailureTable<DocumentFailureCode> = {
  'input.document-size': {
    meaning: 'A document is empty or larger than its kind may be.',
    remedy: 'Check that the right file was given; each kind of document names its limit in the message.',
  },
  'input.document-encoding': {
    meaning: 'A document is not UTF-8 text.',
    remedy: 'Export it again as JSON; a file that was copied through a terminal or an editor may have been changed.',
  },
  'input.document-json': {
    meaning: 'A document is not JSON.',
    remedy: 'Mend the text at the line and column that the message names.',
  },
  'input.document-field': {
    meaning: 'A field of a document is missing, unknown, named twice, of the wrong type or out of its range.',
    remedy: 'The message names the field, what was expected there and, where the text is known, its line.',
  },
};
