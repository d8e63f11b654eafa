import { algorithmOf } from '../../domain/committee/member-key.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { createIdentityFile } from '../../plugins/network/libp2p/identity-file.ts';
import { readMemberKey } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';

export type KeyOptions = { readonly out?: string; readonly show?: string };

/** Makes the key of a member, or reads one, and prints its public half as a committee lists it. A file that exists is never replaced. */
export function memberKey({ out, show }: KeyOptions): Outcome {
  if ((out === undefined) === (show === undefined))
    throw new FirebreakFailure('input.usage', 'give --out <new file> to make a key, or --show <file> to read one');
  if (out !== undefined) make(out);
  const file = out ?? show ?? '';
  const { key, algorithm, voter } = readMemberKey(file);
  const entry = { key, ...(algorithm === algorithmOf({ key }) ? {} : { algorithm }) };
  return {
    data: { file, ...entry, voter },
    lines: [
      `member key  ${file}`,
      ...(out === undefined ? [] : ['  keep it on this machine, with a copy that nobody else can read']),
      `  public    ${key}`,
      ...(voter === key ? [] : [`  voter id  ${voter}`]),
      `  entry     ${JSON.stringify({ name: '<name>', ...entry })}`,
    ],
  };
}

function make(file: string): void {
  try {
    createIdentityFile(file);
  } catch (error) {
    throw new FirebreakFailure('input.file', `member key ${file} cannot be written: ${(error as Error).message}`, {
      path: file,
    });
  }
}
