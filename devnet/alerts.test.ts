import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SHIPPED_PLAYBOOKS } from '../api/config/write.ts';
import { loadApiConfig } from '../api/config.ts';
import { writeAlertIntake } from './alerts.ts';
import { type Layout, layout as layoutOf } from './layout.ts';
import { portPlan } from './ports.ts';

const ports = portPlan(20_000);
const [NEWEST = ''] = SHIPPED_PLAYBOOKS;
let layout: Layout;
beforeEach(() => {
  layout = layoutOf(mkdtempSync(join(tmpdir(), 'firebreak-intake-')));
});
afterEach(() => rmSync(layout.root, { recursive: true }));

const text = (): string => readFileSync(layout.alerts.config, 'utf8');
const allowed = (): readonly (readonly string[])[] =>
  loadApiConfig(layout.alerts.config, () => undefined).sources.map(({ limits }) => limits.playbooks);

/** As a devnet left it that shipped one playbook less. */
function madeEarlier(): void {
  writeAlertIntake(layout, ports);
  writeFileSync(layout.alerts.config, text().replaceAll(`"${NEWEST}", `, ''));
  for (const name of SHIPPED_PLAYBOOKS.filter((each) => each !== NEWEST))
    mkdirSync(join(layout.playbooks, name), { recursive: true });
  expect(allowed().flat()).not.toContain(NEWEST);
}

test('an older folder gets what ships by now: what the playbooks hold, the sources may start', () => {
  madeEarlier();
  const secret = readFileSync(layout.alerts.secret('prometheus'), 'utf8');
  expect(writeAlertIntake(layout, ports)).toEqual([]);
  expect(allowed()).toEqual([SHIPPED_PLAYBOOKS, SHIPPED_PLAYBOOKS]);
  expect(readFileSync(layout.alerts.secret('prometheus'), 'utf8')).toBe(secret);
});

test('a file that somebody has changed stays, and what its sources may not start is said', () => {
  madeEarlier();
  appendFileSync(layout.alerts.config, '\n[playbooks.inputs.validator-offline]\nholdFor = "20m"\n');
  const before = text();
  expect(writeAlertIntake(layout, ports)).toEqual([
    expect.stringContaining(`source prometheus of ${layout.alerts.config} may not start ${NEWEST}`),
    expect.stringContaining(`source scripts of ${layout.alerts.config} may not start ${NEWEST}`),
  ]);
  expect(text()).toBe(before);
});

test('whoever has taken a playbook out of the lists finds it out of them after the next start', () => {
  madeEarlier();
  mkdirSync(join(layout.playbooks, NEWEST));
  const before = text();
  expect(writeAlertIntake(layout, ports)).toHaveLength(2);
  expect(text()).toBe(before);
});
