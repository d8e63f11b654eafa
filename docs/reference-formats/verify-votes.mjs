/**
 * Checks one vote certificate, alone: written from votes.md beside this file, and knows nothing of the platform.
 *
 *   node verify-votes.mjs network.json chain.json certificate.json expected.json [unix-seconds]
 *
 * `chain.json` is {"version": 1, "epochs": []}; `expected.json` holds playbook, run, step, arguments, class and perhaps quorum. Prints one line of JSON;
 * exit code 0 when the certificate is to be obeyed, 1 when not.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr } from '@noble/curves/secp256k1.js';
import canonicalize from 'canonicalize';

const CLASSES = ['freeze', 'lift', 'change'];
const CHOICES = ['approve', 'reject', 'abstain', 'push-back'];
const SIZES = { ed25519: [32, 64], secp256k1: [32, 64], 'ml-dsa-65': [1952, 3309] };
/** SPKI header of an ML-DSA-65 key (RFC 9881); the raw key follows. */
const ML_DSA_SPKI = Buffer.from('308207b2300b0609608648016503040312038207a100', 'hex');
class Refusal extends Error {}
const demand = (holds, code) => {
  if (!holds) throw new Refusal(code);
};
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
function digest(tag, value) {
  const prefix = sha256(tag);
  return sha256(Buffer.concat([prefix, prefix, Buffer.from(canonicalize(value), 'utf8')])).toString('hex');
}
const algorithmOf = ({ algorithm }) => algorithm ?? 'ed25519';
const isHex = (text, bytes) => text.length === 2 * bytes && /^[0-9a-f]*$/.test(text);
const voterOf = (key) =>
  algorithmOf(key) === 'ed25519' ? key.key : sha256(`${algorithmOf(key)}:${key.key}`).toString('hex');
function isUsable(key) {
  if (!isHex(key.key, SIZES[algorithmOf(key)][0])) return false;
  if (algorithmOf(key) === 'ml-dsa-65') return true;
  try {
    if (algorithmOf(key) === 'ed25519') return !ed25519.Point.fromHex(key.key).isSmallOrder();
    return Boolean(schnorr.utils.lift_x(BigInt(`0x${key.key}`)));
  } catch {
    return false;
  }
}
function isSigned(key, digestHex, signature) {
  const algorithm = algorithmOf(key);
  if (!isHex(key.key, SIZES[algorithm][0]) || !isHex(signature, SIZES[algorithm][1])) return false;
  const [message, bytes, raw] = [digestHex, signature, key.key].map((text) => Buffer.from(text, 'hex'));
  try {
    if (algorithm === 'ed25519') return ed25519.verify(bytes, message, raw, { zip215: false });
    if (algorithm === 'secp256k1') return schnorr.verify(bytes, message, raw);
  } catch {
    return false;
  }
  return verify(null, message, mlDsaKey(raw), bytes);
}
/** Any bytes of the right size are a key; so what is refused is not the key, and no verdict about the vote. */
function mlDsaKey(raw) {
  try {
    return createPublicKey({ key: Buffer.concat([ML_DSA_SPKI, raw]), format: 'der', type: 'spki' });
  } catch (error) {
    throw new Error('this Node cannot check a signature by ML-DSA-65; take Node 24.7 or newer', { cause: error });
  }
}
const quorumOf = ({ quorum }, kind) => (kind === 'change' ? (quorum.change ?? quorum.lift) : quorum[kind]);
const keysOf = ({ members }) =>
  members.flatMap(({ deputy, ...key }, seat) => [{ seat, ...key }, ...(deputy ? [{ seat, ...deputy }] : [])]);
const findVoter = (committee, voter) => keysOf(committee).find((key) => voterOf(key) === voter);
const committeeDigest = (committee) => digest('firebreak/committee/v1', committee);
const seatsOf = (voters, committee) =>
  new Set(keysOf(committee).flatMap((key) => (voters.has(voterOf(key)) ? [key.seat] : []))).size;
