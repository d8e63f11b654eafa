import { afterAll, afterEach, expect } from '@jest/globals';
import { runCopy, takeCopy } from '../../devnet/copy.ts';
import { type Handled, resultOf, untilRun } from '../../devnet/emergency/incident.ts';
import type { EmergencyStage } from '../../devnet/emergency/stage.ts';
import { emergencySteps } from '../../devnet/emergency/steps.ts';
import { validatorIds } from '../../devnet/layout.ts';
import { firingSince } from '../../devnet/monitoring/firing.ts';
import type { Channel } from '../../devnet/receivers/kept.ts';
import { validatorId, validatorName } from '../../domain/network/network.ts';
import { copiedOnce } from './copies.ts';
import { deliver, heardOn, incidentsSince, pausedIn, startAlertingWith } from './rig/alerting.ts';
import { liveTest } from './rig/evidence.ts';
import { killBehindEveryStep, type StepDeaths } from './rig/step-deaths.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { done, on, refusalIn } from './rig/operator.ts';
import { leftBehind } from './rig/payouts.ts';
import { until } from '../../devnet/until.ts';
import { canSign, isReady, statusOf, untilAll } from './rig/validator-http.ts';

/** What ships waits for a quarter of an hour; an installation may give other times, and this one does. */
const GIVEN = {
  'identity-seen-twice': { holdFor: '15s' },
  'validator-offline': { lookEvery: '2s', holdFor: '5s' },
};
/** Runs twice, and is then the one that is offline: it stands aside for a minute more, so that nobody has to wait for it. */
const VALIDATOR = validatorId(8);
const OTHERS_OFFLINE = [6, 10, 11, 13].map(validatorId);
const OPEN_MS = 90_000;
const STEP_MS = 120_000;
const END_MS = 150_000;
const THEFT_MS = 900_000;

/**
 * The playbooks that ship, each from its alert to its end on the network of processes, while the workers that carry its run are killed behind
 * each step that is taken. None but the last freezes, or touches a key.
 */
export function incidentScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'incidents');
  let deaths: StepDeaths | undefined;
  let alerting: Awaited<ReturnType<typeof startAlertingWith>> | undefined;
  afterEach(() => deaths?.stop());
  afterAll(() => alerting?.stop(), 60_000);

  // The first to hear alerts: Prometheus may know of the use in the scenes before, and a second alert joins the first.
  scene('a use of break-glass is reviewed by those who were not asked', live, async (net) => {
    const since = Date.now();
    alerting = await startAlertingWith(net, GIVEN);
    expect(await deliver(net, 'BreakGlassUsed', {})).toBe(200);
    const handled = await opened(net, 'break-glass-review', since);
    deaths = killBehindEveryStep(net, 'break-glass-review', handled.incident.key);
    await asked(handled, 'review');
    await answered(net, handled, 'review', 'who=member-02', 'why=a copy was seen', 'verdict=needed');
    expect(await resultOf(handled, END_MS)).toMatchObject({ outcome: 'done', end: 'reviewed' });
    await deaths.verdict();
    expect(heardOn(net, /Break-glass was used by member-02: needed, a copy was seen/, since)).toEqual([
      'mail',
      'slack',
    ]);
  });

  scene(
    'a validator that a failover runs twice is alerted by Prometheus, left out, seen alone again, and resumed as misconfigured',
    live,
    async (net) => {
      const before = await brakesOf(net);
      const since = Date.now();
      takeCopy(net.layout, net.ports, VALIDATOR);
      const copy = await runCopy(net, VALIDATOR);
      let handled: Handled;
      try {
        handled = await opened(net, 'identity-seen-twice', since);
        deaths = killBehindEveryStep(net, 'identity-seen-twice', handled.incident.key);
        await firingSince(net, 'IdentitySeenTwice');
        const { instruction } = await asked(handled, 'explain');
        expect(instruction).toContain('was seen from 2 addresses with one journal');
        expect(await pausedIn(net)).toEqual([VALIDATOR]);
        await until('the validator standing aside', { timeoutMs: STEP_MS }, async () => {
          const { can_sign: can } = await canSign(net, VALIDATOR);
          return can === false;
        });
      } finally {
        await copy.stop();
      }
      await answered(net, handled, 'explain', 'cause=failover', 'stopped=true');
      expect(await resultOf(handled, END_MS)).toMatchObject({ outcome: 'done', end: 'misconfigured' });
      await deaths.verdict();
      expect(heardOn(net, /Validator 8 ran twice \(failover\); no key was touched\./, since)).toEqual(['slack']);
      expect(await pausedIn(net)).toEqual([]);
      expect(await brakesOf(net)).toEqual(before);
      expect(await playbooksSince(net, since)).toEqual(['identity-seen-twice']);
    },
  );

  scene(
    'of fifteen, twelve, eleven and ten live are said louder each time; the machine is brought back, stays, and takes part again',
    live,
    async (net) => {
      const before = await brakesOf(net);
      const since = Date.now();
      const offline = [VALIDATOR, ...OTHERS_OFFLINE].map(validatorName);
      const holding = async (count: number): Promise<void> => {
        for (const name of offline.slice(0, count)) await net.supervisor.hold(name);
      };
      const said = (words: RegExp, channels: readonly Channel[]) =>
        until(`${String(words)} on ${channels.join(', ')}`, { timeoutMs: STEP_MS }, () => {
          const heard = heardOn(net, words, since);
          if (heard.join() === channels.join()) return true;
          throw new Error(`heard on ${heard.join(', ') || 'none'}`);
        });
      let handled: Handled;
      try {
        await holding(3);
        expect(await deliver(net, 'ValidatorOffline', { validator: String(VALIDATOR) })).toBe(200);
        handled = await opened(net, 'validator-offline', since);
        deaths = killBehindEveryStep(net, 'validator-offline', handled.incident.key);
        await said(TWO, ['slack']);
        expect(await pausedIn(net)).toEqual([VALIDATOR]);
        await holding(4);
        await said(ONE, ['pagerduty', 'slack']);
        await holding(5);
        await said(NONE, ['pagerduty', 'mail', 'slack']);
      } finally {
        for (const name of offline) net.supervisor.release(name);
      }
      await answered(net, handled, 'repair', 'cause=power');
      expect(await resultOf(handled, END_MS)).toMatchObject({ outcome: 'done', end: 'completed' });
      await deaths.verdict();
      await said(/Validator 8 is back; 1[345] live\./, ['slack']);
      expect([TWO, ONE, NONE].map((words) => heardOn(net, words, since))).toEqual([
        ['slack'],
        ['pagerduty', 'slack'],
        ['pagerduty', 'mail', 'slack'],
      ]);
      expect(await pausedIn(net)).toEqual([]);
      await untilAll(net, 'ready again', isReady, 150_000);
      expect(await brakesOf(net)).toEqual(before);
      expect(await playbooksSince(net, since)).toEqual(['validator-offline']);
    },
  );

  scene(
    'a stolen share is frozen, left out of a new key and swept away from, and every coin moves once',
    live,
    async (net) => {
      const [node] = net.nodes;
      const { chain, client } = net;
      const stage: EmergencyStage = {
        network: net,
        client,
        chain,
        node,
        suspect: copiedOnce(),
        kill: false,
        held: leftBehind.map(({ opened: vault, deposit }) => ({ vault, deposit })),
        acts: [],
      };
      const since = Date.now();
      const theft: { deaths?: StepDeaths } = {};
      let isOver = false;
      const dying = until('the incident, or the end of the story', { timeoutMs: THEFT_MS, everyMs: 50 }, async () => {
        if (isOver) return true;
        const incident = (await incidentsSince(net, since)).find((one) => one.playbook === 'suspected-share-theft');
        if (incident !== undefined)
          deaths = theft.deaths = killBehindEveryStep(net, 'suspected-share-theft', incident.key);
        return incident !== undefined;
      });
      dying.catch(() => undefined); // the verdict below tells it
      try {
        for (const step of emergencySteps(stage)) {
          const startedAt = performance.now();
          const said = await step.run(() => undefined);
          process.stdout.write(
            `    ${step.title}: ${said} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)\n`,
          );
        }
      } finally {
        isOver = true;
        await stage.copy?.stop();
      }
      await dying;
      expect(theft.deaths).toBeDefined();
      await theft.deaths?.verdict();
    },
    THEFT_MS,
  );
}

