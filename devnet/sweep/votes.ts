import { randomUUID, sign } from 'node:crypto';
import { dirname } from 'node:path';
import { coveredDigest, type CoveredStep } from '../../domain/approval/covered.ts';
import type { Proof } from '../../domain/approval/execution.ts';
import { type Ballot, ballotDigest, type VoteSubject } from '../../domain/approval/vote.ts';
import type { KeyOrigin } from '../../domain/ceremony/ceremony.ts';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { folder } from '../../plugins/blob/folder/index.ts';
import { readIdentityFile } from '../../plugins/network/libp2p/identity-file.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import type { Layout } from '../layout.ts';

const LIFETIME_SECONDS = 3_600;
const PLAN = sha256Hex(Buffer.from('a rotation and the sweep that follows from it'));

/** What a committee says to a rotation of this key and the sweep that follows, in the blobs where a run would have put it. */
export async function rotationVotes(
  layout: Layout,
  genesis: NetworkGenesis,
  fromEpoch: number,
  toEpoch: number,
): Promise<{ readonly origin: KeyOrigin; readonly proof: BlobRef; readonly epochs: BlobRef }> {
  const origin: KeyOrigin = { run: `runPlaybook/${genesis.name}/${randomUUID()}`, step: 'rotate', playbook: PLAN };
  const participants = genesis.validators.map(({ id }) => id);
  const covers: readonly CoveredStep[] = [
    {
      step: 'rotate',
      kind: 'workflow',
      name: 'generateKey',
      arguments: {
        epoch: { value: toEpoch },
        purpose: { value: 'custody' },
        participants: { value: participants },
        smallest: { value: participants.length },
      },
    },
    {
      step: 'sweep',
      kind: 'workflow',
      name: 'sweepVaults',
      arguments: {
        fromEpoch: { value: fromEpoch },
        toEpoch: { output: { step: 'rotate', name: 'epoch' } },
        certificate: { output: { step: 'rotate', name: 'certificate' } },
      },
    },
  ];
  const subject: VoteSubject = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    playbook: origin.playbook,
    run: origin.run,
    step: 'consent',
    arguments: coveredDigest(covers),
    class: 'change',
    committeeEpoch: genesis.committee.epoch,
    committee: committeeDigest(genesis.committee),
    expiresAtSeconds: Math.floor(Date.now() / 1_000) + LIFETIME_SECONDS,
  };
  const ballots = genesis.committee.members.map(({ key }, at): Ballot => {
    const words = { voter: key, choice: 'approve' } as const;
    const secret = readIdentityFile(layout.committee.member(at + 1));
    return { ...words, signature: toHex(sign(null, fromHex(ballotDigest(subject, words), 'ballot', 32), secret)) };
  });
  const proof: Proof = { certificate: { version: 1, subject, ballots }, covers };
  const store = folder({ folder: layout.blobs })({ dir: dirname(layout.blobs) });
  const now = { idempotencyKey: 'sweep', signal: new AbortController().signal, deadlineMs: Number.MAX_SAFE_INTEGER };
  return {
    origin,
    proof: await store.put(encodeDocument(proof), now),
    epochs: await store.put(encodeDocument([]), now),
  };
}
