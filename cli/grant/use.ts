import { randomBytes } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { type BreakGlass, grantDigest, judgeGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import { type GrantUse, grantUseDigest, judgeGrantUse, type SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorName } from '../../domain/network/network.ts';
import { OrderStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority, presentGenesis } from '../authority.ts';
import type { Connect } from '../connecting.ts';
import { readGrant, readGrantUse } from '../documents.ts';
import { nowInSeconds, readDuration, readWholeNumber, utc } from '../duration.ts';
import { writeDocument } from '../files.ts';
import { type Handed, handToOne } from '../handing.ts';
import { readMemberKey, seatOfKey } from '../member-key.ts';
import { lastNumber } from '../order/number.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { describeUse } from './words.ts';

export type MakeUseOptions = CommitteeOptions & {
  /** How long payouts stand still; default: as long as the grant allows. */
  readonly for?: string;
  /** Number of the last order; asked from the validators when not given. */
  readonly after?: string;
  readonly out?: string;
};
export type SignUseOptions = CommitteeOptions & {
  readonly grant: string;
  readonly key: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Writes a use of break-glass for its holders to sign; nothing happens in the network. */
export async function makeUse(
  file: string,
  options: MakeUseOptions,
  connect: Connect,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const signed = readGrant(file);
  const grant = breakGlassOf(signed, file);
  const authority = presentAuthority(options);
  const inForce = judgeGrant(signed, authority, nowSeconds);
  if (!inForce.ok) throw failureOf(inForce.refusal);
  const use: GrantUse = {
    version: 1,
    grant: grantDigest(grant),
    // Nobody else can call one so: two uses that are made at once are two.
    run: `break-glass/${grant.network}/${grant.number}/${randomBytes(8).toString('hex')}`,
    step: 'freeze',
    afterOrder: await lastOrder(options, connect),
    startedAtSeconds: nowSeconds,
    freezeSeconds: options.for === undefined ? grant.limits.freezeSecondsMax : readDuration(options.for, '--for'),
  };
  const unsigned: SignedGrantUse = { use, signatures: [] };
  const out = options.out ?? `use-${grant.number}.json`;
  writeDocument(out, 'use of a grant', unsigned);
  return {
    data: { file: out, use, digest: grantUseDigest(use) },
    lines: [...describeUse(grant, unsigned, authority.committee), `written to ${out}`],
    next: `grant sign-use ${out} --grant ${file} --key <holder's key file>`,
  };
}

/** Adds one holder's signature to a use, after showing what it stops and the digest computed here. */
export async function signUse(
  screen: Screen,
  file: string,
  options: SignUseOptions,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const authority = presentAuthority(options);
  const grant = readGrant(options.grant);
  const glass = breakGlassOf(grant, options.grant);
  const before = readGrantUse(file);
  const judge = (use: SignedGrantUse) =>
    judgeGrantUse(grant, use, [], { number: use.use.afterOrder, frozenUntilSeconds: 0 }, authority, nowSeconds);
  const judged = judge(before);
  // Missing signatures are what signing is for; everything else is a reason not to.
  if (!judged.ok && judged.refusal.code !== 'policy.grant-holder') throw failureOf(judged.refusal);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, authority.committee, options.key).key;
  if (!glass.holders.includes(member.voter))
    throw new FirebreakFailure('policy.grant-holder', `${name} is no holder of this break-glass authorisation`);
  if (!options.json) screen.out(`${describeUse(glass, before, authority.committee).join('\n')}\n`);
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedGrantUse = {
    use: before.use,
    signatures: [
      ...before.signatures.filter((one) => one.member !== member.voter),
      { member: member.voter, signature: member.sign(grantUseDigest(before.use)) },
    ],
  };
  writeDocument(file, 'use of a grant', signed, true);
  const now = judge(signed);
  return {
    data: { file, member: name, digest: grantUseDigest(signed.use), complete: now.ok },
    lines: [`signed by ${name}`, now.ok ? 'complete: validators freeze by it' : now.refusal.message],
    next: now.ok
      ? `grant use ${file} --grant ${options.grant}`
      : `grant sign-use ${file} --grant ${options.grant} --key <another holder's key file>`,
  };
}

/** Hands a signed use to one validator, which tells all others. Needs neither Temporal nor a worker. */
export async function sendUse(
  file: string,
  options: CommitteeOptions & { readonly grant: string; readonly to?: string },
  connect: Connect,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const genesis = presentGenesis(options);
  const grant = readGrant(options.grant);
  const use = readGrantUse(file);
  const { afterOrder, startedAtSeconds, freezeSeconds } = use.use;
  const here = { number: afterOrder, frozenUntilSeconds: 0 };
  const verdict = judgeGrantUse(grant, use, [], here, presentAuthority(options), nowSeconds);
  if (!verdict.ok) throw failureOf(verdict.refusal); // no validator would obey it; say so before anything is sent
  const connection = await connect();
  try {
    const handed: Handed = {
      what: 'use of the grant',
      body: {
        case: 'useGrant',
        value: {
          $typeName: 'firebreak.v1.UseGrant',
          signedGrant: canonicalBytes(grant),
          signedGrantUse: canonicalBytes(use),
        },
      },
      round: Round.ORDER_STATE,
      key: `use-${grantUseDigest(use.use)}`,
      isTaken: (payload: Uint8Array) => {
        const state = fromBinary(OrderStateSchema, payload);
        const ends = startedAtSeconds + freezeSeconds;
        return state.number === BigInt(afterOrder) && Number(state.frozenUntilSeconds) >= ends;
      },
      whyNot: (payload: Uint8Array) => {
        const { number } = fromBinary(OrderStateSchema, payload);
        return number > BigInt(afterOrder)
          ? new FirebreakFailure('conflict.grant-passed', `order ${number} came after this use`)
          : undefined;
      },
    };
    const { validator, payload } = await handToOne(genesis, connection.network, handed, options.to);
    const until = Number(fromBinary(OrderStateSchema, payload).frozenUntilSeconds);
    const { reviewDueAtSeconds } = verdict.value;
    return {
      data: {
        validator,
        number: afterOrder,
        frozenUntilSeconds: until,
        digest: grantUseDigest(use.use),
        ...(reviewDueAtSeconds === undefined ? {} : { reviewDueAtSeconds }),
      },
      lines: [
        `payouts FROZEN until ${utc(until)}`,
        `  obeyed by  ${validatorName(validator)}, which tells the others`,
        `  number     ${afterOrder}: a signed lift above it ends the freeze`,
        ...(reviewDueAtSeconds === undefined
          ? []
          : [`  review     due by ${utc(reviewDueAtSeconds)}: tell everyone now`]),
      ],
      next: 'status',
    };
  } finally {
    await connection.stop();
  }
}

function breakGlassOf({ grant }: SignedGrant, file: string): BreakGlass {
  if (grant.kind === 'break-glass') return grant;
  throw new FirebreakFailure('input.usage', `${file} is a standing order: runs of its playbook use it, not people`);
}

const lastOrder = async (options: MakeUseOptions, connect: Connect): Promise<number> =>
  options.after === undefined
    ? lastNumber(options, connect)
    : readWholeNumber(options.after, '--after', 0, Number.MAX_SAFE_INTEGER - 1);
