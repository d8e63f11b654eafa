import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { genesis, NOW } from '../../domain/approval/testkit/voting.ts';
import { makeGrant } from '../grant/make.ts';
import { voidedAt, voidedLines } from './voided.ts';

let folder = '';
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-voided-'));
  mkdirSync(at('grants'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A standing order of the committee of `epoch`; who signed it is of no matter here. */
function installed(number: number, epoch: number, plan: string): void {
  writeFileSync(at('network.json'), JSON.stringify({ ...genesis, committee: { ...genesis.committee, epoch } }));
  const limits = { number: String(number), uses: '1', freezeFor: '1h', validFor: '1d', reason: 'of a test', plan };
  makeGrant({ data: folder, network: at('network.json'), ...limits, out: at(`grants/${number}.json`) }, NOW);
}
const intake = (signedBy: Record<string, number>) => ({ up: true as const, ready: true, reasons: [], signedBy });
const voided = (epoch: number, signedBy: Record<string, number> = {}, nowSeconds = NOW) =>
  voidedAt(epoch, { intake: intake(signedBy), grants: at('grants') }, nowSeconds);

test('after a hand-over the playbooks and standing orders of before are named, and no others', () => {
  installed(1, 1, 'a'.repeat(64));
  writeFileSync(at('grants/notes.json'), 'nothing of the kind');
  const signedBy = { 'validator-offline': 1, mine: 2, 'identity-seen-twice': 1 };
  expect(voided(1, signedBy)).toEqual({ playbooks: [], standingOrders: [] });
  expect(voidedLines(1, voided(1, signedBy))).toEqual([]);
  const after = voided(2, signedBy);
  expect(after).toEqual({ playbooks: ['identity-seen-twice', 'validator-offline'], standingOrders: [1] });
  expect(voidedLines(2, after)).toEqual([
    expect.stringMatching(
      /VOID +not signed by .* epoch 2, .*: identity-seen-twice, validator-offline: `.*playbook sign/,
    ),
    expect.stringMatching(/VOID +standing order 1 .*`.*grant make/),
  ]);
});

test('a standing order that has been signed anew for its playbook, or whose time is over, is missed by nobody', () => {
  installed(1, 1, 'a'.repeat(64));
  installed(2, 1, 'b'.repeat(64));
  installed(3, 2, 'a'.repeat(64));
  expect(voided(2).standingOrders).toEqual([2]);
  expect(voided(2, {}, NOW + 2 * 86_400).standingOrders).toEqual([]);
});

test('an api that does not answer, or a network without one, only makes the list shorter', () => {
  const none = { playbooks: [], standingOrders: [] };
  expect(voidedAt(2, { intake: { up: false, why: 'no answer' }, grants: at('absent') }, NOW)).toEqual(none);
  expect(voidedAt(2, { intake: undefined, grants: undefined }, NOW)).toEqual(none);
});
