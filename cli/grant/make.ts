import { committeeDigest, seatsOf } from '../../domain/committee/committee.ts';
import { type Grant, grantDigest, type SignedGrant } from '../../domain/committee/grant.ts';
import { voterId } from '../../domain/committee/member-key.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { isHex } from '../../domain/encoding/hex.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { nowInSeconds, readDuration, readWholeNumber } from '../duration.ts';
import { writeDocument } from '../files.ts';
import type { Outcome } from '../outcome.ts';
import { describeGrant } from './words.ts';

export type MakeGrantOptions = CommitteeOptions & {
  readonly number: string;
  readonly reason: string;
  readonly uses: string;
  readonly freezeFor: string;
  readonly validFor: string;
  readonly plan?: string;
  readonly holder?: readonly string[];
  readonly needed?: string;
  readonly out?: string;
};

/** A use of break-glass must have been reviewed within three days. */
const REVIEW_SECONDS = 3 * 86_400;

/** Writes an unsigned standing order (with `--plan`) or break-glass authorisation (with `--holder`). */
export function makeGrant(options: MakeGrantOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const { environment, network, committee } = presentAuthority(options);
  const body = {
    version: 1,
    environment,
    network,
    committeeEpoch: committee.epoch,
    committee: committeeDigest(committee),
    number: readWholeNumber(options.number, '--number', 1, Number.MAX_SAFE_INTEGER - 1),
    class: 'freeze',
    scope: 'payouts',
    limits: {
      usesMax: readWholeNumber(options.uses, '--uses', 1, 10),
      freezeSecondsMax: readDuration(options.freezeFor, '--freeze-for'),
      validFromSeconds: nowSeconds,
      validUntilSeconds: nowSeconds + readDuration(options.validFor, '--valid-for'),
    },
    reason: options.reason,
  } as const;
  const grant: Grant =
    options.plan === undefined
      ? {
          ...body,
          kind: 'break-glass',
          holders: (options.holder ?? []).map((name) => voterOf(name, seatsOf(committee))),
          holdersNeeded: readWholeNumber(options.needed ?? '1', '--needed', 1, 50),
          reviewSeconds: REVIEW_SECONDS,
        }
      : { ...body, kind: 'standing-order', playbook: readDigest(options.plan) };
  if (grant.kind === 'break-glass' && grant.holders.length === 0) {
    throw new FirebreakFailure('input.usage', 'give --plan for a standing order, or --holder for break-glass');
  }
  const signed: SignedGrant = { grant, signatures: [] };
  const file = options.out ?? `${grant.kind}-${grant.number}.json`;
  writeDocument(file, 'grant', signed);
  return {
    data: { file, grant, digest: grantDigest(grant) },
    lines: [...describeGrant(signed, committee), `written to ${file}`],
    next: `grant sign ${file} --key <member key file>`,
  };
}

function voterOf(name: string, seats: ReturnType<typeof seatsOf>): string {
  const found = seats.find(({ key }) => key.name === name);
  if (found !== undefined) return voterId(found.key);
  throw new FirebreakFailure('input.usage', `--holder ${name}: the committee has no key of this name`);
}

function readDigest(text: string): Digest {
  if (isHex(text, 32)) return text as Digest;
  throw new FirebreakFailure('input.usage', '--plan is the digest that `firebreak playbook plan` prints');
}
