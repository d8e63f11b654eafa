import { fromBinary } from '@bufbuild/protobuf';
import type { EncryptedShare } from '../domain/ceremony/dispute.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import { toHex } from '../domain/encoding/hex.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import { KeygenSharesSchema } from './generated/firebreak/v1/messages_pb.js';

const NONCE_BYTES = 12;
const CIPHERTEXT_BYTES = 48;

/** `form`: not one encrypted share for each other participant. `view`: made for another round of commitments than this one. */
export type SharesFault = 'form' | 'view';

/** What a participant sent to each of the others, for the round whose `keygenView` this is; whether a share is good only its recipient sees. */
export function readKeygenShares(
  payload: Uint8Array,
  from: ValidatorId,
  participants: readonly ValidatorId[],
  view: Digest,
): ReadonlyMap<ValidatorId, EncryptedShare> | SharesFault {
  const said = saidIn(payload);
  if (said === undefined) return 'form';
  const byRecipient = new Map(said.shares.map((share) => [share.to, share]));
  const others = participants.filter((id) => id !== from);
  const sent = others.flatMap((id) => {
    const share = byRecipient.get(id);
    const isWellFormed = share?.nonce.length === NONCE_BYTES && share.ciphertext.length === CIPHERTEXT_BYTES;
    return isWellFormed ? [[id, { nonce: share.nonce, ciphertext: share.ciphertext }] as const] : [];
  });
  if (said.shares.length !== others.length || sent.length !== others.length) return 'form';
  return toHex(said.view) === view ? new Map(sent) : 'view';
}

function saidIn(payload: Uint8Array) {
  try {
    return fromBinary(KeygenSharesSchema, payload);
  } catch {
    return undefined;
  }
}
