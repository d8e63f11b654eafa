import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { authorityOf, genesis, handOver } from '../approval/testkit/voting.ts';
import { deputies, principal, type TestKey } from '../committee/testkit/keys.ts';
import {
  COMMAND_SECONDS_MAX,
  commandDigest,
  type IncidentCommand,
  judgeCommand,
  type SignedCommand,
} from './command.ts';

const NOW_MS = 1_800_000_000_000;
const here = { incident: 'incident/laptop/7', execution: 'runPlaybook/laptop/7/first', lastNumber: 5 };
const authority = authorityOf(genesis, []);
const command: IncidentCommand = {
  version: 1,
  environment: genesis.environment,
  network: genesis.name,
  incident: here.incident,
  execution: here.execution,
  number: NOW_MS,
  expiresAtSeconds: NOW_MS / 1_000 + 600,
  command: 'resume',
  arguments: { step: 'freeze', reason: 'mended' },
};
const signedBy = (key: TestKey, change: Partial<IncidentCommand> = {}): SignedCommand => {
  const changed = { ...command, ...change } as IncidentCommand;
  return { command: changed, signature: { member: key.voter, signature: key.sign(commandDigest(changed)) } };
};
const codeOf = (signed: SignedCommand, at = authority): string => {
  const judged = judgeCommand(signed, here, at, NOW_MS);
  return judged.ok ? judged.value : judged.refusal.code;
};

test('a member of any kind of key commands, and so does a deputy', () => {
  for (const seat of [0, 1, 2]) expect(codeOf(signedBy(principal(seat)))).toBe(`member-${seat}`);
  const deputy = deputies.get(3);
  expect(deputy && codeOf(signedBy(deputy))).toBe('deputy-3');
});

test.each<readonly [string, Partial<IncidentCommand>]>([
  ['policy.command-environment', { environment: 'drill' }],
  ['policy.command-environment', { network: 'other' }],
  ['policy.command-execution', { incident: 'incident/laptop/8' }],
  ['policy.command-execution', { execution: 'runPlaybook/laptop/7/second' }],
  ['policy.command-expired', { expiresAtSeconds: NOW_MS / 1_000 }],
  ['policy.command-lifetime', { expiresAtSeconds: NOW_MS / 1_000 + COMMAND_SECONDS_MAX + 1 }],
  ['input.command-number', { number: NOW_MS + 600_000 }],
  ['input.command-number', { number: 1.5 }],
  ['conflict.command-number', { number: 5 }],
])('%s: %j is obeyed by nobody', (code, change) => {
  expect(codeOf(signedBy(principal(0), change))).toBe(code);
});

test('whoever has no seat, or has none any more, commands nothing', () => {
  expect(codeOf(signedBy(principal(11)))).toBe('policy.command-stranger');
  expect(codeOf(signedBy(principal(0)), authorityOf(genesis, [handOver]))).toBe('policy.command-revoked');
});

test('whatever is changed after it was signed, the command is refused', () => {
  const good = signedBy(principal(4));
  fc.assert(
    fc.property(
      fc.constantFrom<Partial<IncidentCommand>>(
        { number: NOW_MS - 1 },
        { expiresAtSeconds: command.expiresAtSeconds + 1 },
        { command: 'undo', arguments: { reason: 'mended' } } as Partial<IncidentCommand>,
        { arguments: { step: 'lift', reason: 'mended' } } as Partial<IncidentCommand>,
      ),
      (change) => {
        const moved = { ...good, command: { ...good.command, ...change } as IncidentCommand };
        expect(codeOf(moved)).toBe('policy.command-signature');
      },
    ),
  );
  const bits = [...good.signature.signature];
  bits[0] = bits[0] === '0' ? '1' : '0';
  expect(codeOf({ ...good, signature: { ...good.signature, signature: bits.join('') } })).toBe(
    'policy.command-signature',
  );
});
