import type { Refusal } from '../../../domain/errors/failure.ts';
import { outpointText, type Sats } from '../../../domain/vault/terms.ts';
import { judgeReleaseRequest } from '../../../domain/vault/verify-release.ts';
import { verifyCertificate } from '../../../threshold/verify/certificate.ts';
import { vaultScript } from '../../../threshold/verify/vault-script.ts';
import { parseKeyCertificate, parseSignedReleaseRequest } from '../../../wire/documents/index.ts';
import { type SigningRequest, SigningRequestSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { Claim, Spend, TermsRow } from '../journal/journal.ts';
import { isAhead } from '../journal/releases.ts';
import type { AgentParts } from '../parts.ts';
import { decode } from '../statements.ts';
import { isLost } from './locks.ts';
import { judgeReleasedFee } from './rules.ts';

/**
 * What other validators said, when this one started, that they had locked: it holds like a lock of its own, which this journal may have
 * forgotten. Nobody's word alone holds anything: the claim must carry what lets these coins move, so a liar can name only what the release
 * key signed, or a sweep to a key that all its participants certified. Whether that was in time was their business then.
 */
export function judgeClaims(
  parts: AgentParts,
  held: TermsRow,
  wanted: Pick<Spend, 'txid' | 'outpoints' | 'feeSats'>,
): Refusal | undefined {
  for (const outpoint of wanted.outpoints) {
    for (const claim of parts.journal.claims.on(outpoint)) {
      if (claim.txid === wanted.txid || claim.outpoints.some((each) => isLost(parts, claim.txid, each))) continue;
      const feeSats = provenFeeSats(parts, held, claim);
      if (feeSats === undefined) continue;
      const isCovered = claim.outpoints.every((each) => wanted.outpoints.includes(each));
      if (isCovered && isAhead(wanted, { txid: claim.txid, feeSats }, claim.outpoints.length)) continue;
      return {
        code: 'conflict.outpoint-locked',
        message: `output ${outpoint} is signed away in transaction ${claim.txid}, as validator ${claim.validator} remembers`,
        details: { outpoint, txid: claim.txid, validator: claim.validator },
      };
    }
  }
  return undefined;
}

/** What the transaction of a claim would pay to miners; undefined when nothing in the claim lets these coins move. */
function provenFeeSats(parts: AgentParts, held: TermsRow, { proposal }: Claim): Sats | undefined {
  const request = decode(SigningRequestSchema, proposal);
  if (request === undefined) return undefined;
  try {
    return request.sweep === undefined ? releasedFee(parts, held, request) : sweepFee(parts, held, request);
  } catch {
    // Documents that cannot be read let nothing move.
    return undefined;
  }
}

function releasedFee({ genesis, codec }: AgentParts, held: TermsRow, request: SigningRequest): Sats | undefined {
  const release = parseSignedReleaseRequest(request.releaseRequest, 'release request of a claimed lock');
  const { terms } = held.signedTerms;
  const { environment, name: network } = genesis;
  if (!judgeReleaseRequest(release, terms, { environment, network, nowSeconds: 0 }).ok) return undefined;
  const { inputs, outputs } = codec.readTransaction(request.transaction);
  const [output, ...others] = outputs;
  const isReleased = inputs.map(outpointText).join() === release.request.outpoints.map(outpointText).join();
  if (!isReleased || output?.script !== terms.payoutScript || others.length > 0) return undefined;
  const feeSats = release.request.amountSats - output.amountSats;
  return judgeReleasedFee(release.request, feeSats) === undefined ? feeSats : undefined;
}

function sweepFee(parts: AgentParts, held: TermsRow, request: SigningRequest): Sats | undefined {
  const { genesis, codec, chain, keyring, policy } = parts;
  const certificate = parseKeyCertificate(request.sweep?.successor ?? new Uint8Array(0), 'successor of a claimed lock');
  const key = keyring.get(held.keyset);
  const { package: successor } = certificate;
  if (!verifyCertificate(certificate, genesis).ok || key === undefined || successor.epoch <= key.epoch)
    return undefined;
  const { terms } = held.signedTerms;
  const { inputs, outputs } = codec.readTransaction(request.transaction);
  const [output, ...others] = outputs;
  if (output?.script !== vaultScript(successor, terms) || others.length > 0) return undefined;
  const coins = inputs.map((outpoint) => chain.output(outpoint).output);
  if (coins.some((coin) => coin?.script !== held.script)) return undefined;
  const feeSats = coins.reduce((sum, coin) => sum + (coin?.amountSats ?? 0), 0) - output.amountSats;
  const isBearable = feeSats >= 0 && feeSats <= Math.min(terms.maximumFeeSats, policy.feeCapSats);
  return isBearable ? feeSats : undefined;
}
