import type { Removal } from './removal.ts';

const ORDERS = 'domain/committee/order.test.ts';
const ATTACKS = 'domain/approval/attacks.test.ts';
const GRANTS = 'domain/committee/grant.test.ts';
const MESSAGES = 'validator/custody/messages.test.ts';
const RENEWALS = 'validator/custody/renewals.test.ts';
const HEADS = 'validator/custody/audit-heads.test.ts';

const order = (...rules: readonly string[]) => [
  { file: ORDERS, titles: rules.map((rule) => `refused among orders: ${rule}`) },
];
const vote = (...rules: readonly string[]) => [
  { file: ATTACKS, titles: rules.map((rule) => `refused among votes: ${rule}`) },
];
const epoch = (...rules: readonly string[]) => [
  { file: ATTACKS, titles: rules.map((rule) => `refused among epochs: ${rule}`) },
];
const grant = (...rules: readonly string[]) => [
  { file: GRANTS, titles: rules.map((rule) => `refused among grants: ${rule}`) },
];

/** What a committee must have said, and when, before anybody obeys; and what is witnessed of it. */
export const removals: readonly Removal[] = [
  {
    name: 'the quorum of an order',
    why: 'one member, or nobody, could freeze and lift',
    file: 'domain/committee/order.ts',
    text: "if (have < need) return refuse('policy.order-quorum'",
    instead: "if (have < 0) return refuse('policy.order-quorum'",
    noticedBy: [
      ...order('a lift with the signatures of a freeze quorum', 'principal and deputy as two seats'),
      { file: MESSAGES, titles: ['an order with too few signatures is not obeyed'] },
    ],
  },
  {
    name: 'the environment of an order',
    why: 'a lift that was practised would lift',
    file: 'domain/committee/order.ts',
    text: 'order.environment !== genesis.environment || order.network !== genesis.name',
    instead: 'order.environment === undefined',
    noticedBy: order('an order of a drill', 'an order of another network'),
  },
  {
    name: 'the committee of an order',
    why: 'members who left could lift',
    file: 'domain/committee/order.ts',
    text: 'if (order.committeeEpoch !== genesis.committee.epoch) {',
    instead: 'if (order.committeeEpoch === undefined) {',
    noticedBy: order('an order of another epoch'),
  },
  {
    name: 'the number of an order',
    why: 'a lift of last month would end the freeze of today',
    file: 'domain/committee/order.ts',
    text: 'if (order.number <= current.number) {',
    instead: 'if (order.number < 0) {',
    noticedBy: order('an order that was overtaken', 'an order presented again after the next one'),
  },
  {
    name: 'the expiry of an order',
    why: 'an order that was never presented could be, for ever',
    file: 'domain/committee/order.ts',
    text: 'if (order.expiresAtSeconds <= nowSeconds) return',
    instead: 'if (order.expiresAtSeconds < 0) return',
    noticedBy: [
      ...order('an order in the second of its expiry'),
      { file: MESSAGES, titles: ['an order with an expiry in the past is not obeyed'] },
    ],
  },
  {
    name: 'the longest term of an order',
    why: 'one quorum could stop payouts for a century',
    file: 'domain/committee/order.ts',
    text: 'if (order.expiresAtSeconds > nowSeconds + ORDER_SECONDS_MAX) {',
    instead: 'if (order.expiresAtSeconds < 0) {',
    noticedBy: order('an order that would hold for more than ninety days'),
  },
  {
    name: 'the end of numbers',
    why: 'one order could use up all numbers, and none could follow it',
    file: 'domain/committee/order.ts',
    text: 'if (order.number > nowSeconds) {',
    instead: 'if (order.number < 0) {',
    noticedBy: order('an order that would use up the numbers'),
  },
  {
    name: 'the cap on renewals of a freeze',
    why: 'three members could hold payouts for ever',
    file: 'domain/committee/renewals.ts',
    text: 'if (freezesInARow(before, committee, nowSeconds) <= FREEZE_RENEWALS_MAX) return accept(signed);',
    instead: 'if (freezesInARow(before, committee, nowSeconds) >= 0) return accept(signed);',
    noticedBy: [
      {
        file: 'domain/committee/renewals.test.ts',
        titles: ['three members freeze and renew three times in a row, and no fourth time'],
      },
      {
        file: RENEWALS,
        titles: [
          'a freeze quorum renews its freeze three times; the fourth is refused, recorded and changes nothing, after a crash as well',
        ],
      },
    ],
  },
  {
    name: 'the cap on a present number that is signed again',
    why: 'three members could hold payouts for ever with one number',
    file: 'validator/custody/orders.ts',
    text: 'const capped = cap(signed, judging);\n    if (isWinner',
    instead: 'const capped = undefined as Refused | undefined;\n    if (isWinner',
    noticedBy: [
      { file: RENEWALS, titles: ['signing the present number again, for longer, is a renewal like any other'] },
    ],
  },
  {
    name: 'the rank of freezes of one number',
    why: 'three members could hold payouts for ever behind a short freeze that ended long ago',
    file: 'validator/custody/journal/orders.ts',
    text: 'return outranks(one.order, other.order) ? -1 : 1;',
    instead: 'return outranks(one.order, other.order) ? 1 : -1;',
    noticedBy: [
      {
        file: RENEWALS,
        titles: [
          'one number signed again and again counts each time, also when a short freeze of it ended long before',
        ],
      },
    ],
  },
  {
    name: 'the room for orders that were in force',
    why: 'three members could fill a journal with what they signed twice, and then hold payouts for ever',
    file: 'validator/custody/journal/double-signed.ts',
    text: '  table.replace(rowOf(evidence, obeyedAtMs));',
    instead: '  if (table.count() < EVIDENCE_KEPT_MAX) table.replace(rowOf(evidence, obeyedAtMs));',
    noticedBy: [{ file: RENEWALS, titles: ['a journal full of what was signed twice still counts what it obeyed'] }],
  },
  {
    name: 'the freezes that came after a later one',
    why: 'how often a freeze can be renewed would depend on the order in which validators hear of it',
    file: 'validator/custody/orders.ts',
    text: "if (judged.refusal.code === 'conflict.order-number') keepOvertaken(signed, judging);",
    instead: '',
    noticedBy: [
      {
        file: RENEWALS,
        titles: ['a freeze that comes after a later one is refused, and one of the row all the same'],
      },
    ],
  },
  {
    name: 'one voice of each seat',
    why: 'one member could be a quorum',
    file: 'domain/committee/committee.ts',
    text: 'if (seat === undefined || seats.has(seat.seat) || !signedBy(seat.key, digest, signature)) return false;',
    instead: 'if (seat === undefined || !signedBy(seat.key, digest, signature)) return false;\n    return true;',
    noticedBy: order('principal and deputy as two seats', 'one member three times'),
  },
  {
    name: 'the signatures of members',
    why: 'whoever knows the names of members could sign for them',
    file: 'domain/committee/committee.ts',
    text: ' || !signedBy(seat.key, digest, signature)) return false;',
    instead: ') return false;',
    noticedBy: order('an expiry moved after signing', 'votes on a freeze as signatures of an order'),
  },
  {
    name: 'the digest of what was voted on',
    why: 'arguments could be put in the place of those that the members read',
    file: 'domain/approval/vote.ts',
    text: "  ['arguments', 'policy.vote-arguments'],\n",
    instead: '',
    noticedBy: vote('arguments that changed after the vote'),
  },
  {
    name: 'the run of a vote',
    why: 'approvals of the last incident would approve in this one',
    file: 'domain/approval/vote.ts',
    text: "  ['run', 'policy.vote-run'],\n",
    instead: '',
    noticedBy: vote('votes of an earlier run'),
  },
  {
    name: 'the playbook of a vote',
    why: 'a playbook could be edited after it was approved',
    file: 'domain/approval/vote.ts',
    text: "  ['playbook', 'policy.vote-playbook'],\n",
    instead: '',
    noticedBy: vote('votes on a playbook that was edited since'),
  },
  {
    name: 'the signature of a ballot',
    why: 'whoever carries votes could make them',
    file: 'domain/approval/vote.ts',
    text: "return refuse('policy.vote-signature', `signature of ${seat.key.name} does not fit this vote`);",
    instead: '',
    noticedBy: vote('a rejection turned into an approval', 'a signature of another member under this name'),
  },
  {
    name: 'the environment of a vote',
    why: 'votes of a drill would move coins',
    file: 'domain/approval/vote.ts',
    text: 'if (subject.environment !== environment) {',
    instead: 'if (subject.environment === undefined) {',
    noticedBy: vote('votes of a drill in production'),
  },
  {
    name: 'the expiry of a vote',
    why: 'approvals would be kept for the next time they are of use',
    file: 'domain/approval/vote.ts',
    text: "if (subject.expiresAtSeconds <= nowSeconds) return refuse('policy.vote-expired', 'the time to vote is over');",
    instead: '',
    noticedBy: vote('votes that have expired', 'votes in the second of their expiry'),
  },
  {
    name: 'the committee of a vote',
    why: 'members who left could approve',
    file: 'domain/approval/vote.ts',
    text: 'if (subject.committeeEpoch !== committee.epoch) {',
    instead: 'if (subject.committeeEpoch === undefined) {',
    noticedBy: vote('votes of the committee before the hand-over'),
  },
  {
    name: 'the digest of the committee of a vote',
    why: 'members of a fork with the same number could approve',
    file: 'domain/approval/vote.ts',
    text: 'if (subject.committee !== committeeDigest(committee)) {',
    instead: 'if (subject.committee === undefined) {',
    noticedBy: vote('votes of a committee that has the same epoch number and other members'),
  },
  {
    name: 'the number of a committee',
    why: 'an epoch could be left out or presented twice',
    file: 'domain/committee/epoch.ts',
    text: 'if (epoch.committee.epoch !== committee.epoch + 1) {',
    instead: 'if (epoch.committee.epoch === undefined) {',
    noticedBy: epoch('an epoch number of its own choice'),
  },
  {
    name: 'the committee that hands over',
    why: 'a second successor could be followed as well as the first',
    file: 'domain/committee/epoch.ts',
    text: 'if (epoch.previous !== committeeDigest(committee)) {',
    instead: 'if (epoch.previous === undefined) {',
    noticedBy: epoch('a hand-over from a committee that only looks like the pinned one'),
  },
  {
    name: 'the quorum of a hand-over',
    why: 'a committee could appoint itself',
    file: 'domain/committee/epoch.ts',
    text: 'if (have < need)',
    instead: 'if (have < 0)',
    noticedBy: epoch('a hand-over signed by six where seven are needed', 'a committee that appoints itself'),
  },
  {
    name: 'the hands of the next committee',
    why: 'a hand-over to keys that nobody holds would leave nobody to lift a freeze',
    file: 'domain/committee/epoch.ts',
    text: 'if (haveNew < needNew) {',
    instead: 'if (haveNew < 0) {',
    noticedBy: epoch('a committee whose keys nobody has shown to hold'),
  },
  {
    name: 'the quorum of a grant',
    why: 'two members could let a playbook freeze for months',
    file: 'domain/committee/grant.ts',
    text: "if (have < need) return refuse('policy.grant-quorum'",
    instead: "if (have < 0) return refuse('policy.grant-quorum'",
    noticedBy: grant('a standing order that two members signed', 'break-glass signed by a freeze quorum'),
  },
  {
    name: 'the count of uses of a grant',
    why: 'one grant would freeze as often as its playbook runs',
    file: 'domain/committee/grant-use.ts',
    text: 'if (past.length >= limits.usesMax) return',
    instead: 'if (past.length < 0) return',
    noticedBy: grant('a third use of two'),
  },
  {
    name: 'the holders of break-glass',
    why: 'any member could stop all payouts alone',
    file: 'domain/committee/grant-use.ts',
    text: 'if (have < grant.holdersNeeded) {',
    instead: 'if (have < 0) {',
    noticedBy: grant('break-glass used by a member who is no holder', 'break-glass used without a signature'),
  },
  {
    name: 'the order that a use of a grant follows',
    why: 'a freeze that the committee has lifted could be made again with the same use',
    file: 'domain/committee/grant-use.ts',
    text: 'if (use.afterOrder < current.number) {',
    instead: 'if (use.afterOrder < 0) {',
    noticedBy: grant('a use that is replayed after the lift'),
  },
  {
    name: 'the heads of evidence that were signed before',
    why: 'a coordinator could have two histories of one incident witnessed',
    file: 'validator/custody/audit-heads.ts',
    text: 'if (fork !== undefined) {',
    instead: 'if (fork === null) {',
    noticedBy: [
      {
        file: HEADS,
        titles: ['no second history is signed: not at the same length, not longer, not shorter, not after a crash'],
      },
      { file: HEADS, titles: ['of heads that two copies of one validator signed, every one must be continued'] },
    ],
  },
  {
    name: 'hashing the records of evidence',
    why: 'a head would be witnessed of records that nobody has seen',
    file: 'validator/custody/audit-heads.ts',
    text: 'toHex(head.root) !== walked.root',
    instead: 'head.root.length === 0',
    noticedBy: [
      {
        file: HEADS,
        titles: ['what it signs it has hashed itself: a head that does not follow from the records is no request'],
      },
    ],
  },
  {
    name: 'standing aside for a twin',
    why: 'a copied validator would sign beside its original, from two memories',
    file: 'validator/custody/answering.ts',
    text: 'standing.doubt === undefined',
    instead: 'standing !== undefined',
    noticedBy: [{ file: HEADS, titles: ['a validator that stands aside for a twin signs no head'] }],
  },
];
