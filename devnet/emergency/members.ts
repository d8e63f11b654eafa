import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { playbookFolder } from '../committee.ts';
import { type Layout, memberName } from '../layout.ts';
import { typeVerb } from './type-verb.ts';
import { witness } from './witness.ts';

/** While Temporal is being killed and started, a member types the same command again. */
const DELIVERY_MS = 300_000;

export type Voting = {
  readonly layout: Layout;
  readonly signal: AbortSignal;
  readonly incident: string;
  readonly step: string;
  /** The playbook that was reviewed. */
  readonly playbook: string;
};

/** Whose vote it was, and how many seats have approved with it. */
export type Counted = { readonly member: string; readonly atMs: number; readonly have: number; readonly need: number };

/** The question as a file that can be carried to any machine; anyone may write it. */
export async function fetchRequest({ layout, signal, incident, step }: Voting): Promise<string> {
  const request = join(layout.committee.dir, `${step}-request.json`);
  rmSync(request, { force: true });
  await witness({ what: `fetching the request of ${step}`, timeoutMs: DELIVERY_MS, signal }, () =>
    typeVerb(layout.committee.dir, [
      'vote',
      'fetch',
      incident,
      '--step',
      step,
      '--out',
      request,
      '--data',
      layout.root,
    ]),
  );
  return request;
}

/**
 * One member at a desk of their own: their machine computes what is asked from the playbook that they reviewed, they sign with their own
 * key, and hand the vote to the run; again, when Temporal did not answer.
 */
export async function memberApproves(voting: Voting, request: string, member: number): Promise<Counted> {
  const { layout, signal, step, playbook } = voting;
  const desk = layout.committee.desk(member);
  const vote = join(desk, `${step}-vote.json`);
  rmSync(vote, { force: true });
  const reviewed = [
    '--playbook',
    playbookFolder(layout, playbook),
    '--catalogue',
    join(layout.playbooks, 'catalogue.yaml'),
  ];
  const own = ['--key', layout.committee.member(member), '--library', layout.playbooks, '--data', layout.root];
  const expected = { what: `the vote of ${memberName(member)} on ${step}`, timeoutMs: DELIVERY_MS, signal };
  const { have, need } = await witness(expected, () =>
    existsSync(vote)
      ? typeVerb(desk, ['vote', 'send', vote, '--data', layout.root])
      : typeVerb(desk, ['approve', request, ...reviewed, ...own, '--out', vote, '--yes', '--send']),
  );
  return { member: memberName(member), atMs: Date.now(), have: Number(have), need: Number(need) };
}

/** Seven members sign one lift, each with their own key, and anyone hands it to the run. */
export async function committeeLifts(voting: Voting, members: readonly number[], above: number): Promise<number> {
  const { layout, incident, signal } = voting;
  const file = join(layout.committee.dir, `lift-${above + 1}.json`);
  rmSync(file, { force: true });
  const where = ['--network', layout.network];
  const number = String(above + 1);
  const words = ['--reason', 'the key was rotated and the coins are under the new one', '--for', '1h'];
  await typeVerb(layout.committee.dir, [
    'order',
    'make',
    'lift',
    ...words,
    '--number',
    number,
    '--out',
    file,
    ...where,
  ]);
  for (const member of members)
    await typeVerb(layout.committee.desk(member), [
      'order',
      'sign',
      file,
      '--key',
      layout.committee.member(member),
      '--yes',
      ...where,
    ]);
  const handed = await witness({ what: 'handing over the lift', timeoutMs: DELIVERY_MS, signal }, () =>
    typeVerb(layout.committee.dir, ['incident', 'order', incident, file, '--data', layout.root]),
  );
  if (Number(handed['number']) === above + 1) return above + 1;
  throw new FirebreakFailure('unknown-outcome.story', `the run did not take lift ${number}`);
}
