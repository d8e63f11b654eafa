import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { isRetryable, type FailureCode, type Refusal } from '../domain/errors/failure.ts';
import type { ValidatorId } from '../domain/network/network.ts';
import { type EnvelopeFields, type OpenedEnvelope, openEnvelope, WIRE_VERSION } from '../wire/envelope.ts';
import { RequestSchema, ResponseSchema, type Round } from '../wire/generated/firebreak/v1/messages_pb.js';
import type { Attempt } from './attempt.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { pause } from './waiting.ts';

/** One ask waits this long before the validator is asked again; a validator that works longer gives its stored answer then. */
const ASK_MS = 15_000;
/** Pause after an answer that may become another one: a starting validator, a chain view that is one block behind. */
const AGAIN_MS = 300;
/** On few cores the last answer takes twice as long as the middle one. */
const LINGER_TIMES = 3;

type RequestBody = NonNullable<MessageInitShape<typeof RequestSchema>['body']>;

/** The bytes of one wire Request of this network. */
export const requestBytes = (deps: Pick<ActivityDependencies, 'genesis'>, body: RequestBody): Uint8Array =>
  toBinary(
    RequestSchema,
    create(RequestSchema, {
      wireVersion: WIRE_VERSION,
      environment: deps.genesis.environment,
      network: deps.genesis.name,
      body,
    }),
  );

export type Asked = {
  readonly requests: ReadonlyMap<ValidatorId, Uint8Array>;
  /** Stop as soon as this many answers were accepted. */
  readonly enough: number;
  /** What the signed answer must be about. */
  readonly expected: Partial<Pick<EnvelopeFields, 'keyset' | 'epoch' | 'ceremony' | 'suite'>> & {
    readonly round: Round;
  };
  /** A signed statement of this round about the same thing is a final no, and is kept. */
  readonly objection?: Round;
  /** Of the payload; a heavier one is no answer, whatever it says, and is kept nowhere: blobs and proofs have their bounds. */
  readonly bytesMax?: number;
  /** A look at the content of a valid answer; a refusal here counts against the validator. */
  readonly judge?: (opened: OpenedEnvelope) => Refusal | undefined;
  /** Unix milliseconds. */
  readonly untilMs: number;
  /** Codes that sound final and are not for this question: a node that is one block behind does not know our block yet. */
  readonly again?: ReadonlySet<FailureCode>;
  /** Stop as soon as so many said a final no: the rest cannot be enough any more. */
  readonly refusalsMax?: number;
  /**
   * Ask only as many at once as are enough, in the order of `requests`; the others join after so long, or as soon as one of the
   * first says anything but yes. On few cores the answers that nobody needs would only delay those that are.
   */
  readonly spareAfterMs?: number;
  /** Stop waiting for the last ones: once half have answered, three times as long again as that took, and at least so long. */
  readonly lingerMsMin?: number;
  /** Instead of half: fewer are of no use. */
  readonly lingerFrom?: number;
  readonly onAccepted?: (count: number) => void;
  /** May mend what a validator lacks after it said "not yet"; it is asked again afterwards. */
  readonly mend?: (validator: ValidatorId, heard: Refusal) => Promise<void>;
};

/** What a statement must be about and say, without whom to ask and for how long. */
export type SliceExpectation = Pick<Asked, 'expected' | 'bytesMax' | 'judge' | 'objection'>;

export type Gathered = {
  readonly accepted: ReadonlyMap<ValidatorId, OpenedEnvelope>;
  /** A final no, or an answer that cannot be what was asked for. */
  readonly refused: ReadonlyMap<ValidatorId, Refusal>;
  /** Of those who refused, what they signed: an objection, or an answer that was judged and found bad. */
  readonly against: ReadonlyMap<ValidatorId, OpenedEnvelope>;
  /** Neither yes nor no by the deadline, with the last thing heard. */
  readonly silent: ReadonlyMap<ValidatorId, Refusal>;
};

