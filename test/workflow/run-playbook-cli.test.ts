import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { close, resume, stop, undo } from '../../cli/incident/decide.ts';
import { answer, giveOrder } from '../../cli/incident/hand.ts';
import { listIncidents } from '../../cli/incident/list.ts';
import { setSeverity } from '../../cli/incident/severity.ts';
import { showIncident } from '../../cli/incident/show.ts';
import { giveRole, note } from '../../cli/incident/tell.ts';
import { watchIncident } from '../../cli/incident/watch.ts';
import { runPlaybookFile } from '../../cli/playbook/run.ts';
import { signPlaybook } from '../../cli/playbook/sign.ts';
import type { Screen } from '../../cli/screen.ts';
import { approve } from '../../cli/vote/approve.ts';
import { fetchRequest, sendVote } from '../../cli/vote/deliver.ts';
import { createAuditActivities } from '../../activities/audit.ts';
import { orderDigest, type SignedOrder } from '../../domain/committee/order.ts';
import { FREEZE_RENEWALS_MAX } from '../../domain/committee/renewals.ts';
import { principals, secretOf, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { folder as folderBlobs } from '../../plugins/blob/folder/index.ts';
import { realAgents } from './rig/agents.ts';
import { activitiesOn, COMMITTEE, emptyStage, handToAll, orderOf, type Stage } from './rig/playbooks.ts';
import { eventually, startWorker } from './rig/rig.ts';
import { startServer, stopServer } from './rig/server.ts';
import { type TestWorld, testWorld } from './rig/world.ts';

const folder = mkdtempSync(join(tmpdir(), 'playbook-cli-'));
const at = (name: string): string => join(folder, name);
const data = at('network');
const stage: Stage = emptyStage();
let shown = '';
const screen: Screen = { out: (text) => void (shown += text), err: () => undefined, colour: false, interactive: false };
let env: TestWorkflowEnvironment;
let world: TestWorld;
let worker: Awaited<ReturnType<typeof startWorker>>;

const CATALOGUE_FILE = `catalogue: 1
channels: [pager]
actions:
  test.set: { summary: Sets, effect: reversible, idempotent: true, arguments: { what: text }, results: { mark: text } }
  test.unset: { summary: Takes back, effect: none, idempotent: true, arguments: { what: text } }
  test.burn: { summary: Burns, effect: irreversible, idempotent: true, arguments: { what: text }, results: { mark: text } }
  custody.freeze: { summary: Freezes, effect: reversible, idempotent: true, arguments: { lasts: duration, reason: text }, results: { number: int, validators: list<validator> } }
  custody.lift: { summary: Lifts, effect: reversible, idempotent: true, arguments: { number: int, reason: text }, results: { validators: list<validator> } }
`;
const playbook = (name: string, steps: string): string => {
  mkdirSync(at(name), { recursive: true });
  writeFileSync(
    join(at(name), 'playbook.yaml'),
    `playbook: 1\nname: ${name}\ntitle: Of a test\nsummary: For a test of the command line.\nseverity: SEV1\ninputs: { what: { type: text, summary: What } }\nsteps:\n${steps.replaceAll(/^/gm, '  ')}\n`,
  );
  return at(name);
};
const FORM = `- { id: look, summary: Somebody looks, timeout: 1h, task: { role: operations, instruction: "What is it?", form: { kind: { type: text, label: Kind, options: [fire, smoke] }, floors: { type: int, label: Floors } } } }`;
const ASK = `- { id: ask, summary: Ask, timeout: 1h, approval: { class: change, covers: [burn], question: "Burn \${inputs.what}?" } }
- { id: burn, summary: Burn, action: test.burn, with: { what: "\${inputs.what}" }, timeout: 1m, effect: irreversible }`;
const FREEZE = `- { id: freeze, summary: Freeze, action: custody.freeze, with: { lasts: 2h, reason: "\${inputs.what}" }, timeout: 1h, effect: reversible, compensate: { action: custody.lift, with: { number: "\${result.number}", reason: over } } }`;

/** RFC 8410 and RFC 9881: a seed behind a fixed head is a PKCS#8 key. */
const pem = (head: string, seed: Uint8Array): string =>
  createPrivateKey({ key: Buffer.concat([Buffer.from(head, 'hex'), seed]), format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString();
function keyFile(seat: number): string {
  const name = `member-${seat}`;
  const text =
    seat === 1
      ? toHex(secretOf(name, 'secp256k1'))
      : seat === 2
        ? pem('3034020100300b060960864801650304031204228020', secretOf(name, 'ml-dsa-65'))
        : pem('302e020100300506032b657004220420', secretOf(name));
  writeFileSync(at(`${name}.key`), text, { mode: 0o600 });
  return at(`${name}.key`);
}

/** Records lie where the tool looks for them. */
const activities = () => ({ ...activitiesOn(world, stage), ...createAuditActivities(world.deps) });

beforeAll(async () => {
  env = await startServer();
  const made = await testWorld({ pinned: { committee: COMMITTEE, environment: 'drill' }, agents: realAgents });
  world = { ...made, deps: { ...made.deps, blobs: folderBlobs({ folder: 'blobs' })({ dir: data }) } };
  worker = await startWorker(env, { activities: activities() });
  mkdirSync(data);
  writeFileSync(at('catalogue.yaml'), CATALOGUE_FILE);
  writeFileSync(join(data, 'network.json'), JSON.stringify(world.deps.genesis));
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(data, 'identity.key'), privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  writeFileSync(
    join(data, 'operator.json'),
    JSON.stringify({
      version: 1,
      network: 'network.json',
      identity: 'identity.key',
      temporal: { address: env.address, namespace: env.namespace ?? 'default', taskQueue: worker.taskQueue },
      blobs: 'blobs',
      validators: [],
    }),
  );
});
afterAll(async () => {
  await worker?.stop();
  await world?.stop();
  await stopServer(env);
  rmSync(folder, { recursive: true, force: true });
});

const places = { data, catalogue: at('catalogue.yaml') };
const network = join(data, 'network.json');
const run = (file: string, key: string, order: readonly string[] = []) =>
  runPlaybookFile(screen, file, { ...places, key, order, input: ['what=paper'], yes: true });
const sign = async (file: string): Promise<void> => {
  for (const seat of [0, 1, 2, 3, 4, 5, 6])
    await signPlaybook(screen, file, { ...places, network, key: keyFile(seat), yes: true });
};
const lines = async (key: string): Promise<string> => (await showIncident({ data }, key)).lines.join('\n');

test('a playbook that the committee has not signed does not start, and one that it has is opened as an incident', async () => {
  const file = playbook('ask-first', `${FORM}\n${ASK}`);
  await expect(run(file, 'first')).rejects.toMatchObject({ code: 'policy.endorsement-missing' });
  await sign(file);
  shown = '';
  const { data: opened } = await run(file, 'first');
  expect(shown).toContain('SEV1 ask-first: Of a test');
  expect(opened).toMatchObject({ incident: 'incident/test-network/first', key: 'first' });
  await eventually('it is listed', async () =>
    (await listIncidents({ data, limit: '10' })).lines.join('\n').includes('RUNNING    SEV1  first  ask-first'),
  );

  await eventually('the form is asked for', async () => (await lines('first')).includes('form of step look'));
  expect(await lines('first')).toContain('kind (fire|smoke): Kind');
  expect(await lines('first')).toContain(
    'firebreak incident answer first --step look --by <name> --field floors=<int> --field kind=<fire|smoke>',
  );
  await expect(answer({ data, by: 'ann', field: ['kind=water', 'floors=2'] }, 'first')).rejects.toMatchObject({
    code: 'input.task-answer',
  });
  await answer({ data, by: 'ann', field: ['kind=fire', 'floors=2'] }, 'first');

  await eventually('it asks the committee', async () =>
    (await lines('first')).includes('0 of 7 seats have approved step ask'),
  );
  await fetchRequest({ data, out: at('request.json') }, 'first');
  const vote = (seat: number, more: { readonly send?: boolean; readonly choice?: string } = {}) =>
    approve(screen, at('request.json'), {
      ...places,
      network,
      playbook: file,
      key: keyFile(seat),
      choice: 'approve',
      yes: true,
      out: at(`vote-${seat}-${more.choice ?? 'approve'}.json`),
      ...more,
    });
  for (const seat of [0, 1, 2, 3, 4]) await vote(seat, { send: true });
  await vote(5);
  expect((await sendVote({ data }, at('vote-5-approve.json'))).data).toMatchObject({ have: 6, need: 7 });
  expect((await sendVote({ data }, at('vote-5-approve.json'))).data).toMatchObject({ have: 6, need: 7 });
  await expect(vote(0, { send: true, choice: 'reject' })).rejects.toMatchObject({ code: 'conflict.vote-changed' });
  expect(await lines('first')).toMatch(/voted: .*member-5 approve/);
  expect(stage.done).toEqual([]);
  expect((await vote(6, { send: true })).data).toMatchObject({ have: 7, need: 7 });
  await eventually('it is over', async () => (await lines('first')).includes('OVER'));
  expect(await lines('first')).toContain('outcome    done: completed');
  expect(stage.done.splice(0)).toEqual(['test.burn paper']);
  const all = async () => (await showIncident({ data, timeline: true }, 'first')).lines.join('\n');
  await eventually('its end is recorded', async () => (await all()).includes('playbook.ended'));
  expect(await all()).toMatch(/task\.answered +ann +step look, values \{"floors":2,"kind":"fire"\}/);
  for (const seat of [0, 1, 6])
    expect(await all()).toMatch(new RegExp(`vote\\.counted +member-${seat} .*choice approve`));
  expect(await all()).toMatch(/step\.ended .*burn/);
  await expect(sendVote({ data }, at('vote-5-approve.json'))).resolves.toMatchObject({ data: { have: 6 } });
});

test('a name that an open incident has opens no second one: the same to do is that incident, anything else is refused', async () => {
  const file = playbook('named', FORM);
  await sign(file);
  expect((await run(file, 'taken')).lines).toEqual(['opened incident/test-network/taken']);
  const again = await run(file, 'taken');
  expect(again.lines).toEqual(['incident/test-network/taken is open already, with this plan and these inputs']);
  expect(again.data).toMatchObject({ isNew: false });
  const other = runPlaybookFile(screen, file, { ...places, key: 'taken', order: [], input: ['what=stone'], yes: true });
  await expect(other).rejects.toMatchObject({
    code: 'conflict.incident-open',
    message: 'incident/test-network/taken is open already and runs named with what "paper"; nothing was opened',
  });
  const refused = { code: 'conflict.incident-open' };
  writeFileSync(at('taken.json'), JSON.stringify(orderOf(world, 'freeze', 3)));
  await expect(run(file, 'taken', [at('taken.json')])).rejects.toMatchObject(refused);
  const edited = playbook('named', FORM.replace('timeout: 1h', 'timeout: 2h'));
  await sign(edited);
  await expect(run(edited, 'taken')).rejects.toMatchObject(refused);
});

test('an edited playbook is another one: its signatures do not count, and a run of it keeps what it was', async () => {
  const file = playbook('frozen', FREEZE);
  await sign(file);
  writeFileSync(at('freeze.json'), JSON.stringify(orderOf(world, 'freeze', 3)));
  writeFileSync(at('lift.json'), JSON.stringify(orderOf(world, 'lift', 4)));
  await run(file, 'second');
  await eventually('an order is asked for', async () =>
    (await lines('second')).includes('sign a freeze with a number above 0'),
  );
  playbook(
    'frozen',
    `${FREEZE}\n- { id: more, summary: More, action: test.set, with: { what: x }, timeout: 1m, effect: reversible, compensate: { action: test.unset, with: { what: x } } }`,
  );
  await expect(run(file, 'third')).rejects.toMatchObject({ code: 'policy.endorsement-plan' });
  await giveOrder({ data }, 'second', at('freeze.json'));
  await eventually('it is over', async () => (await lines('second')).includes('done: completed'));
  expect(stage.done).toEqual([]);
});

test('stop and undo are single commands; undo and resume need the key of a member', async () => {
  const file = playbook('held', `${FREEZE}\n${FORM}`);
  await sign(file);
  writeFileSync(at('again.json'), JSON.stringify(orderOf(world, 'freeze', 7)));
  await run(file, 'fourth', [at('again.json')]);
  await eventually('it asks', async () => (await lines('fourth')).includes('form of step look'));
  const by = { data, by: 'ann', reason: 'a test', yes: true };
  await expect(close(screen, 'fourth', by)).rejects.toMatchObject({ code: 'conflict.run-phase' });
  await stop(screen, 'fourth', by);
  await eventually('it is halted', async () => (await lines('fourth')).includes('held: HALTED'));
  expect(await lines('fourth')).toContain('standing   freeze, undone by custody.lift');
  expect(await lines('fourth')).toContain('  resume     from look');
  expect(await lines('fourth')).toMatch(
    /NEXT +commander: runPlaybook\/test-network\/fourth has halted: resume, undo or close it/,
  );
  expect(await lines('fourth')).toMatch(/NEXT .*ann stopped it: a test/);
  expect(await lines('fourth')).toMatch(/failure +policy.run-stopped: .*ann stopped it: a test/);
  expect((await lines('fourth')).match(/NEXT .*(undo|close)/g)).toHaveLength(1);
  expect(await lines('fourth')).toContain('firebreak incident resume fourth <step> --by <name> --reason <text> --key');

  await expect(resume(screen, 'fourth', 'look', by)).rejects.toMatchObject({ code: 'input.usage' });
  shown = '';
  await resume(screen, 'fourth', 'look', { ...by, key: keyFile(1) });
  expect(shown).toMatch(/digest +[0-9a-f]{64} \(computed here\)/);
  await eventually('it asks again', async () => (await lines('fourth')).includes('form of step look'));
  await stop(screen, 'fourth', by);
  await eventually('it is halted', async () => (await lines('fourth')).includes('held: HALTED'));
  await undo(screen, 'fourth', { ...by, key: keyFile(3) });
  writeFileSync(at('lift-8.json'), JSON.stringify(orderOf(world, 'lift', 8)));
  await eventually('a lift is asked for', async () =>
    (await lines('fourth')).includes('sign a lift with a number above 7'),
  );
  writeFileSync(at('lift-6.json'), JSON.stringify(orderOf(world, 'lift', 6)));
  await expect(giveOrder({ data }, 'fourth', at('lift-6.json'))).rejects.toMatchObject({
    code: 'conflict.order-number',
    message: 'order 6 serves no step: the run asks for one above 7',
  });
  expect((await giveOrder({ data }, 'fourth', at('lift-8.json'))).data).toMatchObject({ isAwaited: true });
  await eventually('the run is over', async () => (await lines('fourth')).includes('undone     freeze'));
  await eventually('people have to act', async () => (await lines('fourth')).includes('SEV1 FAILED'));
  await close(screen, 'fourth', by);
  await eventually('the incident is over', async () => (await lines('fourth')).includes('SEV1 OVER'));
  const over = { code: 'conflict.process-over', message: expect.stringMatching(/test-network\/fourth is over/) };
  await expect(stop(screen, 'fourth', by)).rejects.toMatchObject(over);
  await expect(resume(screen, 'fourth', 'look', { ...by, key: keyFile(1) })).rejects.toMatchObject(over);
  await expect(note({ data, by: 'ann', attach: [] }, 'fourth', 'too late')).rejects.toMatchObject(over);
  await expect(stop(screen, 'never', by)).rejects.toMatchObject({ code: 'input.unknown-incident' });
});

test('the file of a freeze that was one renewal too many is handed again with four more signatures, and arrives', async () => {
  const file = playbook('renewed', FREEZE);
  await sign(file);
  const first = 9;
  for (let renewal = 0; renewal <= FREEZE_RENEWALS_MAX; renewal += 1)
    await handToAll(world, orderOf(world, 'freeze', first + renewal));
  const ofThree = orderOf(world, 'freeze', first + FREEZE_RENEWALS_MAX + 1);
  const { order } = ofThree;
  const handed = async (key: string, signed: SignedOrder) => {
    writeFileSync(at('renewed.json'), JSON.stringify(signed));
    return giveOrder({ data }, key, at('renewed.json'));
  };
  await run(file, 'renewed');
  await eventually('an order is asked for', async () =>
    (await lines('renewed')).includes('sign a freeze with a number'),
  );
  await handed('renewed', ofThree);
  await handed('renewed', { order, signatures: signaturesBy(principals.slice(0, 7), orderDigest(order)) });
  await eventually('it is over', async () => (await lines('renewed')).includes('done: completed'));
});

test('notes, roles and a severity are single commands; one that falls needs a key; watching shows each change', async () => {
  const file = playbook('noted', FORM);
  await sign(file);
  await run(file, 'noted');
  await eventually('it asks', async () => (await lines('noted')).includes('form of step look'));
  writeFileSync(at('early.json'), JSON.stringify(orderOf(world, 'freeze', 20)));
  expect((await giveOrder({ data }, 'noted', at('early.json'))).next).toBe('incident show noted');
  writeFileSync(at('picture.txt'), 'smoke over the roof');
  const noted = await note({ data, by: 'ann', attach: [at('picture.txt')] }, 'noted', 'smoke over the roof');
  expect(noted.data['attachments']).toMatchObject([{ name: 'picture.txt', blob: { sizeBytes: 19 } }]);
  await expect(giveRole({ data, by: 'ann' }, 'noted', 'captain', 'ben')).rejects.toMatchObject({ code: 'input.usage' });
  await giveRole({ data, by: 'ann' }, 'noted', 'scribe', 'ben');
  const by = { data, by: 'ann', reason: 'a test', yes: true };
  await expect(setSeverity(screen, by, 'noted', 'SEV3')).rejects.toMatchObject({ code: 'input.usage' });
  expect((await setSeverity(screen, { ...by, key: keyFile(2) }, 'noted', 'sev3')).data).toMatchObject({
    severity: 'SEV3',
  });
  expect((await setSeverity(screen, by, 'noted', 'SEV2')).data).toMatchObject({ before: 'SEV3', severity: 'SEV2' });
  const whole = (await showIncident({ data, timeline: true }, 'noted')).lines.join('\n');
  expect(whole).toMatch(/attached picture\.txt: [0-9a-f]{64} \(19 bytes\)/);
  expect(whole).toMatch(/roles +commander ann .*scribe ben/);
  expect(whole).toContain('member-2: SEV1 becomes SEV3: a test');

  shown = '';
  const watching = watchIncident(screen, { data, for: '1m' }, 'noted');
  await eventually('the page is there', async () => /[1-9] to act \(running\)/.test(shown));
  await answer({ data, by: 'ben', field: ['kind=smoke', 'floors=1'] }, 'noted');
  expect((await watching).data).toMatchObject({ standing: { phase: 'over', severity: 'SEV2' } });
  expect(shown).toContain('nobody has to act');
  expect(shown).not.toContain('\u001b');
});

test('with every worker dead, who must act next can still be read', async () => {
  const file = playbook('waiting', ASK);
  await sign(file);
  await run(file, 'fifth');
  await eventually('it asks the committee', async () =>
    (await lines('fifth')).includes('0 of 7 seats have approved step ask'),
  );
  await eventually('the incident says so too', async () => /NEXT +committee/.test(await lines('fifth')));
  await worker.stop();
  const text = await lines('fifth');
  expect(text).toContain('no worker answers');
  expect(text).toMatch(/Phase +approval/);
  expect(text).toMatch(/AwaitingRole +committee/);
  expect(text).toMatch(/QuorumNeed +7/);
  expect(text).toMatch(
    /NEXT +committee: vote: Burn paper\? \(step ask of runPlaybook\/test-network\/fifth\), by 20\d\d-/,
  );
  expect((await listIncidents({ data, limit: '10' })).lines.join('\n')).toContain('NEXT  committee: vote: Burn paper?');
  worker = await startWorker(env, { activities: activities() }, { taskQueue: worker.taskQueue });
});
