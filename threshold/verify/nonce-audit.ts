import { bytesToHex } from '@noble/hashes/utils.js';
import type { Digest } from '../../domain/encoding/digest.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { PublicNonces } from '../suite.ts';

/** One commitment pair that one validator put under one request: from a signing request and its partial signatures. */
export type NonceUse = {
  readonly validator: ValidatorId;
  /** Digest of the whole request: signer set, commitments, tweaks and message. */
  readonly request: Digest;
  /** Which input of the request; a pair is for one input only. */
  readonly input: number;
  readonly nonces: PublicNonces;
};

export type NonceReuse = {
  /** The commitment, 33 bytes hex. */
  readonly commitment: string;
  readonly uses: readonly { readonly validator: ValidatorId; readonly request: Digest; readonly input: number }[];
};

export type NonceAudit = {
  /** Single commitments looked at: two per use. A report of zero reuses says something only together with this number. */
  readonly examined: number;
  readonly distinct: number;
  readonly reused: readonly NonceReuse[];
};

type Seen = { readonly use: NonceUse; readonly role: 'hiding' | 'binding'; others: NonceUse[] | undefined };

/**
 * Finds every nonce commitment that appears in two places: under two requests, in two inputs of one request, in both roles, or
 * with two validators. Each of these lets anyone who sees the partials compute the share (`recoverShare`). The same use seen
 * again is no reuse: a repeated request gets the stored answer.
 */
export function auditNonces(uses: Iterable<NonceUse>): NonceAudit {
  const seen = new Map<string, Seen>();
  let examined = 0;
  for (const use of uses) {
    for (const role of ['hiding', 'binding'] as const) {
      examined += 1;
      const name = bytesToHex(use.nonces[role]);
      const first = seen.get(name);
      if (first === undefined) {
        seen.set(name, { use, role, others: undefined });
      } else if (first.role !== role || !sameUse(first.use, use)) {
        first.others ??= [];
        first.others.push(use);
      }
    }
  }
  const reused: NonceReuse[] = [];
  for (const [commitment, { use, others }] of seen) {
    if (others === undefined) continue;
    reused.push({
      commitment,
      uses: [use, ...others].map(({ validator, request, input }) => ({ validator, request, input })),
    });
  }
  return { examined, distinct: seen.size, reused };
}

const sameUse = (a: NonceUse, b: NonceUse): boolean =>
  a.validator === b.validator && a.request === b.request && a.input === b.input;
