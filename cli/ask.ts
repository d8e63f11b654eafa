import { createInterface } from 'node:readline/promises';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { Screen } from './screen.ts';

export type Question = {
  /** One short line that can be answered with yes or no. */
  readonly text: string;
  /** The flag that answers yes beforehand. */
  readonly flag: string;
  /** Whether that flag was given. */
  readonly given: boolean;
};

/**
 * Asks, unless its flag answered already. Without a terminal nobody can answer, so nothing happens:
 * throws `input.question-without-terminal`; a no is `policy.not-confirmed`.
 */
export async function confirm(screen: Screen, question: Question): Promise<void> {
  if (question.given) return;
  if (!screen.interactive) {
    throw new FirebreakFailure(
      'input.question-without-terminal',
      `"${question.text}" needs an answer and there is no terminal; give ${question.flag} to say yes`,
      { flag: question.flag },
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = (await lines.question(`${question.text} [yes/no] `)).trim().toLowerCase();
    if (answer !== 'yes' && answer !== 'y') {
      throw new FirebreakFailure('policy.not-confirmed', `answered "${answer || 'nothing'}" to: ${question.text}`);
    }
  } finally {
    lines.close();
  }
}