const isUnique = (texts) => new Set(texts).size === texts.length;
function checkRules(committee) {
  const [freeze, lift, change] = CLASSES.map((kind) => quorumOf(committee, kind));
  const seats = committee.members.length;
  const keys = keysOf(committee);
  const holds =
    [seats >= 1, freeze >= 1, freeze <= lift, lift <= change, change <= seats, 2 * change > seats].every(Boolean) &&
    isUnique(keys.map(voterOf)) &&
    isUnique(keys.map(({ name }) => name)) &&
    keys.every(isUsable);
  demand(holds, 'policy.committee-rules');
}
function checkEpoch({ epoch, signatures }, before, network) {
  const next = epoch.committee;
  demand(epoch.environment === network.environment && epoch.network === network.name, 'policy.epoch-environment');
  demand(next.epoch === before.epoch + 1, 'policy.epoch-number');
  demand(epoch.previous === committeeDigest(before), 'policy.epoch-previous');
  checkRules(next);
  const signed = digest('firebreak/committee-epoch/v1', epoch);
  const voters = new Set();
  for (const { member, signature } of signatures) {
    const key = findVoter(before, member) ?? findVoter(next, member);
    demand(key !== undefined, 'policy.epoch-stranger');
    demand(!voters.has(member), 'conflict.epoch-repeated');
    demand(isSigned(key, signed, signature), 'policy.epoch-signature');
    voters.add(member);
  }
  demand(seatsOf(voters, before) >= quorumOf(before, 'change'), 'policy.epoch-quorum');
  demand(seatsOf(voters, next) >= quorumOf(next, 'change'), 'policy.epoch-unproven');
  return next;
}
function checkSubject(subject, network, committee, expected, now) {
  demand(subject.environment === network.environment, 'policy.vote-environment');
  demand(subject.network === network.name, 'policy.vote-network');
  demand(subject.committeeEpoch === committee.epoch, 'policy.vote-epoch');
  demand(subject.committee === committeeDigest(committee), 'policy.vote-committee');
  demand(now < subject.expiresAtSeconds, 'policy.vote-expired');
  demand(subject.expiresAtSeconds <= now + 604_800, 'policy.vote-lifetime');
  demand(quorumOf(committee, subject.class) >= quorumOf(committee, expected.class), 'policy.vote-downgraded');
  for (const field of ['playbook', 'run', 'step', 'arguments', 'class']) {
    demand(subject[field] === expected[field], `policy.vote-${field}`);
  }
}
function checkBallot({ signature, ...words }, subject, committee, former, heard) {
  const key = findVoter(committee, words.voter);
  demand(key !== undefined, former.has(words.voter) ? 'policy.vote-revoked' : 'policy.vote-stranger');
  const { choice, comment } = words;
  demand(
    choice === 'push-back' ? comment !== undefined : choice !== 'approve' || comment === undefined,
    'policy.vote-comment',
  );
  demand(isSigned(key, digest('firebreak/vote/v1', { ...subject, ...words }), signature), 'policy.vote-signature');
  const earlier = heard.get(key.seat);
  const isSame = earlier?.choice === choice && earlier?.comment === comment;
  const repeated = isSame ? 'conflict.vote-repeated' : 'conflict.vote-changed';
  demand(earlier === undefined, earlier?.voter === words.voter ? repeated : 'conflict.vote-deputy');
  heard.set(key.seat, words);
}

/* Shapes: the names of a document's fields, those ending in ? may be absent; a field without a test of its own is a text. */
const oneOf = (values) => (value) => values.includes(value);
const listOf = (item) => (value) => Array.isArray(value) && value.every(item);
const isText = (value) => typeof value === 'string';
function shape(names, tests = {}) {
  const fields = names.split(' ').map((name) => [name.replace('?', ''), name.endsWith('?')]);
  const holds = (value, name) => (tests[name] ?? isText)(value[name]);
  return (value) =>
    Object.prototype.toString.call(value) === '[object Object]' &&
    Object.keys(value).every((given) => fields.some(([name]) => name === given)) &&
    fields.every(([name, isOptional]) => (Object.hasOwn(value, name) ? holds(value, name) : isOptional));
}
const whole = Number.isSafeInteger;
const algorithm = oneOf(Object.keys(SIZES));
const committee = shape('epoch members quorum', {
  epoch: whole,
  members: listOf(
    shape('name key algorithm? deputy?', { algorithm, deputy: shape('name key algorithm?', { algorithm }) }),
  ),
  quorum: shape('freeze lift change?', { freeze: whole, lift: whole, change: whole }),
});
const place = { version: oneOf([1]), environment: oneOf(['production', 'drill', 'development']) };
const epoch = shape('version environment network previous committee reason', { ...place, committee });
const isChain = listOf(shape('epoch signatures', { epoch, signatures: listOf(shape('member signature')) }));
const subject = shape(
  'version environment network playbook run step arguments class committeeEpoch committee expiresAtSeconds',
  { ...place, class: oneOf(CLASSES), committeeEpoch: whole, expiresAtSeconds: whole },
);
const ballots = listOf(shape('voter choice comment? signature', { choice: oneOf(CHOICES) }));
const isCertificate = shape('version subject ballots', { version: oneOf([1]), subject, ballots });
/** {ok: true, approvals} or {ok: false, code}. */
export function verifyVotes({ genesis, chain, certificate, expected, nowSeconds }) {
  try {
    demand(committee(genesis.committee) && isChain(chain) && isCertificate(certificate), 'input.document-field');
    demand(chain.length <= 1000, 'input.epoch-chain');
    const committees = [genesis.committee];
    for (const link of chain) committees.push(checkEpoch(link, committees.at(-1), genesis));
    const present = committees.at(-1);
    const former = new Set(committees.flatMap(keysOf).map(voterOf));
    checkSubject(certificate.subject, genesis, present, expected, nowSeconds);
    const heard = new Map();
    for (const ballot of certificate.ballots) checkBallot(ballot, certificate.subject, present, former, heard);
    const approvals = [...heard.values()].filter(({ choice }) => choice === 'approve').length;
    const need = Math.max(quorumOf(present, expected.class), expected.quorum ?? 0);
    demand(approvals >= need, 'policy.vote-quorum');
    return { ok: true, approvals };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, code: error.message };
    throw error;
  }
}
/** Whether the file of this address was started, and not only imported; in Node 20 too, which has no word of its own for it. */
function isProgram(address) {
  const started = process.argv[1] ?? '';
  return existsSync(started) && realpathSync(started) === realpathSync(fileURLToPath(address));
}

/** For verify-evidence.mjs beside this file. */
export { checkEpoch, committeeDigest, demand, digest, findVoter, isProgram, isSigned, quorumOf, Refusal, sha256 };

if (isProgram(import.meta.url)) {
  const [genesis, { epochs }, certificate, expected] = process.argv
    .slice(2, 6)
    .map((path) => JSON.parse(readFileSync(path, 'utf8')));
  const nowSeconds = Number(process.argv[6] ?? Math.floor(Date.now() / 1000));
  const verdict = verifyVotes({ genesis, chain: epochs, certificate, expected, nowSeconds });
  console.log(JSON.stringify(verdict));
  process.exitCode = verdict.ok ? 0 : 1;
}
