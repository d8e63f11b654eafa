/** What evidence.md demands of runs, of their steps, and of the commands that members sign for them. */
import canonicalize from 'canonicalize';
import { demand, digest, findVoter, isSigned } from './verify-votes.mjs';

const SEVERITIES = ['SEV1', 'SEV2', 'SEV3', 'SEV4'];
const same = (one, other) => canonicalize(one) === canonicalize(other);

/** The command that a record encloses, judged for one execution at the time of the record. */
function commandOf(world, { one, incident, by, atMs }, execution) {
  const { command, signature } = one('command');
  const { environment, network, number, expiresAtSeconds: ends } = command;
  const place = { environment, network, incident: command.incident, execution: command.execution };
  const { environment: here, name } = world.network;
  const chain = incident.slice(0, incident.lastIndexOf('/'));
  demand(same(place, { environment: here, network: name, incident: chain, execution }), 'a command for elsewhere');
  const now = Math.floor(atMs / 1000);
  demand(ends > now && ends <= now + 3600, 'a command of another time');
  const last = world.commands.get(execution) ?? 0;
  demand(Number.isSafeInteger(number) && number > last && number <= atMs + 300_000, 'not the next command');
  const key = findVoter(world.committee, signature.member);
  demand(key !== undefined && signature.member === by, 'a command of a stranger');
  demand(isSigned(key, digest('firebreak/incident-command/v1', command), signature.signature), 'a command unsigned');
  world.commands.set(execution, number);
  return command;
}

/** Its playbook is pinned, by name and digest, at that step of the run around it, as soon as that one is known. */
export function checkInside(world, { within, name, digest: plan }) {
  const around = within === undefined ? undefined : world.runs.get(within.run);
  if (around === undefined) return;
  const { playbook, digest: pinned } = around.step(within.step) ?? {};
  demand(playbook === name && pinned === plan, 'a run that the plan around it does not name');
}

const OF_THE_INCIDENT =
  'incident.opened alert.joined alert.resolved severity.changed role.taken note.added head.signed records.dropped incident.closed';

/** A record names the plan of its run, or of one that was opened; what the incident says names none. */
export function checkPlaybook({ runs }, { kind, playbook, facts }) {
  if (playbook === undefined) return;
  demand(!OF_THE_INCIDENT.split(' ').includes(kind), 'a plan of the incident');
  const own = facts.run === undefined ? [...runs.values()] : [runs.get(facts.run)];
  demand(
    own.some(({ digest: plan }) => plan === playbook),
    'a plan that no run executes',
  );
}

/** Whether the step at this path was begun: in the run, or in one inside of it. */
function isBegun(world, run, [step, ...inner]) {
  if (![...world.run(run).started.values()].includes(step)) return false;
  const isInside = ({ 0: name, 1: { within } }) =>
    within?.run === run && within.step === step && isBegun(world, name, inner);
  return inner.length === 0 || [...world.runs].some(isInside);
}

export const RUN_RULES = {
  'playbook.ended'({ run, outcome }, world) {
    const ended = world.run(run);
    demand(ended.outcome === undefined, 'ended twice');
    ended.outcome = outcome;
    if (ended.within === undefined) world.outcome = outcome;
  },
  'step.started'({ run, step, key }, world) {
    demand(world.run(run).step(step) !== undefined, 'no such step');
    world.run(run).started.set(key, step);
  },
  'step.undone': ({ run, step }, world) => demand(isBegun(world, run, step.split('/')), 'never begun'),
  'severity.changed'({ from, to, reason }, world, record) {
    const isLowered = [from, world.severity].some((each) => SEVERITIES.indexOf(to) > SEVERITIES.indexOf(each));
    world.severity = to;
    if (!isLowered) return;
    const { command, arguments: given } = commandOf(world, record, record.incident);
    const isIt = command === 'lower-severity' && given.severity === to && given.reason === reason;
    demand(isIt, 'another command');
  },
  'run.told'({ run, what, reason }, world, record) {
    world.run(run);
    if (what !== 'undo' && what !== 'resume') return;
    const { command, arguments: given } = commandOf(world, record, run);
    demand(command === what && given.reason === reason, 'another command');
  },
  'incident.closed'({ outcome }, world) {
    demand(['closed', 'failed', 'done'].includes(outcome), 'no outcome');
    demand(outcome !== 'done' || world.outcome === 'done', 'its run has not ended well');
    world.closed = true;
  },
};
