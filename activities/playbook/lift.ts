import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Doing } from './binding.ts';
import { committeesNow } from './committees.ts';
import { orderStates, provenOrder } from './orders.ts';

const CHANNEL_MS_MAX = 30_000;

/**
 * Asks the committee to sign a lift of a freeze, and waits for none: the question stands on the page of the run and is told on every channel.
 * One channel that confirms is enough; where there is none, the page says it alone. Where payouts were lifted since, nobody is asked.
 */
export async function askForLift(freeze: number, reason: string, doing: Doing): Promise<void> {
  const states = [...(await orderStates(doing)).values()];
  const nowSeconds = BigInt(Math.floor(doing.deps.clock() / 1_000));
  const held = provenOrder(states, (await committeesNow(doing)).all);
  const present = Math.max(freeze, held?.order.number ?? 0);
  // Silence is no lift, and a lift may have been overtaken by another freeze.
  const isLifted = states.length > 0 && states.every(({ frozenUntilSeconds }) => frozenUntilSeconds <= nowSeconds);
  if (isLifted && held?.order.kind === 'lift' && held.order.number > freeze) return;
  doing.ask({ kind: 'lift', above: present });
  const isByGrant = states.some(({ signedGrantUse }) => signedGrantUse.length > 0);
  const channels = Object.entries(doing.deps.channels ?? {});
  if (channels.length === 0) return;
  const text =
    `Payouts on ${doing.authority.network} are frozen by ${isByGrant ? 'a grant' : `order ${present}`} and nothing lifts them: ${reason}. ` +
    `Committee: sign a lift with a number above ${present} (firebreak order make lift, order sign, order send).`;
  const told = await Promise.allSettled(
    channels.map(([name, channel]) => {
      const { signal } = doing.attempt;
      const deadlineMs = Math.min(doing.untilMs, doing.deps.clock() + CHANNEL_MS_MAX);
      const late = AbortSignal.timeout(CHANNEL_MS_MAX);
      const context = {
        idempotencyKey: `${doing.key}/lift/${name}`,
        signal: AbortSignal.any([signal, late]),
        deadlineMs,
      };
      return Promise.race([channel.send({ text, severity: 'critical' }, context), silence(late, name)]);
    }),
  );
  doing.attempt.signal.throwIfAborted();
  if (!told.some(({ status }) => status === 'fulfilled'))
    throw new FirebreakFailure(
      'unavailable.channel',
      `none of ${channels.length} channels confirmed that a lift is asked for`,
    );
}

const silence = (late: AbortSignal, name: string): Promise<never> =>
  new Promise((_resolve, reject) =>
    late.addEventListener('abort', () =>
      reject(new FirebreakFailure('unavailable.channel', `${name} did not confirm`)),
    ),
  );
