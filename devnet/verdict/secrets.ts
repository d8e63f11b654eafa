import type { BitcoinNetwork, ValidatorId } from '../../domain/network/network.ts';
import { auditNonces, type NonceUse } from '../../threshold/verify/nonce-audit.ts';
import type { Layout } from '../layout.ts';
import { solveForShares } from './linear-solver.ts';
import { partialsLeft } from './seen-partials.ts';
import { seededReuse } from './seeded-reuse.ts';

export type SecretsVerdict = {
  readonly requests: number;
  readonly transcripts: number;
  /** Distinct nonce commitments under partial signatures. */
  readonly commitments: number;
  /** Those that appear in two places. */
  readonly reused: number;
  readonly equations: number;
  /** Partial signatures that belong to no request that was found. */
  readonly unplaced: number;
  /** Shares of this network that follow from what is public. */
  readonly recovered: number;
  /** Of one share that was planted among the same equations. */
  readonly seededRecovered: number;
};

/** Whether a share follows from everything that a network has said, by a solver that has just found one that does. */
export function secretsIn(layout: Layout, validators: readonly ValidatorId[], network: BitcoinNetwork): SecretsVerdict {
  const { partials, requests, transcripts, unplaced } = partialsLeft(layout, validators, network);
  const uses = partials.flatMap(({ validator, request, input, signers }): NonceUse[] => {
    const nonces = signers.find((signer) => signer.validator === validator)?.nonces;
    return nonces === undefined ? [] : [{ validator, request, input, nonces }];
  });
  const audit = auditNonces(uses);
  const planted = seededReuse();
  const { equations, recovered } = solveForShares([...partials, ...planted.partials]);
  const isPlanted = ({ shareHex }: { readonly shareHex: string }): boolean => shareHex === planted.shareHex;
  return {
    requests,
    transcripts,
    commitments: audit.distinct,
    reused: audit.reused.length,
    equations: equations - planted.partials.length,
    unplaced: unplaced.length,
    recovered: recovered.filter((share) => !isPlanted(share)).length,
    seededRecovered: recovered.filter(isPlanted).length,
  };
}
