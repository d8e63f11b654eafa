import { z } from 'zod';

const ANSWER_TIMEOUT_MS = 2_000;
const ANSWER_BYTES_MAX = 1_048_576;

const healthSchema = z.looseObject({ status: z.string() });
const statusSchema = z.looseObject({
  validator_id: z.string(),
  peer_count: z.number(),
  uptime_seconds: z.number(),
  frozen_until_seconds: z.number().nullish(),
  frozen_by: z
    .looseObject({
      kind: z.string().max(100),
      number: z.number(),
      run: z.string().max(300).optional(),
      step: z.string().max(300).optional(),
    })
    .nullish(),
  freezes_left: z.number().nullish(),
  committee_epoch: z.number().nullish(),
  keysets: z
    .array(z.looseObject({ keyset: z.string(), epoch: z.number(), state: z.string(), share: z.boolean() }))
    .max(1_000)
    .default([]),
});

/** What a validator says about itself over HTTP: for people to look at, believed by nobody. */
export type ValidatorReport =
  | { readonly url: string; readonly up: false; readonly why: string }
  | {
      readonly url: string;
      readonly up: true;
      readonly state: string;
      readonly peers: number;
      readonly uptimeSeconds: number;
      /** Unix seconds; undefined when payouts are not frozen here. */
      readonly frozenUntilSeconds: number | undefined;
      /** What set the end of the freeze, in words. */
      readonly frozenBy: string | undefined;
      /** Freezes that the freeze quorum may still sign in a row; undefined in validators of older builds. */
      readonly freezesLeft: number | undefined;
      /** Undefined in validators of older builds. */
      readonly committeeEpoch: number | undefined;
      /** Every key that this validator knows, where it stands here (`KeyState`, as it was said), and whether it has a share of it. */
      readonly keys: readonly {
        readonly keyset: string;
        readonly epoch: number;
        readonly state: string;
        readonly share: boolean;
      }[];
      readonly health: Readonly<Record<string, unknown>>;
      readonly status: Readonly<Record<string, unknown>>;
    };

/** `url` is the base of the API port, without a path. Never throws. */
export async function askReport(url: string): Promise<ValidatorReport> {
  try {
    const [health, status] = await Promise.all([
      readJson(`${url}/api/v1/health`, healthSchema),
      readJson(`${url}/api/v1/status`, statusSchema),
    ]);
    const state = typeof status['state'] === 'string' ? status['state'] : health.status;
    return {
      url,
      up: true,
      state,
      peers: status.peer_count,
      uptimeSeconds: status.uptime_seconds,
      frozenUntilSeconds: status.frozen_until_seconds ?? undefined,
      frozenBy: brakeOf(status.frozen_by),
      freezesLeft: status.freezes_left ?? undefined,
      committeeEpoch: status.committee_epoch ?? undefined,
      keys: status.keysets.map(({ keyset, epoch, state: stands, share }) => ({ keyset, epoch, state: stands, share })),
      health,
      status,
    };
  } catch (error) {
    return { url, up: false, why: whySilent(error) };
  }
}

function brakeOf(by: z.infer<typeof statusSchema>['frozen_by']): string | undefined {
  if (by === null || by === undefined) return undefined;
  if (by.kind === 'own-chain') return `itself, after order ${by.number}: its chain view stopped`;
  const who = by.run === undefined ? '' : `, used by ${shown(by.run)} at ${shown(by.step ?? '')}`;
  return `${shown(by.kind)} ${by.number}${who}`;
}

/** Words of a validator go to a terminal. */
const shown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');

/** What fetch says of the ports that https://fetch.spec.whatwg.org/#port-blocking keeps from web clients. */
const FORBIDDEN_PORT = 'bad port';

/** Why nobody answered, in a few words. */
export function whySilent(error: unknown): string {
  // By shape and not by class: what fetch throws may come from another realm.
  const { name, message, cause } = (error ?? {}) as {
    name?: unknown;
    message?: unknown;
    cause?: { message?: unknown };
  };
  if (name === 'TimeoutError') return `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`;
  const why = String(cause?.message ?? message ?? error);
  return why === FORBIDDEN_PORT ? 'web clients never ask this port, it belongs to another kind of service' : why;
}

/** A bounded answer in a bounded time, of this shape; anything else throws. */
export async function readJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS), redirect: 'error' });
  const text = await response.text();
  if (text.length > ANSWER_BYTES_MAX) throw new Error(`answer of ${url} is too large`);
  return schema.parse(JSON.parse(text));
}
