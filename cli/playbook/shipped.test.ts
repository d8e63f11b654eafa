import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { planPlaybook } from './plan.ts';
import { planDigest } from '../../domain/playbook/plan.ts';
import { parseCatalogue } from '../../language/catalogue.ts';
import { loadPlaybook } from '../../language/load.ts';
import { COMMITTEE } from '../../language/testkit/sound.ts';

const SHIPPED = path.join(import.meta.dirname, '..', '..', 'playbooks');
const names = readdirSync(SHIPPED, { withFileTypes: true })
  .filter((each) => each.isDirectory())
  .map(({ name }) => name);
const read = (...parts: readonly string[]): string => readFileSync(path.join(SHIPPED, ...parts), 'utf8');
/** What the verb prints, and as first field the inputs as they were typed. */
const expectedOf = (
  name: string,
): { typed: string[]; inputs: Record<string, unknown>; digest: string; steps: { step: string }[] } =>
  JSON.parse(read(name, 'expected-plan.json'));

describe.each(names)('the shipped playbook %s', (name) => {
  test('is what its expected plan says, step by step, and under the same digest', () => {
    const { typed, ...expected } = expectedOf(name);
    const { data } = planPlaybook(path.join(SHIPPED, name), { input: typed });
    expect(JSON.parse(JSON.stringify(data))).toEqual(expected);
  });

  test('lies in a folder of its name, with a README that names its inputs, outcomes and digest', () => {
    const readme = read(name, 'README.md');
    const text = read(name, 'playbook.yaml');
    expect(text).toContain(`\nname: ${name}\n`);
    expect(readme).toContain(expectedOf(name).digest);
    for (const [, outcome] of text.matchAll(/end: \{ outcome: (\w+) \}/g)) expect(readme).toContain(`\`${outcome}\``);
    for (const input of Object.keys(expectedOf(name).inputs)) expect(readme).toContain(`\`${input}\``);
  });

  test('is read on two screens, and points an editor at the schema', () => {
    const text = read(name, 'playbook.yaml');
    expect(text.split('\n').length).toBeLessThan(180);
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/\.\.\/docs\/reference\/playbook\.schema\.json\n/);
  });
});

test('there are the four that the platform ships with, and no irreversible step but behind the change quorum', () => {
  expect([...names].sort()).toEqual([
    'break-glass-review',
    'identity-seen-twice',
    'suspected-share-theft',
    'validator-offline',
  ]);
  const catalogue = { ...parseCatalogue(readFileSync(path.join(SHIPPED, 'catalogue.yaml')), 'catalogue.yaml') };
  const load = (text: string) =>
    loadPlaybook(new TextEncoder().encode(text), 'playbook.yaml', { catalogue, committee: COMMITTEE });
  const theft = read('suspected-share-theft', 'playbook.yaml');
  const sound = load(theft);
  expect(sound.ok && planDigest(sound.plan)).toBe(expectedOf('suspected-share-theft').digest);
  const without = load(theft.replace('covers: [rotate, sweep]', 'covers: [rotate]'));
  expect(without.ok ? [] : without.problems.map(({ code }) => code)).toEqual(['policy.playbook-approval']);
});
