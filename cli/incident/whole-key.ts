import type { Client } from '@temporalio/client';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { withClient } from '../coordinator.ts';
import { type Operator, readOperator } from '../operator.ts';
import { incidentsOf } from './find.ts';

const SEARCHED_MAX = 1_000;

export const wholeKeyIn = (data: string, typed: string): Promise<string> => {
  const operator = readOperator(data);
  return withClient(operator, (client) => wholeKey(client, operator, typed));
};

/** The key of the one incident that begins with what was typed; a whole key is itself, whatever begins with it. */
export async function wholeKey(client: Client, operator: Operator, typed: string): Promise<string> {
  const keys = (await incidentsOf(client, operator, SEARCHED_MAX)).map(({ key }) => key);
  const found = keys.filter((key) => key.startsWith(typed));
  const [only, ...others] = keys.includes(typed) ? [typed] : found;
  if (only !== undefined && others.length === 0) return only;
  throw new FirebreakFailure(
    'input.unknown-incident',
    only === undefined ? `no incident begins with ${typed}` : `${found.length} incidents begin with ${typed}`,
  );
}