const TWO = /Two validators to spare: 12 live\./;
const ONE = /One validator to spare: 11 live\./;
const NONE = /10 validators are live, 10 sign: one more outage stops payouts\./;

/** What was answered meanwhile; the scene of grants has used break-glass, whose review may open at any time after it. */
async function playbooksSince(net: LiveNetwork, sinceMs: number): Promise<readonly string[]> {
  const playbooks = (await incidentsSince(net, sinceMs)).map(({ playbook }) => playbook);
  return playbooks.filter((playbook) => playbook !== 'break-glass-review');
}

/** The incident that this playbook answers, as soon as an alert has opened it. */
async function opened(net: LiveNetwork, playbook: string, sinceMs: number): Promise<Handled> {
  const incident = await until(`an incident of ${playbook}`, { timeoutMs: OPEN_MS, everyMs: 50 }, async () =>
    (await incidentsSince(net, sinceMs)).find((one) => one.playbook === playbook),
  );
  return { network: net, client: net.client, incident };
}

const asked = (handled: Handled, step: string) =>
  untilRun(handled, `the form of ${step}`, STEP_MS, ({ tasks }) => tasks.find((task) => task.step === step));

/** Codes of a form that was answered although nobody was told so. */
const ANSWERED: ReadonlySet<string | undefined> = new Set(['conflict.task-closed', 'not-yet.nothing-asked']);

const answered = async (net: LiveNetwork, handled: Handled, step: string, ...fields: readonly string[]) => {
  await asked(handled, step);
  const { incident } = handled;
  const by = `operator of ${validatorName(VALIDATOR)}`;
  const form = fields.flatMap((field) => ['--field', field]);
  // Whoever types it meets a machine on which workers come and go, and types it again.
  return until(`the answer to ${step}`, { timeoutMs: STEP_MS }, async () => {
    const said = await on(net, 'incident', 'answer', incident.key, '--step', step, '--by', by, ...form);
    return ANSWERED.has(refusalIn(said)) ? said.data : done(Promise.resolve(said));
  });
};

/** What a freeze or a rotation would change: the newest order that each validator knows, and the keys of the network. */
async function brakesOf(net: LiveNetwork) {
  const orders = await Promise.all(validatorIds().map(async (id) => (await statusOf(net, id))['order_number']));
  const { keys } = await done(on(net, 'key', 'list'));
  return { orders, keys: (keys as readonly unknown[]).length };
}
