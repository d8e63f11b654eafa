/** What evidence.md demands of each kind of record: one function per kind, given the facts, the world so far, and the record. */
import canonicalize from 'canonicalize';
import { checkInside, RUN_RULES } from './evidence-runs.mjs';
import {
  checkEpoch,
  committeeDigest,
  demand,
  digest,
  findVoter,
  isSigned,
  quorumOf,
  verifyVotes,
} from './verify-votes.mjs';

const same = (one, other) => canonicalize(one) === canonicalize(other);
const inOrder = (numbers) => [...numbers].sort((one, other) => one - other);
const byName = (names) => [...names].sort((one, other) => (one < other ? -1 : 1));
const subjectDigest = (subject) => digest('firebreak/vote-subject/v1', subject);
const coveredDigest = (covers) => digest('firebreak/covered-steps/v1', covers);

const everyStep = (steps) =>
  steps.flatMap((step) => [
    step,
    ...[
      ...Object.values(step.parallel?.branches ?? {}),
      ...(step.switch === undefined ? [] : [...step.switch.cases.map(({ steps: own }) => own), step.switch.otherwise]),
      step.repeat?.steps ?? [],
      step.forEach?.steps ?? [],
    ].flatMap(everyStep),
  ]);

function distinctSeats(signatures, signed, committee) {
  const valid = signatures.filter(({ member, signature }) => {
    const key = findVoter(committee, member);
    return key !== undefined && isSigned(key, signed, signature);
  });
  return new Set(valid.map(({ member }) => findVoter(committee, member).seat)).size;
}
function checkOrder({ order, signatures }, { network, committee }, now) {
  const at = Math.min(now, order.expiresAtSeconds - 1);
  demand(order.environment === network.environment && order.network === network.name, 'order of elsewhere');
  demand(order.committeeEpoch === committee.epoch && order.scope === 'payouts', 'order of another committee');
  demand(order.number <= at && order.expiresAtSeconds <= at + 7_776_000, 'order for too long');
  const have = distinctSeats(signatures, digest('firebreak/order/v1', order), committee);
  demand(have >= quorumOf(committee, order.kind), 'order without quorum');
}
function checkStanding(world, validators, { envelopes }, kind, holds) {
  const { threshold, validators: all } = world.network;
  const said = world.statementsOf(envelopes);
  demand(same(inOrder(said.keys()), validators), 'statements of others');
  const need = kind === 'freeze' ? all.length - threshold + 1 : threshold;
  demand([...said.values()].every(holds) && validators.length >= need, 'not obeyed by enough');
}
/** The committee with this digest, if the records have come past it. */
const passedBy = ({ network, chain }, digest) =>
  [network.committee, ...chain.map(({ epoch }) => epoch.committee)].find((each) => committeeDigest(each) === digest);

function checkEndorsement({ endorsement, signatures }, committee, name, plan) {
  const isIt = endorsement.plan === plan && endorsement.playbook === name;
  demand(isIt && endorsement.committee === committeeDigest(committee), 'endorsement of another plan');
  const have = distinctSeats(signatures, digest('firebreak/endorsement/v1', endorsement), committee);
  demand(have >= quorumOf(committee, 'change'), 'endorsement without quorum');
}

