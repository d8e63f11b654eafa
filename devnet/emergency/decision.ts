import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { pool } from '../../toolchain/pool.mjs';
import { EMERGENCY_PLAYBOOK } from '../committee.ts';
import { MEMBER_COUNT, QUORUM } from '../layout.ts';
import { untilFinished, untilRun } from './incident.ts';
import { type Killed, killActiveWorker, killTemporal, untilBack } from './kills.ts';
import { committeeLifts, type Counted, fetchRequest, memberApproves, type Voting } from './members.ts';
import { reportsOf } from './reports.ts';
import { type EmergencyStage, handled, note } from './stage.ts';
import { witness } from './witness.ts';

const STEP_MS = 300_000;
const LIFT_MS = 180_000;
/** The last seven of the ten: any would do. */
const voters = Array.from({ length: QUORUM.lift }, (_unused, index) => MEMBER_COUNT - index);

/** Votes come in while the worker that counts them dies, and then the engine that keeps them. */
export async function approved(stage: EmergencyStage, say: (line: string) => void): Promise<string> {
  const { network, client, kill } = stage;
  const { incident } = handled(stage);
  const ballot = await ballotFor(stage, 'consent');
  const counted = await votes(stage, ballot, voters.slice(0, 2), say);
  if (kill) struck(stage, await killActiveWorker(network, client, incident.run), say);
  counted.push(...(await votes(stage, ballot, voters.slice(2, 4), say)));
  const [late] = await Promise.all([
    votes(stage, ballot, voters.slice(4), say),
    kill ? engineDies(stage, say) : undefined,
  ]);
  counted.push(...late);
  const have = Math.max(...counted.map((one) => one.have));
  if (have < QUORUM.lift)
    throw new FirebreakFailure('unknown-outcome.story', `${have} of ${QUORUM.lift} votes were counted`);
  await untilFinished(handled(stage), 'consent', STEP_MS);
  return `each a process with its own key${kill ? ', through the death of a worker and of Temporal' : ''}`;
}

/** The same people sign again: a click in the engine's page opens nothing. */
export async function lifted(stage: EmergencyStage, say: (line: string) => void): Promise<string> {
  const { network, freeze = 0 } = stage;
  const ballot = await ballotFor(stage, 'reopenConsent');
  await votes(stage, ballot, voters, say);
  const { above } = await untilRun(handled(stage), 'the request for a signed lift', STEP_MS, ({ orders }) => orders[0]);
  const number = await committeeLifts(ballot.voting, voters, Math.max(above, freeze));
  note(stage, 'committee', `${voters.length} members signed lift ${number}`);
  const free = await witness(
    { what: 'the lift in every validator', timeoutMs: LIFT_MS, signal: network.signal },
    async () => {
      const reports = await reportsOf(stage);
      return reports.every(({ frozenUntilSeconds }) => frozenUntilSeconds === undefined) ? reports : undefined;
    },
  );
  note(stage, 'validators', `all ${free.length} obey the lift`);
  return `obeyed by all ${free.length} validators, order ${number}`;
}

type Ballot = { readonly voting: Voting; readonly request: string };

/** Waits until the run asks the committee, and takes the question out as a file. */
async function ballotFor(stage: EmergencyStage, step: string): Promise<Ballot> {
  const { layout, signal } = stage.network;
  const { incident } = handled(stage);
  await untilRun(handled(stage), `the question of ${step}`, STEP_MS, ({ approvals }) =>
    approvals.find(({ request }) => request.subject.step === step),
  );
  const voting = { layout, signal, incident: incident.key, step, playbook: EMERGENCY_PLAYBOOK };
  return { voting, request: await fetchRequest(voting) };
}

/** As many commands at once as there are people who happen to type at the same moment: seven machines are here one. */
const DESKS_AT_ONCE = 2;

/** Nobody waits for anybody's vote: each member votes when they have read it. */
const votes = (
  stage: EmergencyStage,
  { voting, request }: Ballot,
  members: readonly number[],
  say: (line: string) => void,
): Promise<Counted[]> =>
  pool(members, DESKS_AT_ONCE, async (member) => {
    const counted = await memberApproves(voting, request, member);
    const words = `approved ${voting.step}: ${counted.have} of ${counted.need}`;
    note(stage, counted.member, words, counted.atMs);
    say(`${counted.member} ${words}`);
    return counted;
  });

async function engineDies(stage: EmergencyStage, say: (line: string) => void): Promise<void> {
  const killed = killTemporal(stage.network);
  struck(stage, killed, say);
  await untilBack(stage.network, killed);
}

function struck(stage: EmergencyStage, { name, pid, atMs }: Killed, say: (line: string) => void): void {
  note(stage, name, `KILLED with SIGKILL, process ${pid}`, atMs);
  say(`${name} killed`);
}
