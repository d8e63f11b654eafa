import { toBinary } from '@bufbuild/protobuf';
import { headOf, verifyChain } from '../../domain/audit/chain.ts';
import type { SignedHead } from '../../domain/audit/page.ts';
import { type AuditRecord, recordDigest } from '../../domain/audit/record.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { EnvelopeSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, within } from '../asking.ts';
import { roster } from '../validators.ts';

const ASK_SECONDS = 20;

/**
 * Asks validators here and now to sign all records that are written, open incident or not: what the incident's own workflow does, for
 * records that it could not get signed in time. Validators judge by what they signed before, whoever asks.
 */
export async function coSigned(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  records: readonly AuditRecord[],
  page: BlobRef,
): Promise<SignedHead> {
  const { environment, name } = genesis;
  const incident = records[0]?.incident ?? '';
  const chain = verifyChain({ environment, network: name, incident }, records);
  if (!chain.ok) throw failureOf(chain.refusal);
  const last = chain.value.at(-1);
  const head = last === undefined ? undefined : headOf({ incident }, last);
  if (head === undefined) throw new FirebreakFailure('not-yet.evidence-unsigned', 'no record is written yet');
  const bytes = (digest: string): Uint8Array => fromHex(digest, 'digest', 32);
  const heard = await askEach(
    network,
    genesis,
    roster(genesis),
    {
      case: 'signAuditHead',
      value: {
        $typeName: 'firebreak.v1.SignAuditHead',
        head: {
          $typeName: 'firebreak.v1.AuditHead',
          incident,
          count: BigInt(head.count),
          head: bytes(head.head),
          root: bytes(head.root),
        },
        records: records.map((record) => bytes(recordDigest(record))),
      },
    },
    Round.AUDIT_HEAD,
    within(ASK_SECONDS, `audit-head-${head.root}`),
  );
  const signed = heard.flatMap((answer) => (answer.ok ? [answer] : []));
  if (signed.length < genesis.threshold) {
    const why = heard.flatMap((answer) => (answer.ok ? [] : [`${answer.validator}: ${answer.message}`])).slice(0, 5);
    throw new FirebreakFailure(
      'not-yet.evidence-unsigned',
      `${signed.length} of ${genesis.threshold} needed validators sign; ${why.join('; ')}`.slice(0, 800),
    );
  }
  return {
    version: 1,
    kind: 'audit-head',
    environment,
    network: name,
    head,
    page,
    statements: signed
      .sort((one, other) => one.validator - other.validator)
      .map(({ opened }) => toHex(toBinary(EnvelopeSchema, opened.envelope))),
  };
}
