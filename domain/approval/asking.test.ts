import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { parseCatalogue } from '../../language/catalogue.ts';
import { loadPlaybook } from '../../language/load.ts';
import { needsOf } from '../playbook/needs.ts';
import { everyStep } from '../playbook/nesting.ts';
import type { ApprovalStep } from '../playbook/plan.ts';
import { coversOf } from './asking.ts';
import { coveredDigest } from './covered.ts';
import { judgePlan } from './plan-match.ts';
import { authorityOf, genesis, subjectFor } from './testkit/voting.ts';

const at = (name: string): string => fileURLToPath(new URL(`../../playbooks/${name}`, import.meta.url));
const file = at('suspected-share-theft/playbook.yaml');
const catalogue = parseCatalogue(readFileSync(at('catalogue.yaml')), 'catalogue.yaml');
const loaded = loadPlaybook(readFileSync(file), file, { catalogue });
if (!loaded.ok) throw new Error('the shipped playbook does not load');
const { plan, digest } = loaded;
const consent = everyStep(plan.steps).find((step): step is ApprovalStep => 'approval' in step && step.id === 'consent');
if (consent === undefined) throw new Error('the shipped playbook asks for no consent');
const steps = { roster: { nextEpoch: 2, epoch: 1, participants: [1, 2, 3], smallest: 10 }, freeze: { number: 4 } };

test('what is asked has the values of now, and the names of what is not made yet', () => {
  expect(coversOf(plan, consent, { inputs: {}, vars: {}, steps })).toEqual([
    {
      step: 'rotate',
      kind: 'workflow',
      name: 'generateKey',
      arguments: {
        epoch: { value: 2 },
        purpose: { value: 'custody' },
        participants: { value: [1, 2, 3] },
        smallest: { value: 10 },
      },
    },
    {
      step: 'sweep',
      kind: 'workflow',
      name: 'sweepVaults',
      arguments: {
        fromEpoch: { value: 1 },
        toEpoch: { output: { step: 'rotate', name: 'epoch' } },
        certificate: { output: { step: 'rotate', name: 'certificate' } },
      },
    },
  ]);
});

test('a member who compiled the same playbook finds nothing to object to', () => {
  const covers = coversOf(plan, consent, { inputs: {}, vars: {}, steps });
  const subject = subjectFor(authorityOf(genesis, []), {
    playbook: digest,
    step: 'consent',
    arguments: coveredDigest(covers),
  });
  expect(judgePlan({ version: 1, subject, covers }, plan)).toMatchObject({ ok: true });
});

test('a value that cannot be computed is a refusal with its words', () => {
  expect(() => coversOf(plan, consent, { inputs: {}, vars: {}, steps: {} })).toThrow(/steps.roster/);
});

test('everything that a run will ask for is found beforehand, undoing and escalation included', () => {
  const text = readFileSync(file, 'utf8');
  const { actions, workflows, probes, channels } = needsOf(plan);
  expect(workflows).toEqual(['generateKey', 'sweepVaults']);
  expect(actions).toContain('custody.askForLift');
  expect(actions).toContain('custody.refreeze');
  expect(probes).toContain('validators.live');
  expect(channels).toEqual(['mail', 'pagerduty', 'slack']);
  for (const name of [...actions, ...workflows, ...probes, ...channels]) expect(text).toContain(name);
});
