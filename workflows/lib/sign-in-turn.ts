import { workflowInfo } from '@temporalio/workflow';
import type { Gathering } from '../../activities/gathering.ts';
import type { PlannedPayout } from '../../activities/payouts.ts';
import type { SessionRecord, SigningSession } from '../../activities/signing.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { askUntil } from './ask.ts';
import { effects, named } from './effects.ts';
import { commonRefusal, isFinal, roomAtSeconds, withoutPartials, whoMustAct } from './noes.ts';
import { verdictOf } from './refusal.ts';
import {
  COMMITMENT_SECONDS,
  type NotSigned,
  SESSION_SECONDS_DEFAULT,
  SESSIONS_MAX,
  SESSIONS_OF_RUN_MAX,
  type Signed,
  type Signing,
} from './signing.ts';

const SESSIONS_DEFAULT = 5;

/**
 * How runs signed that began before sessions went side by side, and how they end: one session after the other, each another ceremony with
 * fresh nonces over the same transaction. Whoever was silent or said no is left out of the next.
 */
export async function signInTurn<Phase extends string>(signing: Signing<Phase>): Promise<Signed | NotSigned> {
  const { plan } = signing.subject;
  const sessionsMax = Math.min(signing.sessionsMax ?? SESSIONS_DEFAULT, SESSIONS_MAX);
  const earlier: SessionRecord[] = [];
  let without: readonly ValidatorId[] = [];
  let refusal: Refusal = { code: 'unavailable.validators', message: 'no session was allowed' };
  let last = sessionsMax;
  /** Sessions before the last wait: what was said then says nothing about now. */
  let past = 0;
  for (let n = 1; n <= last; n += 1) {
    const opened = await open(signing, n, without);
    if (!opened.ok) return { refusal: opened.refusal, sessions: n };
    const session = opened.value;
    const partials = await collect(signing, session);
    const finished = await finish(signing, session, partials, earlier);
    if (finished.ok) return { session, sessions: n, ...finished.value };
    refusal = finished.refusal;
    const culprits = faulty(refusal);
    const silent = withoutPartials(session.signers, partials).concat(
      culprits.map((validator) => ({ validator, code: refusal.code, message: refusal.message })),
    );
    earlier.push({
      ceremony: session.ceremony,
      request: session.request,
      partials: partials.collected,
      without: silent,
    });
    const said = earlier.slice(past).flatMap((record) => record.without);
    const noes = said.filter(({ code }) => isFinal(code));
    const common = commonRefusal(noes, plan.validators, plan.threshold);
    if (common !== undefined || n === last) {
      const roomAt = roomAtSeconds(noes, plan.validators, plan.threshold);
      const again = roomAt === undefined || n === SESSIONS_OF_RUN_MAX ? false : await signing.awaitRoom?.(roomAt);
      if (again !== true) return { refusal: common ?? refusal, sessions: n };
      without = [];
      past = n;
      last = Math.min(n + sessionsMax, SESSIONS_OF_RUN_MAX);
      continue;
    }
    without = leaveOut(
      without,
      silent.map(({ validator }) => validator),
      plan,
    );
  }
  return { refusal, sessions: last };
}

const faulty = ({ code, details }: Refusal): ValidatorId[] =>
  code === 'signer-fault.partial' && Array.isArray(details?.['culprits'])
    ? details['culprits'].map((id) => validatorId(Number(id)))
    : [];

/** The latest ones stay out; older ones get another chance when the rest would be too few. */
function leaveOut(before: readonly ValidatorId[], now: readonly ValidatorId[], plan: PlannedPayout): ValidatorId[] {
  const all = [...new Set([...before, ...now])];
  return all.slice(Math.max(0, all.length - (plan.validators - plan.threshold)));
}

async function open<Phase extends string>(
  { subject, sessionsBefore = 0, entering, report }: Signing<Phase>,
  n: number,
  without: readonly ValidatorId[],
): Promise<Verdict<SigningSession>> {
  const { plan } = subject;
  const name = `${workflowInfo().runId}/${sessionsBefore + n}`;
  let session: SigningSession | undefined;
  report({ ...entering('collecting-commitments', plan.threshold), percent: 15 });
  const committed = await askUntil({
    need: plan.threshold,
    of: plan.validators,
    seconds: COMMITMENT_SECONDS,
    slice: async (slice) => {
      // Who was silent may be back, and who is left may be down: after the first slice everyone is asked.
      const leftOut = slice.collected === undefined ? without : [];
      const heard = await effects.askCommitments.executeWithOptions(
        named(`Session ${n}: the first ${plan.threshold} ready validators commit`, slice.seconds),
        [{ ...slice, ...subject, session: name, without: leftOut }],
      );
      session = heard.session;
      return heard.gathering;
    },
    onSlice: ({ have, missing }) => report({ have: have.length, missing: whoMustAct(missing) }),
  });
  if (!committed.ok) return committed;
  return session === undefined ? refuse('bug.session', 'enough committed and there is no request') : accept(session);
}

/** One slice: whoever has not answered when it ends is replaced, and not waited for. */
async function collect<Phase extends string>(
  { subject: { key, plan }, vault, sessionSeconds, entering, report }: Signing<Phase>,
  session: SigningSession,
): Promise<Gathering> {
  const seconds = sessionSeconds ?? SESSION_SECONDS_DEFAULT;
  report(entering('collecting-partials', session.signers.length));
  const heard = await effects.askPartials.executeWithOptions(
    named(`Ask the ${session.signers.length} signers for their partials`, seconds),
    [{ key, vault, watchFromHeight: plan.place.fromHeight, session, seconds }],
  );
  report({ have: heard.have.length, missing: [...heard.refused, ...heard.missing].map(({ validator }) => validator) });
  return heard;
}

async function finish<Phase extends string>(
  { subject }: Signing<Phase>,
  session: SigningSession,
  partials: Gathering,
  earlier: readonly SessionRecord[],
): Promise<Verdict<Pick<Signed, 'transaction' | 'evidence'>>> {
  const [first] = withoutPartials(session.signers, partials);
  if (first !== undefined) {
    const { code, message, validator } = first;
    return refuse(code, `session ${earlier.length + 1}: ${message}`, { validator });
  }
  return verdictOf(
    effects.finishSigning.executeWithOptions(named('Add the partials up, verify every input, write the evidence'), [
      { ...subject, session, partials: partials.collected, earlier },
    ]),
  );
}
