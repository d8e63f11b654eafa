import type { Refusal } from '../../../domain/errors/failure.ts';
import { type Outpoint, outpointText, type Sats } from '../../../domain/vault/terms.ts';
import { judgeReleaseRequest } from '../../../domain/vault/verify-release.ts';
import { parseProof, parseSignedReleaseRequest } from '../../../wire/documents/index.ts';
import { type SigningRequest, SigningRequestSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { Spend, TermsRow } from '../journal/journal.ts';
import { isAhead } from '../journal/releases.ts';
import type { AgentParts } from '../parts.ts';
import { decode } from '../statements.ts';
import { isSpentElsewhere } from './locks.ts';
import { judgeReleasedFee } from './rules.ts';
import { sweepWarrant } from './sweep.ts';

/**
 * What other validators said, when this one started, that they had locked: it holds like a lock of its own, which this journal may have
 * forgotten. Nobody's word alone holds anything: the claim must carry what lets these coins move, and its transaction must be the one that
 * every validator builds from it, so a liar can name only what the release key or the members signed. Whether that was in time was
 * their business then. An output that is not seen here may only not have been searched for, and makes no claim void.
 */
export function judgeClaims(
  parts: AgentParts,
  held: TermsRow,
  wanted: Pick<Spend, 'txid' | 'outpoints' | 'feeSats'>,
): Refusal | undefined {
  for (const outpoint of wanted.outpoints) {
    for (const claim of parts.journal.claims.on(outpoint)) {
      if (claim.txid === wanted.txid) continue;
      const proven = provenIn(parts, held, claim.proposal);
      if (proven === undefined || proven.outpoints.some((each) => isSpentElsewhere(parts, claim.txid, each))) continue;
      const isCovered = proven.outpoints.every((each) => wanted.outpoints.includes(each));
      if (isCovered && isAhead(wanted, { txid: claim.txid, feeSats: proven.feeSats }, proven.outpoints.length))
        continue;
      return {
        code: 'conflict.outpoint-locked',
        message: `output ${outpoint} is signed away in transaction ${claim.txid}, as validator ${claim.validator} remembers`,
        details: { outpoint, txid: claim.txid, validator: claim.validator },
      };
    }
  }
  return undefined;
}

type Proven = { readonly outpoints: readonly string[]; readonly feeSats: Sats };

/** What the transaction of a claim spends and pays to miners; undefined when nothing in the claim lets exactly it move these coins. */
function provenIn(parts: AgentParts, held: TermsRow, proposal: Uint8Array): Proven | undefined {
  const request = decode(SigningRequestSchema, proposal);
  if (request === undefined) return undefined;
  try {
    const { inputs, outputs } = parts.codec.readTransaction(request.transaction);
    const [output] = outputs;
    const moves =
      request.sweep === undefined ? released(parts, held, request, inputs) : swept(parts, held, request, inputs);
    if (moves === undefined || output === undefined) return undefined;
    const feeSats = moves.sumSats - output.amountSats;
    if (!moves.isBearable(feeSats)) return undefined;
    const [first, ...others] = inputs;
    if (first === undefined) return undefined;
    // Only their sum stands in the bytes.
    const amounts = [{ outpoint: first, amountSats: moves.sumSats, script: held.script }].concat(
      others.map((outpoint) => ({ outpoint, amountSats: 0, script: held.script })),
    );
    const built = parts.codec.buildPayout({ inputs: amounts, payoutScript: moves.script, feeSats }).transaction;
    if (!Buffer.from(built).equals(request.transaction)) return undefined;
    return { outpoints: inputs.map(outpointText), feeSats };
  } catch {
    // Documents that cannot be read let nothing move.
    return undefined;
  }
}

type Moves = { readonly sumSats: Sats; readonly script: string; isBearable(feeSats: Sats): boolean };

function released(
  { genesis }: AgentParts,
  held: TermsRow,
  { releaseRequest }: SigningRequest,
  inputs: readonly Outpoint[],
): Moves | undefined {
  const release = parseSignedReleaseRequest(releaseRequest, 'release request of a claimed lock');
  const { terms } = held.signedTerms;
  const { environment, name: network } = genesis;
  if (!judgeReleaseRequest(release, terms, { environment, network, nowSeconds: 0 }).ok) return undefined;
  const { outpoints, amountSats: sumSats } = release.request;
  if (inputs.map(outpointText).join() !== outpoints.map(outpointText).join()) return undefined;
  const isBearable = (feeSats: Sats): boolean => judgeReleasedFee(release.request, feeSats) === undefined;
  return { sumSats, script: terms.payoutScript, isBearable };
}

/** Judged as of its last second: a committee that was handed over since judges its own votes no more, and then the coins stay in the vault. */
function swept(
  parts: AgentParts,
  held: TermsRow,
  { sweep }: SigningRequest,
  inputs: readonly Outpoint[],
): Moves | undefined {
  const key = parts.keyring.get(held.keyset)?.package;
  if (sweep === undefined || key === undefined) return undefined;
  const { expiresAtSeconds } = parseProof(sweep.proof, 'proof of a claimed lock').certificate.subject;
  const then = { ...parts, clock: () => (expiresAtSeconds - 1) * 1_000 };
  const warrant = sweepWarrant(then, sweep, held.vault, key);
  if (!warrant.ok) return undefined;
  const { terms } = held.signedTerms;
  const destination = warrant.value.destination(terms);
  const coins = inputs.flatMap((outpoint) => parts.chain.output(outpoint).output ?? []);
  if (!destination.ok || coins.length < inputs.length || coins.some(({ script }) => script !== held.script))
    return undefined;
  if (warrant.value.coins?.(inputs, coins) !== undefined) return undefined;
  const mostSats = Math.min(terms.maximumFeeSats, parts.policy.feeCapSats);
  return {
    sumSats: coins.reduce((sum, { amountSats }) => sum + amountSats, 0),
    script: destination.value.script,
    isBearable: (feeSats) => feeSats >= 0 && feeSats <= mostSats,
  };
}
