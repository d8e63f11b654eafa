import { fromBinary } from '@bufbuild/protobuf';
import type { AuditFacts, AuditRecord } from '../../domain/audit/record.ts';
import { grantDigest } from '../../domain/committee/grant.ts';
import { grantUseDigest, judgeGrantUse } from '../../domain/committee/grant-use.ts';
import { judgeOrder, NO_ORDER, orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { everyStep } from '../../domain/playbook/nesting.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { verifyCertificate } from '../../threshold/verify/certificate.ts';
import {
  parseKeyCertificate,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedOrder,
} from '../../wire/documents/index.ts';
import { type OrderState, OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { Checks, envelopesFrom, openAll, require } from '../ceremony/checks.ts';
import { type AnyEvidence, evidenceFrom } from '../ceremony/document.ts';
import { verifyEvidence } from '../ceremony/verify.ts';
import { accepted, bytesOf, type Context, documentOf, namedBy, runOf, secondsOf } from './context.ts';
import { statementsIn } from './statements.ts';

type Check<Kind extends keyof AuditFacts> = (context: Context, facts: AuditFacts[Kind], record: AuditRecord) => void;

/** An order that was handed over late is judged as of the end of its term. Whether it was obeyed in time, and was no renewal too many, validators say. */
function judgeSigned(context: Context, signed: SignedOrder, record: AuditRecord): void {
  const { environment, network, committee } = context.authority;
  const atSeconds = Math.min(secondsOf(record), signed.order.expiresAtSeconds - 1);
  accepted(judgeOrder(signed, { environment, name: network, committee }, NO_ORDER, atSeconds));
}

export const orderHanded: Check<'order.handed'> = (context, { kind, number, order }, record) => {
  const signed = documentOf(context, record, 'order', parseSignedOrder);
  require(orderDigest(signed.order) === order &&
    signed.order.kind === kind &&
    signed.order.number === number, 'its document is another order');
  judgeSigned(context, signed, record);
};

export const orderObeyed: Check<'order.obeyed'> = (context, { number, untilSeconds, validators }, record) => {
  const signed = documentOf(context, record, 'order', parseSignedOrder);
  const { order } = signed;
  require(order.number === number &&
    untilSeconds === (order.kind === 'freeze' ? order.expiresAtSeconds : 0), 'its document is another order');
  judgeSigned(context, signed, record);
  requireEnough(context, order.kind, validators);
  requireNewest(context, number);
  // At this order a freeze may hold for longer by a grant, and a lift leaves nothing frozen; at a later one it is that order's word.
  const isObeyed = ({ number: at, frozenUntilSeconds: until }: OrderState): boolean =>
    at > BigInt(number) ||
    (at === BigInt(number) && (order.kind === 'freeze' ? until >= BigInt(untilSeconds) : until === 0n));
  standings(context, record, validators, isObeyed, `do not stand at order ${number} as it says`);
  context.obeyed = number;
};

/** Obeying an older order after a newer one is what no validator does. */
function requireNewest({ obeyed }: Context, number: number): void {
  require(number >= obeyed, `order ${obeyed} was obeyed before it`);
}

export const grantUsed: Check<'grant.used'> = (context, { grant, use, untilSeconds, validators }, record) => {
  const signedGrant = documentOf(context, record, 'grant', parseSignedGrant);
  const signedUse = documentOf(context, record, 'grant-use', parseSignedGrantUse);
  require(grantDigest(signedGrant.grant) === grant &&
    grantUseDigest(signedUse.use) === use, 'its documents are another grant or use');
  const { playbook } = signedUse.use;
  require(playbook === undefined ||
    [...context.runs.values()].some(
      ({ digest }) => digest === playbook,
    ), 'no run of this incident executes the playbook of its use');
  require(playbook === undefined ||
    record.playbook === undefined ||
    record.playbook === playbook, 'its use is for another plan than it names');
  const past = context.uses.filter((each) => each.grant === grant && grantUseDigest(each) !== use);
  const state = { number: signedUse.use.afterOrder, frozenUntilSeconds: 0 };
  const granted = accepted(judgeGrantUse(signedGrant, signedUse, past, state, context.authority, secondsOf(record)));
  require(untilSeconds === granted.state.frozenUntilSeconds, 'its freeze ends at another time than the use says');
  if (!context.uses.some((each) => grantUseDigest(each) === use)) context.uses.push(signedUse.use);
  requireEnough(context, 'freeze', validators);
  requireNewest(context, signedUse.use.afterOrder);
  standings(
    context,
    record,
    validators,
    (now) => now.frozenUntilSeconds >= BigInt(untilSeconds) && now.number <= BigInt(signedUse.use.afterOrder),
    'do not hold its freeze',
  );
};

/** A freeze counts once those who have not heard of it are too few to sign; a lift once enough have heard of it to sign again. */
function requireEnough({ genesis }: Context, kind: 'freeze' | 'lift', validators: readonly number[]): void {
  const all = genesis.validators.length;
  const need = kind === 'freeze' ? all - genesis.threshold + 1 : genesis.threshold;
  require(validators.length >= need, `${validators.length} of ${need} needed validators obeyed`);
}

/** Exactly these validators have signed where they stand. */
function standings(
  context: Context,
  record: AuditRecord,
  validators: readonly number[],
  holds: (state: OrderState) => boolean,
  otherwise: string,
): void {
  const envelopes = documentOf(context, record, 'statements', statementsIn);
  const opened = openAll(context.genesis, envelopesFrom(envelopes), { round: Round.ORDER_STATE });
  require([...opened.keys()].join() === validators.join(), 'other validators have signed than it names');
  const states = [...opened].map(([id, { payload }]) => [id, fromBinary(OrderStateSchema, payload)] as const);
  const others = states.filter(([, state]) => !holds(state));
  require(others.length === 0, `validators ${others.map(([id]) => id).join(', ')} ${otherwise}`);
  context.standing = Math.max(context.standing, ...states.map(([, { number }]) => Number(number)));
}

/** The certificate is signed by all participants; one that votes asked for names the run and the step of exactly those votes. */
export const keyCertified: Check<'key.certified'> = (context, { run, step, keyset, epoch }, record) => {
  const { plan, digest } = runOf(context, run);
  const certificate = documentOf(context, record, 'key-certificate', parseKeyCertificate);
  const key = accepted(verifyCertificate(certificate, context.genesis));
  require(key.keyset === keyset && key.epoch === epoch, 'its certificate is about another key');
  const isCovered = everyStep(plan.steps).some((each) => 'approval' in each && each.approval.covers.includes(step));
  const { origin } = key;
  if (origin !== undefined || isCovered) {
    require(origin?.run === run &&
      origin.step === step &&
      origin.playbook === digest, 'its key was made for another run or step');
  }
  const transcripts = ceremonies(context, record);
  require(transcripts.length === 1, 'it names no transcript, or several');
  for (const evidence of transcripts) {
    require(evidence.kind === 'keygen' && evidence.keyset === keyset, 'its transcript is about something else');
  }
};

export const transactionSent: Check<'transaction.sent'> = (context, { txid }, record) => {
  for (const evidence of ceremonies(context, record)) {
    require(evidence.kind === 'signing', 'its transcript is about something else');
    const codec = transactionCodec(context.genesis.bitcoinNetwork);
    const sent = codec.readTransaction(fromHex(evidence.transactionHex, 'transaction'));
    require(sent.txid === txid, 'its transcript is about another transaction');
  }
};

/** As many vaults at most as have a process of their own; each transcript is that of another transaction. */
export const vaultsSwept: Check<'vaults.swept'> = (context, { fromEpoch, toEpoch, vaults, swept }, record) => {
  require(swept <= vaults, 'it swept more vaults than there are');
  const transcripts = ceremonies(context, record);
  const isOfThis = (evidence: AnyEvidence): boolean =>
    evidence.kind === 'sweep' &&
    evidence.certificate.package.epoch === fromEpoch &&
    evidence.successor.package.epoch === toEpoch;
  require(transcripts.every(isOfThis), 'a transcript is about something else');
  require(transcripts.length <= swept, 'it names more transcripts than it swept vaults');
};

/** Transcripts of the record, each recomputed from the pinned network by the verifier of ceremonies. */
function ceremonies(context: Context, record: AuditRecord): readonly AnyEvidence[] {
  return namedBy(record, 'ceremony').map((named) => {
    const json: unknown = JSON.parse(Buffer.from(bytesOf(context, named)).toString('utf8'));
    const evidence = evidenceFrom(json, undefined, 'transcript');
    verifyEvidence(context.genesis, evidence, new Checks());
    return evidence;
  });
}
