import type { BlobRef } from '../../domain/ports/blob-store.ts';
import type { KeygenRound, ProposedKey } from '../../activities/keygen.ts';
import type { Gathering, Slice } from '../../activities/gathering.ts';
import { workflowInfo } from '@temporalio/workflow';
import { accept, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { trackProgress } from '../lib/track.ts';
import { Circle } from './circle.ts';
import type { GenerateKeyInput, GenerateKeyPhase, GenerateKeyResult, KeyRef } from './messages.ts';
import { entering, mayTryAgain } from './state.ts';

const ATTEMPTS_DEFAULT = 3;
const ATTEMPTS_MAX = 5;
/** A validator that restarts between commitment and partial has lost its nonce; the key itself is whole. */
const SELF_TESTS_MAX = 3;

/**
 * One key for one epoch: three rounds, a certificate with every participant's signature, a self-test with every participant's share,
 * activation. An attempt that loses a participant before sealing ends cleanly, and the next one is another ceremony with fresh
 * randomness: of the same participants, or of those that answered where the votes allow fewer.
 */
export async function generateKey(input: GenerateKeyInput): Promise<GenerateKeyResult> {
  const track = trackProgress<GenerateKeyPhase>({
    phase: 'commitments',
    percent: 0,
    awaitingRole: 'validators',
    next: 'all participants must answer',
    meanwhile: 'nothing secret exists yet',
  });
  const circle = new Circle(input, track.change);
  const attempts = Math.min(input.attemptsMax ?? (circle.mayShrink ? ATTEMPTS_MAX : ATTEMPTS_DEFAULT), ATTEMPTS_MAX);
  let refusal: Refusal = { code: 'input.attempts', message: 'no attempt was allowed' };
  let certified: Certified | undefined;
  let used = 0;
  while (used < attempts) {
    used += 1;
    circle.attempt = used;
    // A certified key is whole: what failed after that point is asked again, for the same key.
    const made: Verdict<Certified> = certified === undefined ? await makeKey(input, circle) : accept(certified);
    const proven = made.ok ? await proveKey(made.value, circle) : made;
    if (made.ok) certified = made.value;
    if (proven.ok) {
      track.change(entering('active', 0, used));
      return { outcome: 'active', ...proven.value, attempts: used, blame: circle.blame };
    }
    refusal = proven.refusal;
    // Nobody uses a key before its activation: where one of its participants stands in the way, another key is made without it.
    const shrunk = certified?.tested === undefined && circle.shrink(refusal);
    if (shrunk) certified = undefined;
    else if (!mayTryAgain(refusal)) break;
  }
  track.change({ ...entering('failed', 0, used), next: `an operator must look: ${refusal.message}`.slice(0, 400) });
  return { outcome: 'failed', refusal, attempts: used, blame: circle.blame };
}

type Active = Pick<Extract<GenerateKeyResult, { outcome: 'active' }>, 'key' | 'ceremony' | 'groupKey' | 'evidence'>;
type Certified = {
  readonly proposed: ProposedKey;
  readonly key: KeyRef;
  readonly groupKey: string;
  readonly commitments: BlobRef;
  readonly shares: BlobRef;
  readonly transcripts: BlobRef;
  /** Kept for the next attempt: validators that are active already give no commitments for another self-test. */
  tested?: Tested;
};

/** Three rounds and everyone's signature under the same package. */
async function makeKey(input: GenerateKeyInput, circle: Circle): Promise<Verdict<Certified>> {
  const { network, epoch, purpose, nonce, origin, proof } = input;
  const proposal = {
    network,
    epoch,
    purpose,
    ...(circle.attempt === 1 && nonce !== undefined ? { nonce } : {}),
    ...(circle.participants === undefined ? {} : { participants: circle.participants }),
    ...(origin === undefined ? {} : { origin }),
    ...(proof === undefined ? {} : { proof }),
  };
  const proposing = await verdictOf(
    effects.proposeKey.executeWithOptions(named(`Write down the parameters of attempt ${circle.attempt}`), [proposal]),
  );
  if (!proposing.ok) return proposing;
  const proposed = proposing.value;
  circle.participants = proposed.validators;
  const round = (name: KeygenRound, previous?: BlobRef): Promise<Verdict<Gathering>> =>
    circle.everyone(name, (slice) =>
      effects.askKeygenRound.executeWithOptions(named(`Ask all participants for their ${name}`, slice.seconds), [
        {
          ...slice,
          ...circle.hearing,
          key: proposed,
          round: name,
          ...(previous === undefined ? {} : { previous }),
        },
      ]),
    );
  const first = await round('commitments');
  if (!first.ok) return blaming(first, circle, { key: proposed });
  const commitments = first.value.collected;
  const second = await round('shares', commitments);
  if (!second.ok) return second;
  const shares = second.value.collected;
  const third = await round('transcript', shares);
  if (!third.ok) return blaming(third, circle, { key: proposed, commitments, shares });
  const transcripts = third.value.collected;
  const certifying = await verdictOf(
    effects.certifyKey.executeWithOptions(named('Assemble and verify the certificate'), [
      { key: proposed, transcripts },
    ]),
  );
  if (!certifying.ok) return certifying;
  return accept({ proposed, ...certifying.value, commitments, shares, transcripts });
}

/** Before another attempt: what was signed in the place of good answers says who is at fault, and is kept for everyone to check. */
async function blaming<T>(
  failed: Verdict<T>,
  circle: Circle,
  rounds: Omit<Parameters<typeof effects.judgeKeygenFaults>[0], 'against'>,
): Promise<Verdict<T>> {
  const { against } = circle;
  if (against === undefined) return failed;
  const proven = await effects.judgeKeygenFaults.executeWithOptions(
    named('Find out who is at fault, by what was signed'),
    [{ ...rounds, against }],
  );
  circle.blame.push(...proven);
  return failed;
}

/** Everyone holds the certificate, everyone signs the self-test, everyone allows the key. */
async function proveKey(certified: Certified, circle: Circle): Promise<Verdict<Active>> {
  const { key, groupKey, proposed, commitments, shares, transcripts } = certified;
  const held = await circle.everyone('certificate', (slice) =>
    effects.askCertificateHeld.executeWithOptions(named('Hand the certificate to all participants', slice.seconds), [
      { ...slice, key, mode: 'hold' },
    ]),
  );
  if (!held.ok) return held;
  const tested = certified.tested === undefined ? await testKey(key, proposed, circle) : accept(certified.tested);
  if (!tested.ok) return tested;
  certified.tested = tested.value;
  const { activation } = tested.value;
  const active = await circle.enough('activation', (slice: Slice) =>
    effects.askActivation.executeWithOptions(named('Ask all participants to activate the key', slice.seconds), [
      { ...slice, key, activation },
    ]),
  );
  if (!active.ok) return active;
  const { others } = proposed;
  if (others.length > 0)
    await effects.tellOthersOfKey.executeWithOptions(named('Tell the validators that have no share of the key'), [
      { key, others, activation },
    ]);
  const evidence = await effects.recordKeygen.executeWithOptions(named('Write the public transcript down'), [
    {
      proposed,
      key,
      commitments,
      shares,
      transcripts,
      held: held.value.collected,
      selfTest: tested.value,
      active: active.value.collected,
    },
  ]);
  return accept({ key, ceremony: proposed.ceremony, groupKey, evidence });
}

type Tested = Parameters<typeof effects.recordKeygen>[0]['selfTest'];
/** All participants sign one message that is no transaction. A session that breaks is replaced: nonces are cheap, the key is not. */
async function testKey(key: KeyRef, proposed: ProposedKey, circle: Circle): Promise<Verdict<Tested>> {
  let last: Verdict<Tested> = refuse('unavailable.validators', 'no self-test was made');
  for (let n = 1; n <= SELF_TESTS_MAX; n += 1) {
    last = await selfTestOnce(key, `${workflowInfo().runId}/${proposed.ceremony}/${circle.attempt}/${n}`, circle);
    if (last.ok || !mayTryAgain(last.refusal)) return last;
    // Who was silent for a whole round is left out of the next key sooner than it is waited for again.
    if (circle.mayShrink && last.refusal.code === 'unavailable.validators') return last;
  }
  return last;
}

async function selfTestOnce(key: KeyRef, session: string, circle: Circle): Promise<Verdict<Tested>> {
  let open: Awaited<ReturnType<typeof effects.askSelfTestCommitments>>['session'] | undefined;
  const committed = await circle.everyone('self-test', async (slice) => {
    const heard = await effects.askSelfTestCommitments.executeWithOptions(
      named('Ask all participants for self-test commitments', slice.seconds),
      [{ ...slice, ...circle.hearing, key, session }],
    );
    open = heard.session;
    return heard.gathering;
  });
  if (!committed.ok) return committed;
  const request = open?.request;
  if (open === undefined || request === undefined)
    return refuse('bug.self-test', 'everyone committed and there is no request');
  const { ceremony } = open;
  let activation: BlobRef | undefined;
  const signed = await circle.everyone('self-test', async (slice) => {
    const heard = await effects.askSelfTestPartials.executeWithOptions(
      named('Ask all participants for self-test partials, and verify', slice.seconds),
      [{ ...slice, ...circle.hearing, key, ceremony, request }],
    );
    activation = heard.activation;
    return heard.gathering;
  });
  if (!signed.ok) return signed;
  if (activation === undefined) return refuse('bug.self-test', 'everyone signed and there is no signature');
  return accept({ ceremony, request, partials: signed.value.collected, activation });
}
