import { randomBytes } from 'node:crypto';
import { algorithmOf } from '../../domain/committee/member-key.ts';
import { documentDigest, TAGS } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { TokenSigner } from '../../plugins/keystore/pkcs11/token-signer.ts';
import { isTokenKeyUri, parseTokenKeyUri } from '../../plugins/keystore/pkcs11/token-uri.ts';
import { createIdentityFile } from '../../plugins/network/libp2p/identity-file.ts';
import { unwritten } from '../files.ts';
import { readMemberKey } from '../member-key.ts';
import type { Outcome } from '../outcome.ts';

export type KeyOptions = { readonly out?: string; readonly show?: string };

/** Makes the key of a member, or reads one, in a file or a token, and prints its public half as a committee lists it. A key that exists is never replaced. */
export async function memberKey({ out, show }: KeyOptions): Promise<Outcome> {
  if ((out === undefined) === (show === undefined)) {
    throw new FirebreakFailure(
      'input.usage',
      'give --out <new file or pkcs11: URI> to make a key, or --show <file or pkcs11: URI> to read one',
    );
  }
  const place = out ?? show ?? '';
  const inToken = isTokenKeyUri(place);
  if (out !== undefined && inToken) await TokenSigner.make(parseTokenKeyUri(out));
  if (out !== undefined && !inToken) make(out);
  using member = await readMemberKey(place);
  // The public half of a token lies beside the private one and may be another's: a seat would go to a key that nobody has.
  if (inToken) member.sign(documentDigest(TAGS.selfTest, { key: member.key, random: randomBytes(16).toString('hex') }));
  const { key, algorithm, voter } = member;
  const entry = { key, ...(algorithm === algorithmOf({ key }) ? {} : { algorithm }) };
  return {
    data: { [inToken ? 'uri' : 'file']: place, ...entry, voter },
    lines: [
      `member key  ${place}`,
      ...(out === undefined ? [] : [inToken ? IN_TOKEN : IN_FILE]),
      `  public    ${key}`,
      ...(voter === key ? [] : [`  voter id  ${voter}`]),
      `  entry     ${JSON.stringify({ name: '<name>', ...entry })}`,
    ],
  };
}

const IN_FILE = '  keep it on this machine, with a copy that nobody else can read';
const IN_TOKEN =
  '  it was made in the token and cannot leave it: without the token the seat is empty until the next hand-over';

function make(file: string): void {
  try {
    createIdentityFile(file);
  } catch (error) {
    throw unwritten(file, 'member key', error);
  }
}
