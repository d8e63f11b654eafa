import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import { grantDigest, judgeGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import { type GrantUse, grantUseDigest, type SignedGrantUse } from '../../domain/committee/grant-use.ts';
import { canonicalBytes, sha256Hex } from '../../domain/encoding/digest.ts';
import { FirebreakFailure, familyOf } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { parseSignedGrant, parseSignedGrantUse } from '../../wire/documents/index.ts';
import { type OrderState, OrderStateSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { gather, requestBytes } from '../asking.ts';
import { statementsOf } from '../documents.ts';
import { everyone } from '../gathering.ts';
import type { Doing } from './binding.ts';
import { committeesNow } from './committees.ts';
import { ASK_MS, enoughFor, type Obeyed, orderStates, provenOrder, STATE } from './orders.ts';

/** Names of runs and steps in a use have at most so many characters. */
const NAME_MAX = 200;

/**
 * Freezes by a standing order that the committee signed for this playbook and that was given to this installation. Undefined: there is none
 * that validators would obey now, and a signed order has to be asked for. A use is one execution of one step, so that a try that is repeated is
 * the same use: what an earlier try has handed over is found in what validators say, or made again word for word.
 */
export async function freezeByGrant(lastsMs: number | undefined, doing: Doing): Promise<Obeyed | undefined> {
  const committees = await committeesNow(doing);
  const states = [...(await orderStates(doing)).values()];
  const held = provenOrder(states, committees.all);
  const before = usedBefore(states, committees.all, doing);
  const candidates =
    before === undefined ? await newUses(lastsMs, held?.order.number ?? 0, committees.present, doing) : [before];
  for (const candidate of candidates) {
    const obeyed = await hand(candidate, held && canonicalBytes(held), doing);
    if (obeyed !== undefined) return obeyed;
  }
  return undefined;
}

type Candidate = { readonly grant: SignedGrant; readonly use: SignedGrantUse };

/** The use that this step has made already, if validators are frozen by it. */
function usedBefore(
  states: readonly OrderState[],
  committees: readonly Authority[],
  doing: Doing,
): Candidate | undefined {
  const { run, step } = named(doing);
  for (const { signedGrant, signedGrantUse } of states) {
    if (signedGrantUse.length === 0) continue;
    const candidate = read(signedGrant, signedGrantUse);
    const { grant, use } = candidate ?? {};
    if (grant === undefined || use === undefined || use.use.run !== run || use.use.step !== step) continue;
    // As of its beginning: validators that obey it do not ask whether its time is over.
    const by = committees.find(({ committee }) => committee.epoch === grant.grant.committeeEpoch);
    const sound = by !== undefined && judgeGrant(grant, by, use.use.startedAtSeconds).ok;
    if (sound && use.use.grant === grantDigest(grant.grant)) return candidate;
  }
  return undefined;
}

function read(grant: Uint8Array, use: Uint8Array): Candidate | undefined {
  try {
    return {
      grant: parseSignedGrant(grant, 'grant of a validator'),
      use: parseSignedGrantUse(use, 'use of a validator'),
    };
  } catch {
    return undefined;
  }
}

/** One use of every grant that would do, the oldest grant first. */
async function newUses(
  lastsMs: number | undefined,
  afterOrder: number,
  authority: Authority,
  { deps, attempt, playbook, sinceMs, ...doing }: Doing,
): Promise<readonly Candidate[]> {
  const nowSeconds = Math.floor(deps.clock() / 1_000);
  const installed = (await deps.grants?.list(attempt)) ?? [];
  return installed
    .filter(({ grant }) => grant.kind === 'standing-order' && grant.playbook === playbook)
    .filter((signed) => judgeGrant(signed, authority, nowSeconds).ok)
    .sort((one, other) => one.grant.number - other.grant.number)
    .map((signed) => {
      const { freezeSecondsMax } = signed.grant.limits;
      const freezeSeconds =
        lastsMs === undefined ? freezeSecondsMax : Math.min(freezeSecondsMax, Math.floor(lastsMs / 1_000));
      const since = Math.floor(sinceMs / 1_000);
      const use: GrantUse = {
        version: 1,
        grant: grantDigest(signed.grant),
        playbook,
        ...named(doing),
        afterOrder,
        // While enough of it is left, every try says the same words; a step that began long ago freezes from now on.
        startedAtSeconds: since + freezeSeconds / 2 > nowSeconds ? since : nowSeconds,
        freezeSeconds,
      };
      return { grant: signed, use: { use, signatures: [] } };
    });
}

/** A key that is too long for a name keeps its end and the digest of the whole. */
function named({ run, key }: Pick<Doing, 'run' | 'key'>): Pick<GrantUse, 'run' | 'step'> {
  const short = (text: string): string =>
    text.length <= NAME_MAX ? text : `${sha256Hex(Buffer.from(text))}…${text.slice(-100)}`;
  return { run: short(run), step: short(key.startsWith(`${run}/`) ? key.slice(run.length + 1) : key) };
}

/** Undefined when validators say a no that another grant, or an order, would not hear. */
async function hand(
  { grant, use }: Candidate,
  held: Uint8Array | undefined,
  { deps, attempt, untilMs, witness, run }: Doing,
): Promise<Obeyed | undefined> {
  const { afterOrder, startedAtSeconds, freezeSeconds } = use.use;
  const all = everyone(deps);
  const request = requestBytes(deps, {
    case: 'useGrant',
    value: { signedGrant: canonicalBytes(grant), signedGrantUse: canonicalBytes(use) },
  });
  const { accepted, refused } = await gather(deps, attempt, {
    requests: new Map(all.map((validator) => [validator, request])),
    enough: all.length,
    expected: STATE,
    judge: ({ payload }) => {
      const state = fromBinary(OrderStateSchema, payload);
      if (state.number > BigInt(afterOrder))
        return { code: 'conflict.grant-passed', message: `order ${state.number} came after this use` };
      return Number(state.frozenUntilSeconds) >= startedAtSeconds + freezeSeconds
        ? undefined
        : { code: 'input.response', message: 'answered without freezing' };
    },
    // Whoever does not know the order that the use came after is handed that first.
    mend: async (validator, { code }) => {
      if (code === 'not-yet.grant-order' && held !== undefined) await handOrder(validator, held);
    },
    untilMs: Math.min(untilMs, deps.clock() + ASK_MS),
    onAccepted: (have) => attempt.report({ have, need: all.length }),
  });
  const need = enoughFor('freeze', all.length, deps.genesis.threshold);
  if (accepted.size >= need) {
    const validators = [...accepted.keys()].sort((one, other) => one - other);
    witness({
      kind: 'grant.used',
      facts: {
        grant: use.use.grant,
        use: grantUseDigest(use.use),
        untilSeconds: startedAtSeconds + freezeSeconds,
        validators,
      },
      by: 'validators',
      enclosed: [
        { what: 'grant', value: grant },
        { what: 'grant-use', value: use },
        { what: 'statements', value: statementsOf(accepted) },
      ],
    });
    return { number: afterOrder, by: `standing order ${grant.grant.number}`, validators };
  }
  const [no] = [...refused.values()].filter(({ code }) => familyOf(code) !== 'input');
  if (no !== undefined && all.length - refused.size < need) {
    const { kind, number } = grant.grant;
    deps.logger.warn({ kind, grant: number, run, code: no.code }, 'validators refuse a grant');
    return undefined;
  }
  throw new FirebreakFailure(
    'unavailable.order-obeyed',
    `${accepted.size} of ${need} needed validators freeze by grant ${grant.grant.number}`,
  );

  async function handOrder(validator: ValidatorId, signedOrder: Uint8Array): Promise<void> {
    const { signal, idempotencyKey } = attempt;
    const bytes = requestBytes(deps, { case: 'obeyOrder', value: { signedOrder } });
    const deadlineMs = Math.min(untilMs, deps.clock() + ASK_MS);
    await deps.network.ask(validator, bytes, { signal, idempotencyKey: `${idempotencyKey}/order`, deadlineMs });
  }
}
