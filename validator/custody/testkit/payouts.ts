import { randomBytes } from 'node:crypto';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { KeyCertificate } from '../../../domain/ceremony/ceremony.ts';
import { fromHex } from '../../../domain/encoding/hex.ts';
import type { TransactionCodec } from '../../../domain/ports/chain.ts';
import {
  type Outpoint,
  type ReleaseRequest,
  type Sats,
  type SignedTerms,
  type Terms,
  vaultIdOf,
} from '../../../domain/vault/terms.ts';
import { SUITE } from '../../../threshold/verify/signing-transcript.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { encodeDocument } from '../../../wire/documents/index.ts';
import {
  type Envelope,
  Round,
  SigningCommitmentsSchema,
  SigningRequestSchema,
} from '../../../wire/generated/firebreak/v1/messages_pb.js';
import { say } from '../statements.ts';
import type { TestFleet } from './agents.ts';
import { newCeremony, senderOf } from './ceremonies.ts';
import { signRelease, signTerms, type VaultOwner, vaultOwner } from './network.ts';

export type TestVault = {
  readonly owner: VaultOwner;
  readonly signedTerms: SignedTerms;
  readonly script: string;
  readonly certificate: KeyCertificate;
};

/** Terms that every validator holds. */
export async function openVault(
  fleet: TestFleet,
  certificate: KeyCertificate,
  changes: Partial<Terms> = {},
): Promise<TestVault> {
  const owner = vaultOwner();
  const signedTerms = signTerms(fleet.network, owner, changes);
  await fleet.askAll({
    case: 'holdTerms',
    value: { signedTerms: encodeDocument(signedTerms), keyset: certificate.package.keyset, watchFromHeight: 1 },
  });
  return { owner, signedTerms, certificate, script: vaultScript(certificate.package, signedTerms.terms) };
}

/** The same deposit in every validator's view. */
export function depositTo(fleet: TestFleet, vault: TestVault, amountSats: Sats = 100_000, blocksAfter = 5): Outpoint {
  const outpoint = { txid: randomBytes(32).toString('hex'), vout: 0 };
  for (const { chain } of fleet.agents) chain.deposit(outpoint, vault.script, amountSats, blocksAfter);
  return outpoint;
}

export type PayoutPlanned = {
  readonly outpoints: readonly Outpoint[];
  readonly amountSats: Sats;
  readonly feeSats: Sats;
  readonly release?: Partial<ReleaseRequest>;
  readonly releaseKey?: Uint8Array;
  readonly payoutScript?: string;
  /** Replaces the bytes that the codec builds. */
  readonly transaction?: Uint8Array;
};

/** The parts of a signing request before signers are known. */
export function planPayout(fleet: TestFleet, codec: TransactionCodec, vault: TestVault, plan: PayoutPlanned) {
  const { genesis } = fleet;
  const { terms } = vault.signedTerms;
  const each = plan.amountSats / plan.outpoints.length;
  const transaction =
    plan.transaction ??
    codec.buildPayout({
      inputs: plan.outpoints.map((outpoint) => ({ outpoint, amountSats: each, script: vault.script })),
      payoutScript: plan.payoutScript ?? terms.payoutScript,
      feeSats: plan.feeSats,
    }).transaction;
  const request: ReleaseRequest = {
    version: 1,
    environment: genesis.environment,
    network: genesis.name,
    vault: vaultIdOf(terms),
    outpoints: plan.outpoints,
    amountSats: plan.amountSats,
    feeSats: plan.feeSats,
    expiresAtSeconds: 4_000_000_000,
    ...plan.release,
  };
  const anchor = fleet.get(1).chain.anchorAt(1);
  return {
    suite: SUITE,
    environment: genesis.environment,
    network: genesis.name,
    ceremony: newCeremony('signing') as string,
    keyset: vault.certificate.package.keyset as string,
    epoch: vault.certificate.package.epoch,
    policyVersion: 1,
    transaction,
    inputs: plan.outpoints.map((outpoint, index) => ({
      index,
      vault: vaultIdOf(terms) as string,
      prevout: { ...outpoint, amountSats: BigInt(each), script: fromHex(vault.script, 'script') },
    })),
    releaseRequest: encodeDocument(signRelease(request, plan.releaseKey ?? vault.owner.release)),
    anchorHash: anchor.hash,
    anchorHeight: anchor.height,
  };
}

export type PlannedRequest = ReturnType<typeof planPayout>;

/** What `giveCommitments` is asked with. */
export const askedFor = (plan: PlannedRequest, changes: MessageInitShape<typeof SigningRequestSchema> = {}) => ({
  ceremony: changes.ceremony ?? plan.ceremony,
  keyset: changes.keyset ?? plan.keyset,
  count: changes.inputs?.length ?? plan.inputs.length,
  proposal: requestBytes(plan, [], changes),
});

export const commitTo = (fleet: TestFleet, plan: PlannedRequest, ids: readonly number[]): Promise<Envelope[]> =>
  fleet.askAll(
    { case: 'giveCommitments', value: askedFor(plan) },
    ids.map((id) => fleet.get(id).id),
  );

/** The whole way at one of the signers: its commitments, those of the others, its partial signature; or the first no that it says. */
export async function payBy(
  fleet: TestFleet,
  plan: PlannedRequest,
  signers: readonly number[],
  id: number,
): ReturnType<TestFleet['ask']> {
  const own = await fleet.ask(id, { case: 'giveCommitments', value: askedFor(plan) });
  if (!own.ok) return own;
  const request = requestBytes(plan, await commitTo(fleet, plan, signers));
  return fleet.ask(id, { case: 'givePartials', value: { request } });
}

/**
 * Commitments that colluding signers gave to an honest plan of the same ceremony, each with the word that `plan` is what they locked their
 * outputs for: only the policy at the partial signature stands in the way of it then.
 */
export async function commitAs(
  fleet: TestFleet,
  honest: PlannedRequest,
  plan: PlannedRequest,
  ids: readonly number[],
  codec: Pick<TransactionCodec, 'readTransaction'>,
): Promise<Envelope[]> {
  const given = await commitTo(fleet, { ...honest, ceremony: plan.ceremony }, ids);
  const locked = lockedBy(codec, plan.transaction);
  return given.map((envelope) => {
    const host = fleet.network.hosts[senderOf(envelope) - 1];
    if (host === undefined) throw new Error('a commitment of a stranger');
    const said = fromBinary(SigningCommitmentsSchema, envelope.payload);
    const about = { keyset: plan.keyset, epoch: plan.epoch, ceremony: plan.ceremony };
    const speaking = { genesis: fleet.genesis, self: senderOf(envelope), identity: host.key };
    return say(speaking, Round.SIGNING_COMMITMENTS, about, SigningCommitmentsSchema, { ...said, locked });
  });
}

/** Of bytes that are no transaction, none. */
function lockedBy(codec: Pick<TransactionCodec, 'readTransaction'>, transaction: Uint8Array): string {
  try {
    return codec.readTransaction(transaction).txid;
  } catch {
    return '';
  }
}

export const requestBytes = (
  plan: PlannedRequest,
  commitments: readonly Envelope[],
  changes: MessageInitShape<typeof SigningRequestSchema> = {},
): Uint8Array =>
  toBinary(SigningRequestSchema, create(SigningRequestSchema, { ...plan, commitments: [...commitments], ...changes }));
