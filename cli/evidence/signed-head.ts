import { fromBinary } from '@bufbuild/protobuf';
import { z } from 'zod';
import type { Head } from '../../domain/audit/chain.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import { AuditHeadSchema, EnvelopeHeaderSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { envelopesFrom, openAll, require } from '../ceremony/checks.ts';
import { digestOfHex, whole } from './record-schema.ts';

const schema = z.looseObject({
  version: z.literal(1),
  kind: z.literal('audit-head'),
  head: z.strictObject({ incident: z.string(), count: whole, head: digestOfHex, root: digestOfHex }),
  statements: z.array(z.string().max(10_000)).max(255),
});

/** The document behind a record about an earlier head. */
export function signedHeadIn(bytes: Uint8Array): { readonly head: Head; readonly statements: readonly string[] } {
  const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  require(parsed.success, 'its signed head cannot be read');
  const { incident, count, head, root } = parsed.data.head;
  return { head: { incident, count, head, root } as Head, statements: parsed.data.statements };
}

/** At least the threshold of the pinned validators have signed exactly this head; who did. A statement that is not good spoils all. */
export function requireSigned(
  genesis: NetworkGenesis,
  head: Head,
  statements: readonly string[],
): readonly ValidatorId[] {
  const envelopes = envelopesFrom(statements);
  const order = envelopes.map(({ header }) => fromBinary(EnvelopeHeaderSchema, header).from);
  require(order.every((from, at) => from > (order[at - 1] ?? 0)), 'its statements are not in their one order');
  const opened = openAll(genesis, envelopes, {
    round: Round.AUDIT_HEAD,
    keyset: '',
    epoch: 0,
    ceremony: '',
  });
  const ids = [...opened.keys()];
  for (const [from, { payload }] of opened) {
    const said = fromBinary(AuditHeadSchema, payload);
    require(said.incident === head.incident &&
      said.count === BigInt(head.count) &&
      toHex(said.head) === head.head &&
      toHex(said.root) === head.root, `validator ${from} has signed another head`);
  }
  require(ids.length >= genesis.threshold, `${ids.length} of ${genesis.threshold} needed validators have signed`);
  return ids;
}