/* One rule per kind: what it demands of the facts, given the world so far and the record's documents. */
export const RULES = {
  ...RUN_RULES,
  'incident.opened'({ severity }, world, { count }) {
    demand(count === 1, 'opened twice');
    world.severity = severity;
  },
  'playbook.opened'({ run, name, plan, within }, world, { one }) {
    const document = one('plan');
    const isIt = digest('firebreak/plan/v1', document) === plan && document.name === name;
    demand(isIt && !world.runs.has(run), 'another plan');
    if (within === undefined && world.network.environment !== 'development')
      checkEndorsement(one('endorsement'), world.committee, name, plan);
    const steps = everyStep(document.steps);
    const step = (id) => steps.find((each) => each.id === id);
    const opened = { digest: plan, name, within, steps, step, started: new Map() };
    checkInside(world, opened);
    world.runs.set(run, opened);
  },
  'committee.changed'({ epoch, committee }, world, { one }) {
    const signed = one('epoch');
    const next = signed.epoch.committee;
    demand(next.epoch === epoch && committeeDigest(next) === committee, 'another epoch');
    if (passedBy(world, committee) !== undefined) return;
    world.committee = checkEpoch(signed, world.committee, world.network);
    world.chain.push(signed);
  },
  'step.ended'({ run, step: id, key, outcome, approval }, world) {
    const { steps, step, started } = world.run(run);
    const asked = world.asked.get(approval);
    const isOfIt = asked?.certified && asked.run === run && asked.covers.some((each) => each.step === id);
    demand(step(id) !== undefined && (outcome !== 'finished' || started.get(key) === id), 'never begun');
    demand(approval === undefined || isOfIt, 'votes about another step');
    const isFinal = step(id).effect === 'irreversible' && step(id).playbook === undefined;
    const isCovered = steps.some((each) => each.approval?.covers.includes(id));
    demand(outcome !== 'finished' || approval !== undefined || !(isFinal || isCovered), 'no votes');
  },
  'approval.asked'({ run, step, subject, class: kind }, world, { one }) {
    const { subject: asked, covers } = one('request');
    const { digest: playbook, step: planned } = world.run(run);
    const words = { run, step, class: kind, playbook, arguments: coveredDigest(covers) };
    demand(subjectDigest(asked) === subject && same({ ...asked, ...words }, asked), 'another request');
    const ids = covers.map((each) => each.step);
    const { class: plannedClass, covers: plannedIds = [] } = planned(step)?.approval ?? {};
    demand(plannedClass === kind && same(byName(ids), byName(plannedIds)), 'not what the plan asks');
    const isFixed = ({ step: id, arguments: given }) =>
      Object.entries(planned(id).with).every(
        ([name, { literal }]) => literal === undefined || same(given[name], { value: literal }),
      );
    demand(covers.every(isFixed), 'other arguments than the plan gives');
    const committee = passedBy(world, asked.committee);
    demand(committee !== undefined, 'a request to no committee of this network');
    world.asked.set(subject, { run, step, covers, committee, votes: new Map(), certified: false });
  },
  'vote.counted'({ subject, voter, choice }, world, { by }) {
    const { votes, committee } = world.asked.get(subject) ?? {};
    const isSeated = committee !== undefined && findVoter(committee, voter) !== undefined;
    demand(votes !== undefined && by === voter && !votes.has(voter) && isSeated, 'no vote');
    votes.set(voter, choice);
  },
  'approval.certified'({ run, step, subject }, world, { one, now }) {
    const { certificate, covers } = one('proof');
    const { step: planned, digest: playbook } = world.run(run);
    const { class: kind, quorum } = planned(step).approval;
    const expected = { playbook, run, step, arguments: coveredDigest(covers), class: kind, quorum };
    const { network: genesis, chain } = world;
    const verdict = verifyVotes({ genesis, chain, certificate, expected, nowSeconds: now });
    demand(verdict.ok, verdict.code);
    const asked = world.asked.get(subject);
    demand(asked?.run === run && asked.step === step && subjectDigest(certificate.subject) === subject, 'other votes');
    const counted = certificate.ballots.every(({ voter, choice }) => asked.votes.get(voter) === choice);
    demand(counted && certificate.ballots.length === asked.votes.size, 'other ballots than were counted');
    asked.certified = true;
  },
  'order.handed'({ kind, number, order: named }, world, { one, now }) {
    const { order } = one('order');
    const isIt = digest('firebreak/order/v1', order) === named && order.kind === kind && order.number === number;
    demand(isIt, 'another order');
    checkOrder(one('order'), world, now);
  },
  'order.obeyed'({ number, untilSeconds, validators }, world, { one, now }) {
    const { order } = one('order');
    const ends = order.kind === 'freeze' ? order.expiresAtSeconds : 0;
    demand(order.number === number && untilSeconds === ends, 'another order');
    checkOrder(one('order'), world, now);
    demand(number >= world.obeyed, 'an older order');
    const isHeld = (until) => (order.kind === 'freeze' ? until >= ends : until === 0);
    const holds = ({ 1: at = 0, 2: until = 0 }) => at > number || (at === number && isHeld(until));
    checkStanding(world, validators, one('statements'), order.kind, holds);
    world.obeyed = number;
  },
  'grant.used'({ grant, use, untilSeconds, validators }, world, { one, playbook }) {
    const { grant: given, signatures } = one('grant');
    const { use: used } = one('grant-use');
    const isIt = digest('firebreak/grant/v1', given) === grant && digest('firebreak/grant-use/v1', used) === use;
    demand(isIt && used.grant === grant, 'another grant or use');
    demand(used.startedAtSeconds + used.freezeSeconds === untilSeconds, 'another end');
    demand(given.committee === committeeDigest(world.committee), 'a grant of another committee');
    const need = quorumOf(world.committee, given.kind === 'standing-order' ? 'freeze' : 'change');
    demand(distinctSeats(signatures, grant, world.committee) >= need, 'a grant without quorum');
    const isKnown = [...world.runs.values()].some((run) => run.digest === used.playbook);
    demand(used.playbook === undefined || isKnown, 'a use of another playbook');
    const isNamed = playbook === undefined || used.playbook === undefined || used.playbook === playbook;
    demand(isNamed, 'a use of another playbook than is named');
    demand(used.afterOrder >= world.obeyed, 'a use before the last order');
    const holds = ({ 1: at = 0, 2: until = 0 }) => until >= untilSeconds && at <= used.afterOrder;
    checkStanding(world, validators, one('statements'), 'freeze', holds);
  },
  'key.certified'({ run, step, keyset, epoch }, world, { one }) {
    const { package: key, signatures } = one('key-certificate');
    const { digest: playbook, steps } = world.run(run);
    demand(key.keyset === keyset && key.epoch === epoch && one('ceremony').keyset === keyset, 'another key');
    const isCovered = steps.some((each) => each.approval?.covers.includes(step));
    demand(same(key.origin, { run, step, playbook }) || (key.origin === undefined && !isCovered), 'another origin');
    const isSignedBy = (id) => {
      const { signature = '' } = signatures.find(({ validator }) => validator === id) ?? {};
      const { identity } = world.network.validators.find((entry) => entry.id === id);
      return isSigned({ key: identity }, digest('firebreak/certificate/v1', key), signature);
    };
    demand(key.participants.every(isSignedBy), 'a certificate that not all have signed');
  },
  'vaults.swept'({ vaults, swept }, _world, { documents }) {
    const transcripts = documents.filter(({ what }) => what === 'ceremony').length;
    demand(swept <= vaults && transcripts <= swept, 'more than there are');
  },
  'task.answered': ({ values }, _world, { documents }) =>
    demand(values !== undefined || documents.some(({ what }) => what === 'answers'), 'no answers'),
  'head.signed'({ validators, ...head }, world, { one, incident, count }) {
    const { head: signed, statements } = one('heads');
    const here = { incident, ...head };
    demand(head.count > 0 && head.count < count && same(signed, here), 'another head');
    const isOfIt = head.head === world.digests[head.count - 1];
    demand(isOfIt && head.root === world.rootOf(world.digests.slice(0, head.count)), 'another chain');
    demand(same(world.checkHead({ ...here, statements }), validators), 'other signers');
  },
};
