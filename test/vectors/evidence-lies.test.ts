import { expect, test } from '@jest/globals';
import { create, toBinary } from '@bufbuild/protobuf';
import { Checks } from '../../cli/ceremony/checks.ts';
import { bundleIn, encodeBundle } from '../../cli/evidence/bundle.ts';
import { verifyBundle } from '../../cli/evidence/verify.ts';
import { principal, testKey } from '../../domain/committee/testkit/keys.ts';
import { commandDigest, type IncidentCommand, type SignedCommand } from '../../domain/incident/command.ts';
import { type Plan, planDigest } from '../../domain/playbook/plan.ts';
import { OrderStateSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { type Draft, forged, restated } from './evidence-forgery.ts';
import { both, bundle, pinned, platform, script } from './evidence-verifiers.ts';

const at = (drafts: Draft[], kind: string, nth = 0): Draft => {
  const found = drafts.filter((draft) => draft.kind === kind)[nth];
  if (found === undefined) throw new Error(`no ${kind} in the fixture`);
  return found;
};
const without = (drafts: Draft[], gone: Draft): Draft[] => drafts.filter((draft) => draft !== gone);
const value = <T>(draft: Draft, what: string): T =>
  draft.documents.find((document) => document.what === what)?.value as T;
type Ballots = { certificate: { ballots: { voter: string; choice: string }[]; subject: Record<string, unknown> } };
const executed = (drafts: Draft[], step: string, kind = 'step.ended'): Draft =>
  drafts.find((draft) => draft.kind === kind && draft.facts['step'] === step) as Draft;

const RUN = String(bundle.records.find(({ kind }) => kind === 'playbook.opened')?.facts['run' as never]);
const INCIDENT = bundle.incident.slice(0, bundle.incident.lastIndexOf('/'));

/** Puts one more record before the first of a kind, at its time. */
function put(drafts: Draft[], before: string, draft: Partial<Draft> & Pick<Draft, 'kind' | 'facts'>): Draft {
  const next = at(drafts, before);
  const made = { by: 'platform', atMs: next.atMs, documents: [], ...draft };
  drafts.splice(drafts.indexOf(next), 0, made);
  return made;
}

type Change = { readonly [Field in keyof IncidentCommand]?: unknown };
/** A command as a member signs it, at the time of the record before which it is put. */
function commanded(drafts: Draft[], before: string, change: Change, member = principal(0)): SignedCommand {
  const { atMs } = at(drafts, before);
  const command = {
    version: 1,
    environment: pinned.environment,
    network: pinned.name,
    incident: INCIDENT,
    execution: RUN,
    number: atMs,
    expiresAtSeconds: Math.floor(atMs / 1_000) + 600,
    ...change,
  } as IncidentCommand;
  return { command, signature: { member: member.voter, signature: member.sign(commandDigest(command)) } };
}
const UNDO = { command: 'undo', arguments: { reason: 'too far' } };
const LOWER = {
  execution: bundle.incident,
  command: 'lower-severity',
  arguments: { severity: 'SEV3', reason: 'quiet' },
};

function tell(drafts: Draft[], signed: SignedCommand, what = 'undo'): Draft {
  return put(drafts, 'approval.asked', {
    kind: 'run.told',
    facts: { run: RUN, what, reason: 'too far' },
    by: signed.signature.member,
    documents: [{ what: 'command', value: signed }],
  });
}
function lower(drafts: Draft[], signed: SignedCommand): Draft {
  return put(drafts, 'approval.asked', {
    kind: 'severity.changed',
    facts: { from: 'SEV1', to: 'SEV3', reason: 'quiet' },
    by: signed.signature.member,
    documents: [{ what: 'command', value: signed }],
  });
}
/** A run inside of the recorded one, with a plan of its own. */
function inside(drafts: Draft[], step: string): void {
  const plan = { ...value<Plan>(at(drafts, 'playbook.opened'), 'plan'), name: 'rogue' };
  put(drafts, 'approval.asked', {
    kind: 'playbook.opened',
    facts: { run: `${RUN}/rogue`, name: 'rogue', plan: planDigest(plan), within: { run: RUN, step } },
    documents: [{ what: 'plan', value: plan }],
  });
}

/** What a coordinator may write that lies about decisions and effects; every validator has signed the head of it. */
const FORGERIES: Readonly<Record<string, (drafts: Draft[]) => Draft[] | void>> = {
  'an irreversible step without its votes': (drafts) => {
    delete executed(drafts, 'burn').facts['approval'];
  },
  'a step under votes that nobody certified': (drafts) => without(drafts, at(drafts, 'approval.certified')),
  'a step under votes about another step': (drafts) => {
    executed(drafts, 'mark').facts['approval'] = at(drafts, 'approval.asked').facts['subject'];
  },
  'a step that never began': (drafts) => without(drafts, executed(drafts, 'burn', 'step.started')),
  'a step that the plan does not have': (drafts) => {
    executed(drafts, 'mark', 'step.started').facts['step'] = 'elsewhere';
  },
  'votes before they were asked': (drafts) => without(drafts, at(drafts, 'approval.asked')),
  'a vote that was not counted': (drafts) => without(drafts, at(drafts, 'vote.counted', 3)),
  'a vote that was counted twice': (drafts) => {
    const counted = at(drafts, 'vote.counted', 3);
    drafts.splice(drafts.indexOf(counted), 0, structuredClone(counted));
  },
  'a vote of a stranger': (drafts) => {
    const counted = at(drafts, 'vote.counted', 3);
    counted.facts['voter'] = 'ab'.repeat(32);
    counted.by = 'ab'.repeat(32);
  },
  'a vote with another choice': (drafts) => {
    at(drafts, 'vote.counted', 3).facts['choice'] = 'reject';
  },
  'a certificate with one ballot less': (drafts) => {
    value<Ballots>(at(drafts, 'approval.certified'), 'proof').certificate.ballots.pop();
    drafts.splice(drafts.indexOf(at(drafts, 'vote.counted', 6)), 1);
  },
  'a certificate with a ballot twice': (drafts) => {
    const { ballots } = value<Ballots>(at(drafts, 'approval.certified'), 'proof').certificate;
    ballots[6] = structuredClone(ballots[5] as Ballots['certificate']['ballots'][number]);
  },
  'a certificate of another step': (drafts) => {
    value<Ballots>(at(drafts, 'approval.certified'), 'proof').certificate.subject['step'] = 'burn';
  },
  'a request for other arguments than the plan gives': (drafts) => {
    const { covers } = value<{ covers: { arguments: Record<string, unknown> }[] }>(
      at(drafts, 'approval.asked'),
      'request',
    );
    for (const covered of covers) covered.arguments['what'] = { value: 'everything' };
  },
  'another plan than the digest says': (drafts) => {
    value<{ title: string }>(at(drafts, 'playbook.opened'), 'plan').title = 'Harmless';
  },
  'a record of a run that names another plan': (drafts) => {
    executed(drafts, 'mark').playbook = 'ab'.repeat(32);
  },
  'a record that names a plan of which no run was opened': (drafts) => {
    at(drafts, 'order.obeyed').playbook = 'ab'.repeat(32);
  },
  'what the incident itself says, as of a plan': (drafts) => {
    at(drafts, 'role.taken').playbook = String(at(drafts, 'playbook.opened').facts['plan']);
  },
  'a record that names its plan before its run is opened': (drafts) => {
    const { plan } = at(drafts, 'playbook.opened').facts as { readonly plan: string };
    put(drafts, 'playbook.opened', {
      kind: 'notice.sent',
      facts: { notice: 'n', confirmed: [], silent: [] },
      playbook: plan,
    });
  },
  'a record that names its plan in other letters': (drafts) => {
    const handed = at(drafts, 'order.obeyed');
    handed.playbook = String(at(drafts, 'playbook.opened').facts['plan']).toUpperCase();
  },
  'a run that was never opened': (drafts) => without(drafts, at(drafts, 'playbook.opened')),
  'a run that was opened twice': (drafts) => {
    const opened = at(drafts, 'playbook.opened');
    drafts.splice(drafts.indexOf(opened), 0, structuredClone(opened));
  },
  'an order without its quorum': (drafts) => {
    value<{ signatures: unknown[] }>(at(drafts, 'order.obeyed'), 'order').signatures.pop();
  },
  'an order that ends later': (drafts) => {
    const obeyed = at(drafts, 'order.obeyed');
    value<{ order: { expiresAtSeconds: number } }>(obeyed, 'order').order.expiresAtSeconds += 60;
    obeyed.facts['untilSeconds'] = Number(obeyed.facts['untilSeconds']) + 60;
  },
  'a freeze that is said to end later': (drafts) => {
    at(drafts, 'order.obeyed').facts['untilSeconds'] = 9_999_999_999;
  },
  'an order that fewer validators obeyed than it says': (drafts) => {
    value<{ envelopes: string[] }>(at(drafts, 'order.obeyed'), 'statements').envelopes.pop();
  },
  'an order that too few validators obeyed': (drafts) => {
    const obeyed = at(drafts, 'order.obeyed', 1);
    value<{ envelopes: string[] }>(obeyed, 'statements').envelopes.splice(9);
    obeyed.facts['validators'] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  },
  'a lift that validators never saw': (drafts) => {
    const { envelopes } = value<{ envelopes: string[] }>(at(drafts, 'order.obeyed'), 'statements');
    value<{ envelopes: string[] }>(at(drafts, 'order.obeyed', 1), 'statements').envelopes = [...envelopes];
  },
  'a committee that the one before did not sign': (drafts) => {
    value<{ signatures: unknown[] }>(at(drafts, 'committee.changed'), 'epoch').signatures.splice(0, 2);
  },
  'a committee of another epoch': (drafts) => {
    at(drafts, 'committee.changed').facts['epoch'] = 3;
  },
  'votes that were certified after their committee had handed over': (drafts) => {
    const changed = structuredClone(at(drafts, 'committee.changed'));
    drafts.splice(drafts.indexOf(at(drafts, 'approval.certified')), 0, changed);
  },
  'a head that fewer signed than it says': (drafts) => {
    at(drafts, 'head.signed').facts['validators'] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
  },
  'a record after the end': (drafts) => {
    drafts.push(structuredClone(at(drafts, 'role.taken')));
  },
  'a moment that has no date': (drafts) => {
    at(drafts, 'playbook.ended').atMs = Number.MAX_SAFE_INTEGER;
  },
  'a second opening': (drafts) => {
    drafts.splice(5, 0, structuredClone(at(drafts, 'incident.opened')));
  },
  'a freeze again after its lift': (drafts) => {
    const again = structuredClone(at(drafts, 'order.obeyed'));
    const { value: statements } =
      at(drafts, 'order.obeyed', 1).documents.find(({ what }) => what === 'statements') ?? {};
    for (const document of again.documents)
      if (document.what === 'statements') document.value = structuredClone(statements);
    drafts.splice(drafts.indexOf(at(drafts, 'order.obeyed', 1)) + 1, 0, again);
  },
  'a freeze at which nobody is frozen': (drafts) => {
    const statements = value<{ envelopes: string[] }>(at(drafts, 'order.obeyed'), 'statements');
    statements.envelopes = statements.envelopes.map((envelope) =>
      restated(envelope, toBinary(OrderStateSchema, create(OrderStateSchema, { number: 1n, frozenUntilSeconds: 0n }))),
    );
  },
  'a lift at which all are frozen': (drafts) => {
    const statements = value<{ envelopes: string[] }>(at(drafts, 'order.obeyed', 1), 'statements');
    const frozen = create(OrderStateSchema, { number: 2n, frozenUntilSeconds: 9_999_999_999n });
    statements.envelopes = statements.envelopes.map((envelope) =>
      restated(envelope, toBinary(OrderStateSchema, frozen)),
    );
  },
  'a run inside of another that has no such step': (drafts) => inside(drafts, 'nowhere'),
  'a run inside of another at a step that runs no playbook': (drafts) => inside(drafts, 'burn'),
  'an end as done of an incident whose run failed': (drafts) => {
    at(drafts, 'playbook.ended').facts['outcome'] = 'failed';
  },
  'an end as done of an incident whose run has not ended': (drafts) => without(drafts, at(drafts, 'playbook.ended')),
  'an end of a kind that does not exist': (drafts) => {
    at(drafts, 'incident.closed').facts['outcome'] = 'fine';
  },
  'a run that ended twice': (drafts) => {
    const ended = structuredClone(at(drafts, 'playbook.ended'));
    put(drafts, 'playbook.ended', { ...ended, facts: { ...ended.facts, outcome: 'failed' } });
  },
  'a step taken back that does not exist': (drafts) => {
    put(drafts, 'playbook.ended', {
      kind: 'step.undone',
      facts: { run: RUN, step: 'nowhere', key: 'nowhere', outcome: 'finished' },
    });
  },
  'a step taken back that was not begun': (drafts) => {
    put(drafts, 'approval.asked', {
      kind: 'step.undone',
      facts: { run: RUN, step: 'burn', key: 'burn', outcome: 'finished' },
    });
  },
  'more swept vaults than there are': (drafts) => {
    put(drafts, 'playbook.ended', {
      kind: 'vaults.swept',
      facts: { fromEpoch: 1, toEpoch: 2, vaults: 4, swept: 5 },
    });
  },
  'a severity that is lowered without a command': (drafts) => {
    lower(drafts, commanded(drafts, 'approval.asked', LOWER)).documents = [];
  },
  'a severity that is lowered further than its command': (drafts) => {
    lower(drafts, commanded(drafts, 'approval.asked', LOWER)).facts['to'] = 'SEV4';
  },
  'a severity that is lowered by one that it never had': (drafts) =>
    void put(drafts, 'approval.asked', {
      kind: 'severity.changed',
      facts: { from: 'SEV4', to: 'SEV2', reason: 'worse' },
    }),
  'a severity that is lowered by a command for the run': (drafts) =>
    void lower(drafts, commanded(drafts, 'approval.asked', { ...LOWER, execution: RUN })),
  'an undo without a command': (drafts) => {
    tell(drafts, commanded(drafts, 'approval.asked', UNDO)).documents = [];
  },
  'an undo that a stranger signed': (drafts) =>
    void tell(drafts, commanded(drafts, 'approval.asked', UNDO, testKey('stranger'))),
  'an undo that somebody else signed': (drafts) => {
    tell(drafts, commanded(drafts, 'approval.asked', UNDO)).by = principal(3).voter;
  },
  'an undo whose command was changed': (drafts) => {
    const signed = commanded(drafts, 'approval.asked', UNDO);
    tell(drafts, { ...signed, command: { ...signed.command, number: signed.command.number - 1 } });
  },
  'an undo whose command had expired': (drafts) =>
    void tell(drafts, commanded(drafts, 'approval.asked', { ...UNDO, expiresAtSeconds: 1 })),
  'an undo of another incident': (drafts) =>
    void tell(drafts, commanded(drafts, 'approval.asked', { ...UNDO, incident: 'incident/elsewhere' })),
  'an undo that is told twice': (drafts) => {
    const signed = commanded(drafts, 'approval.asked', UNDO);
    tell(drafts, signed);
    tell(drafts, signed);
  },
  'a resume under the command of an undo': (drafts) =>
    void tell(drafts, commanded(drafts, 'approval.asked', UNDO), 'resume'),
  'an answer that is nowhere': (drafts) => {
    delete at(drafts, 'task.answered').facts['values'];
  },
};

test.each(Object.keys(FORGERIES))('with all validators deceived, both refuse at the same record: %s', (name) => {
  const made = forged(pinned, bundle, FORGERIES[name]);
  const bytes = encodeBundle(made.bundle);
  const ours = platform(bytes, made.genesis);
  const theirs = script(bytes, made.genesis);
  expect(ours).toMatchObject({ ok: false, record: expect.any(Number) });
  expect({ ok: theirs.ok, record: theirs.record }).toEqual({ ok: false, record: ours.record });
});

const COMMANDED: Readonly<Record<string, (drafts: Draft[]) => void>> = {
  'a severity is lowered': (drafts) => void lower(drafts, commanded(drafts, 'approval.asked', LOWER)),
  'a severity is raised, for which nobody signs': (drafts) => {
    at(drafts, 'incident.opened').facts['severity'] = 'SEV2';
    put(drafts, 'approval.asked', {
      kind: 'severity.changed',
      facts: { from: 'SEV2', to: 'SEV1', reason: 'worse' },
    });
  },
  'a run is told to undo': (drafts) => void tell(drafts, commanded(drafts, 'approval.asked', UNDO)),
  'a run is told to stop, for which nobody signs': (drafts) => {
    const told = tell(drafts, commanded(drafts, 'approval.asked', UNDO), 'stop');
    Object.assign(told, { by: 'ann', documents: [] });
  },
  'a step is taken back that was begun': (drafts) =>
    void put(drafts, 'approval.asked', {
      kind: 'step.undone',
      facts: { run: RUN, step: 'mark', key: 'mark', outcome: 'finished' },
    }),
};
test.each(Object.keys(COMMANDED))('both accept what a member or anybody may do: %s', (name) => {
  const made = forged(pinned, bundle, COMMANDED[name]);
  expect(both(encodeBundle(made.bundle), made.genesis)).toBe(true);
});

test('an effect that nothing proves is accepted as what was said, and shown as unproven', () => {
  const made = forged(pinned, bundle, (drafts) => {
    put(drafts, 'playbook.ended', {
      kind: 'transaction.sent',
      facts: { purpose: 'payout', txid: 'ab'.repeat(32) },
    });
    put(drafts, 'playbook.ended', {
      kind: 'vaults.swept',
      facts: { fromEpoch: 1, toEpoch: 2, vaults: 500, swept: 500 },
    });
  });
  const bytes = encodeBundle(made.bundle);
  expect(both(bytes, made.genesis)).toBe(true);
  const checks = new Checks();
  const state = verifyBundle(made.genesis, bundleIn(bytes, 'bundle'), checks);
  expect(state).toMatchObject({ transactions: [{ proven: false }], sweeps: [{ swept: 500, proven: 0 }] });
  expect(checks.claims).toEqual([
    expect.stringMatching(/transaction\.sent.*no transcript/),
    expect.stringMatching(/vaults\.swept.*0 of the 500/),
  ]);
});

test('the freeze of a bundle whose validators stand at a later order is shown as unproven', () => {
  const made = forged(pinned, bundle, (drafts) => {
    const lift = at(drafts, 'order.obeyed', 1);
    value<{ envelopes: string[] }>(at(drafts, 'order.obeyed'), 'statements').envelopes = [
      ...value<{ envelopes: string[] }>(lift, 'statements').envelopes,
    ];
    return without(drafts, lift);
  });
  const bytes = encodeBundle(made.bundle);
  expect(both(bytes, made.genesis)).toBe(true);
  const checks = new Checks();
  verifyBundle(made.genesis, bundleIn(bytes, 'bundle'), checks);
  expect(checks.claims).toEqual([expect.stringContaining('stand at order 2')]);
});
