import { expect, test } from '@jest/globals';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';

export type NetworkHandler = (request: Uint8Array, peer: string) => Promise<Uint8Array>;

/** What the suite needs from an author: a network of five validators whose behaviour the suite decides. */
export type NetworkUnderTest = {
  readonly network: ValidatorNetwork;
  /** The identity (hex) under which validators see the coordinator. */
  readonly peer: string;
  /** Replaces what a validator does; undefined makes it unreachable. Resolves once the change is in force. */
  behave(validator: ValidatorId, handler: NetworkHandler | undefined): Promise<void>;
  stop(): Promise<void>;
};

const five = [1, 2, 3, 4, 5].map(validatorId);
const one = validatorId(1);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const echo: NetworkHandler = async (request) => new Uint8Array([...bytes('heard '), ...request]);
const never: NetworkHandler = () => new Promise<Uint8Array>(() => undefined);

/** Compliance of a `ValidatorNetwork`: call it in a test file of your own with a factory. */
export function networkCompliance(name: string, begin: () => Promise<NetworkUnderTest>): void {
  const within = (ms: number, signal = new AbortController().signal): EffectContext => ({
    idempotencyKey: 'compliance',
    signal,
    deadlineMs: Date.now() + ms,
  });
  const everyone = new Map(five.map((id) => [id, bytes(`to ${id}`)]));

  const scenario = (title: string, run: (under: NetworkUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        for (const id of five) await under.behave(id, echo);
        await run(under);
      } finally {
        await under.stop();
      }
    });
  };

  scenario('a question reaches its validator with our identity and the answer comes back whole', async (under) => {
    let seen = '';
    const large = new Uint8Array(300_000).map((_, index) => index % 251);
    await under.behave(one, async (request, peer) => {
      seen = peer;
      return request;
    });
    const answer = await under.network.ask(one, large, within(10_000));
    expect(answer).toEqual({ validator: 1, ok: true, response: large });
    expect(seen).toBe(under.peer);
  });

  scenario('everyone is asked and each answer is reported once, under its validator', async (under) => {
    const reported: number[] = [];
    const answers = await under.network.askMany(everyone, within(10_000), {
      onAnswer: ({ validator }) => reported.push(validator),
    });
    expect(answers.map((answer) => answer.validator)).toEqual(reported);
    expect([...reported].sort((a, b) => a - b)).toEqual(five);
    for (const answer of answers) {
      expect(answer.ok && new TextDecoder().decode(answer.response)).toBe(`heard to ${answer.validator}`);
    }
  });

  scenario('a validator that says nothing is silent at the deadline and costs nobody else', async (under) => {
    await under.behave(one, never);
    const answers = await under.network.askMany(everyone, within(700));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(4);
    expect(answers.find((answer) => answer.validator === one)).toMatchObject({
      ok: false,
      code: 'unavailable.validator-silent',
    });
  });

  scenario('a validator that is down is unreachable, and asked again successfully when it is back', async (under) => {
    await under.behave(one, undefined);
    expect(await under.network.ask(one, bytes('a'), within(5_000))).toMatchObject({
      validator: 1,
      ok: false,
      code: 'unavailable.validator-unreachable',
    });
    await under.behave(one, echo);
    expect(await under.network.ask(one, bytes('b'), within(10_000))).toMatchObject({ ok: true });
  });

  scenario('a validator outside the roster is an answer, not an exception', async (under) => {
    expect(await under.network.ask(validatorId(99), bytes('a'), within(1_000))).toMatchObject({
      validator: 99,
      ok: false,
    });
  });

  scenario('enough answers end the wait while others hang', async (under) => {
    await under.behave(one, never);
    await under.behave(validatorId(2), never);
    const answers = await under.network.askMany(everyone, within(60_000), { enough: 3 });
    expect(answers.map((answer) => answer.validator).sort((a, b) => a - b)).toEqual([3, 4, 5]);
  });

  scenario('the abort of the caller passes through with its reason', async (under) => {
    await under.behave(one, never);
    const cancel = new AbortController();
    const asked = under.network.askMany(everyone, within(60_000, cancel.signal), {
      onAnswer: () => cancel.abort(new Error('changed my mind')),
    });
    await expect(asked).rejects.toThrow('changed my mind');
    await expect(under.network.ask(one, bytes('a'), within(1_000, cancel.signal))).rejects.toThrow('changed my mind');
  });

  scenario('a validator that breaks while answering costs nobody else', async (under) => {
    await under.behave(one, async () => {
      throw new Error('boom');
    });
    const answers = await under.network.askMany(everyone, within(3_000));
    expect(answers).toHaveLength(5);
    for (const answer of answers.filter(({ validator }) => validator !== one)) expect(answer.ok).toBe(true);
  });

  scenario('asking nobody answers at once', async (under) => {
    expect(await under.network.askMany(new Map(), within(1_000))).toEqual([]);
  });
}
