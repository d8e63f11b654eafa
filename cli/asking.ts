import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FirebreakFailure, type FailureCode } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../domain/network/network.ts';
import type { EffectContext } from '../domain/ports/context.ts';
import type { Answer, ValidatorNetwork } from '../domain/ports/validator-network.ts';
import { type OpenedEnvelope, openEnvelope, WIRE_VERSION } from '../wire/envelope.ts';
import { type Request, RequestSchema, ResponseSchema, type Round } from '../wire/generated/firebreak/v1/messages_pb.js';

/** One validator's verified statement, or the words of its refusal or silence. */
export type Heard =
  | { readonly validator: ValidatorId; readonly ok: true; readonly opened: OpenedEnvelope }
  | { readonly validator: ValidatorId; readonly ok: false; readonly code: FailureCode; readonly message: string };

export const requestBytes = (genesis: NetworkGenesis, body: Request['body']): Uint8Array =>
  toBinary(
    RequestSchema,
    create(RequestSchema, { wireVersion: WIRE_VERSION, environment: genesis.environment, network: genesis.name, body }),
  );

/** How long after its deadline an effect is given up that does not keep it. */
const GRACE_MS = 5_000;

/**
 * Every effect of one command line shares a deadline; a repeat with the same key is harmless. The signal means "never mind" and throws
 * away the answers that have come: it must not fire together with the deadline, at which only the silent ones are counted out.
 */
export const within = (seconds: number, idempotencyKey: string): EffectContext => ({
  idempotencyKey,
  signal: AbortSignal.timeout(seconds * 1000 + GRACE_MS),
  deadlineMs: Date.now() + seconds * 1000,
});

/** Asks `validators` the same thing; an answer counts only when its envelope is signed by the pinned identity asked. */
export async function askEach(
  network: ValidatorNetwork,
  genesis: NetworkGenesis,
  validators: readonly ValidatorId[],
  body: Request['body'],
  round: Round,
  context: EffectContext,
): Promise<readonly Heard[]> {
  const bytes = requestBytes(genesis, body);
  const answers = await network.askMany(new Map(validators.map((id) => [id, bytes])), context);
  return answers.map((answer) => hear(genesis, answer, round));
}

export function hear(genesis: NetworkGenesis, answer: Answer, round: Round): Heard {
  const { validator } = answer;
  if (!answer.ok) return { validator, ok: false, code: answer.code as FailureCode, message: answer.message };
  let body: ReturnType<typeof readResponse>;
  try {
    body = readResponse(answer.response);
  } catch {
    return {
      validator,
      ok: false,
      code: 'input.envelope-malformed',
      message: `answer of ${validatorName(validator)} is not readable`,
    };
  }
  if (body.case === 'refusal') {
    return { validator, ok: false, code: body.value.code as FailureCode, message: body.value.message };
  }
  if (body.case !== 'envelope') {
    return {
      validator,
      ok: false,
      code: 'input.envelope-malformed',
      message: `answer of ${validatorName(validator)} is empty`,
    };
  }
  const opened = openEnvelope(genesis, body.value, { round });
  if (!opened.ok) return { validator, ok: false, code: opened.refusal.code, message: opened.refusal.message };
  if (opened.value.from !== validator) {
    return {
      validator,
      ok: false,
      code: 'policy.envelope-signature',
      message: `${validatorName(validator)} answered with a statement of ${validatorName(opened.value.from)}`,
    };
  }
  return { validator, ok: true, opened: opened.value };
}

const readResponse = (bytes: Uint8Array) => fromBinary(ResponseSchema, bytes).body;

/** Turns one validator's "no" into the failure that the person sees. */
export function refusalOf(heard: Extract<Heard, { ok: false }>): FirebreakFailure {
  return new FirebreakFailure(heard.code, `${validatorName(heard.validator)}: ${heard.message}`, {
    validator: heard.validator,
  });
}