/** Asks each validator until it answers, says a final no, or the time is over; one silent peer holds nobody else up. */
export async function gather(deps: ActivityDependencies, attempt: Attempt, asked: Asked): Promise<Gathered> {
  const accepted = new Map<ValidatorId, OpenedEnvelope>();
  const refused = new Map<ValidatorId, Refusal>();
  const against = new Map<ValidatorId, OpenedEnvelope>();
  const silent = new Map<ValidatorId, Refusal>();
  const over = new AbortController();
  const signal = AbortSignal.any([attempt.signal, over.signal]);
  const spares = new AbortController();
  const needed = AbortSignal.any([signal, spares.signal]);
  const startedMs = deps.clock();
  let lingering = false;

  function linger(): void {
    const { lingerMsMin, lingerFrom = asked.requests.size / 2 } = asked;
    if (lingerMsMin === undefined || lingering || accepted.size < lingerFrom) return;
    lingering = true;
    const ms = Math.max(lingerMsMin, LINGER_TIMES * (deps.clock() - startedMs));
    void pause(ms, signal).then(() => over.abort());
  }

  async function askOne(validator: ValidatorId, request: Uint8Array): Promise<void> {
    silent.set(validator, { code: 'unavailable.silent', message: 'has not answered yet' });
    while (!signal.aborted && deps.clock() < asked.untilMs) {
      const deadlineMs = Math.min(asked.untilMs, deps.clock() + ASK_MS);
      const idempotencyKey = `${attempt.idempotencyKey}/${validator}`;
      const answer = await unlessAborted(
        signal,
        deps.network.ask(validator, request, { idempotencyKey, signal, deadlineMs }),
      );
      if (answer === undefined) return;
      const heard = answer.ok
        ? hear(deps, validator, answer.response, asked)
        : { refusal: { code: asCode(answer.code), message: answer.message } };
      if ('opened' in heard) {
        deps.observer.validatorAnswered('accepted', 'none');
        silent.delete(validator);
        accepted.set(validator, heard.opened);
        asked.onAccepted?.(accepted.size);
        if (accepted.size >= asked.enough) over.abort();
        else linger();
        return;
      }
      const { refusal, signed } = heard;
      spares.abort();
      deps.observer.validatorAnswered(answer.ok ? 'refused' : 'silent', refusal.code);
      if (answer.ok && !isRetryable(refusal.code) && asked.again?.has(refusal.code) !== true) {
        silent.delete(validator);
        refused.set(validator, refusal);
        if (signed !== undefined) against.set(validator, signed);
        if (asked.refusalsMax !== undefined && refused.size >= asked.refusalsMax) over.abort();
        return;
      }
      silent.set(validator, refusal);
      await unlessAborted(signal, Promise.resolve(asked.mend?.(validator, refusal)));
      await pause(Math.min(AGAIN_MS, Math.max(0, asked.untilMs - deps.clock())), signal);
    }
  }

  if (asked.enough > 0)
    await Promise.all(
      [...asked.requests].map(async ([validator, request], at) => {
        if (asked.spareAfterMs !== undefined && at >= asked.enough) await pause(asked.spareAfterMs, needed);
        if (!signal.aborted) await askOne(validator, request);
      }),
    );
  over.abort(); // nobody lingers for anybody any more
  attempt.signal.throwIfAborted();
  return { accepted, refused, against, silent };
}

/** A network may throw when its caller no longer wants the answer; then there is none, and that is no failure. */
async function unlessAborted<T>(signal: AbortSignal, asked: Promise<T>): Promise<T | undefined> {
  try {
    const answer = await asked;
    return signal.aborted ? undefined : answer;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** A no, with what the validator signed about it, if anything. */
type No = { readonly refusal: Refusal; readonly signed?: OpenedEnvelope };

/** Opens one Response: a signed envelope of the asked validator about the asked matter, or why not. */
export function hear(
  deps: Pick<ActivityDependencies, 'genesis'>,
  validator: ValidatorId,
  response: Uint8Array,
  asked: SliceExpectation,
): { readonly opened: OpenedEnvelope } | No {
  const { body } = readResponse(response);
  if (body.case === 'refusal') {
    const { code, message, detailsJson } = body.value;
    return { refusal: { code: asCode(code), message: message.slice(0, 300), ...roomIn(detailsJson) } };
  }
  if (body.case !== 'envelope')
    return { refusal: { code: 'input.response', message: 'answered with bytes that are no Response' } };
  const objection =
    asked.objection === undefined
      ? undefined
      : openEnvelope(deps.genesis, body.value, { ...asked.expected, round: asked.objection });
  const opened = objection?.ok === true ? objection : openEnvelope(deps.genesis, body.value, asked.expected);
  if (!opened.ok) return { refusal: opened.refusal };
  const { from, payload } = opened.value;
  if (from !== validator) {
    return {
      refusal: {
        code: 'policy.envelope-unlisted',
        message: `validator ${validator} answered with a statement of ${from}`,
      },
    };
  }
  if (asked.bytesMax !== undefined && payload.length > asked.bytesMax)
    return { refusal: { code: 'input.response', message: `signed ${payload.length} bytes` } };
  if (opened === objection)
    return { refusal: { code: 'signer-fault.objection', message: 'signed a complaint' }, signed: opened.value };
  const refusal = judged(opened.value, asked.judge);
  return refusal === undefined ? { opened: opened.value } : { refusal, signed: opened.value };
}

/** A payload that cannot be read is the validator's fault, not ours. */
function judged(opened: OpenedEnvelope, judge: Asked['judge']): Refusal | undefined {
  try {
    return judge?.(opened);
  } catch {
    return { code: 'input.response', message: 'signed a payload that cannot be read' };
  }
}

function readResponse(bytes: Uint8Array): Pick<ReturnType<typeof create<typeof ResponseSchema>>, 'body'> {
  try {
    return fromBinary(ResponseSchema, bytes);
  } catch {
    return { body: { case: undefined } };
  }
}

const DETAILS_CHARACTERS_MAX = 2_000;

/** Of what a refusal tells besides, the one thing that is acted on: when asking again makes sense. */
function roomIn(detailsJson: string): Pick<Refusal, 'details'> {
  if (detailsJson.length > DETAILS_CHARACTERS_MAX) return {};
  try {
    const { roomAtSeconds } = JSON.parse(detailsJson) as { readonly roomAtSeconds?: unknown };
    return typeof roomAtSeconds === 'number' && Number.isSafeInteger(roomAtSeconds)
      ? { details: { roomAtSeconds } }
      : {};
  } catch {
    return {};
  }
}

const CODE = /^(input|policy|conflict|unavailable|unknown-outcome|signer-fault|not-yet|bug)\.[a-z0-9-]{1,60}$/;
/** Codes of peers become log fields and metric labels: anything that is not shaped like one is a malformed answer. */
const asCode = (text: string): FailureCode => (CODE.test(text) ? (text as FailureCode) : 'input.response');
