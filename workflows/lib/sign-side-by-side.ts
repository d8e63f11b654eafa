import { CancellationScope, condition, workflowInfo } from '@temporalio/workflow';
import type { Blamed } from '../../activities/blame.ts';
import type { Gathering, Saying } from '../../activities/gathering.ts';
import type { SessionRecord, SigningSession } from '../../activities/signing.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../domain/errors/failure.ts';
import { type ValidatorId, validatorId } from '../../domain/network/network.ts';
import { askUntil } from './ask.ts';
import { effects, named } from './effects.ts';
import { Line } from './line.ts';
import { commonRefusal, type Heard, isFinal, roomAtSeconds, withoutPartials, whoMustAct } from './noes.ts';
import { isCalledBack, verdictOf } from './refusal.ts';
import {
  COMMITMENT_SECONDS,
  type NotSigned,
  SESSION_SECONDS_DEFAULT,
  SESSIONS_MAX,
  SESSIONS_OF_RUN_MAX,
  type Signed,
  type Signing,
} from './signing.ts';

/** Beyond those that hostile validators can spoil, for honest ones that restart in the middle of one. */
const SESSIONS_SPARE = 4;
/** After its first slice a session is asked about again at growing intervals, beside those that were begun meanwhile. */
const LATER_SLICE_SECONDS = [1, 2, 4, 8, 15, 30, 60, 60, 60, 60] as const;
/** So long somebody who owes an answer counts as slow; then those who said no are asked once more rather than waited for in vain. */
const SLOW_SECONDS = 15;
const FAULT = 'signer-fault.partial';

/** One session, from its commitments on. */
type Session = {
  readonly n: number;
  readonly session: SigningSession;
  /** Heard so far; absent until the first slice is over. */
  heard?: Gathering;
  /** Who gave what in this session is known to be wrong. */
  faulty: readonly ValidatorId[];
  /** How many partial signatures were looked at one by one. */
  judged: number;
  /** Since the first slice. */
  askedSeconds: number;
  state: 'asking' | 'whole' | 'over';
};

/**
 * A session that lacks somebody's partial signature stays open, and another one is begun beside it among those who owe nothing; whichever is
 * whole first is the signature. `Line` says why that takes at most n - t + 1 sessions, and no honest validator is left behind for being
 * slow. Wrong partial signatures are looked for before whoever sent them may sign again, and each is kept as a proof.
 */
export async function signSideBySide<Phase extends string>(signing: Signing<Phase>): Promise<Signed | NotSigned> {
  const sessions = new Sessions(signing);
  const scope = new CancellationScope();
  try {
    return await scope.run(() => sessions.run());
  } finally {
    // What other sessions still lack is not asked for any more.
    sessions.end();
    scope.cancel();
  }
}

class Sessions<Phase extends string> {
  readonly #signing: Signing<Phase>;
  readonly #line: Line;
  readonly #sessions: Session[] = [];
  readonly #blame = new Map<ValidatorId, Blamed>();
  readonly #atMost: number;
  #last: number;
  /** What was said since the last wait for room: what was said before says nothing about now. */
  #said: Saying[] = [];
  #begun = 0;
  #opening = false;
  /** Why the last session could not be opened. */
  #unopened: Refusal | undefined;
  #refusal: Refusal = { code: 'unavailable.validators', message: 'no session was allowed' };
  #trouble: { readonly error: unknown } | undefined;
  #news = false;
  #ended = false;

  constructor(signing: Signing<Phase>) {
    const { validators, threshold } = signing.subject.plan;
    this.#signing = signing;
    this.#line = new Line(validators);
    const usual = validators - threshold + 1 + SESSIONS_SPARE;
    this.#atMost = Math.min(signing.sessionsMax ?? usual, Math.max(SESSIONS_MAX, usual), SESSIONS_OF_RUN_MAX);
    this.#last = this.#atMost;
  }

  end(): void {
    this.#ended = true;
  }

  async run(): Promise<Signed | NotSigned> {
    for (;;) {
      const whole = this.#sessions.find(({ state }) => state === 'whole');
      if (whole !== undefined) {
        const finished = await this.#finish(whole);
        if (finished !== undefined) return finished;
        continue;
      }
      if (this.#isWaiting()) {
        await this.#change();
        continue;
      }
      const over = await this.#nextOrEnd();
      if (over !== undefined) return over;
    }
  }

  /** Begins another session, or says that nothing more can be done. */
  async #nextOrEnd(): Promise<NotSigned | undefined> {
    const { validators, threshold } = this.#signing.subject.plan;
    const noes = this.#said.filter(({ code }) => isFinal(code));
    const common = commonRefusal(noes, validators, threshold);
    const mayBegin = this.#begun < this.#last && this.#unopened === undefined;
    if (common === undefined && mayBegin && this.#line.free >= threshold) {
      this.#begun += 1;
      this.#inBackground(this.#open(this.#begun));
      return undefined;
    }
    const asking = this.#sessions.filter(({ state }) => state === 'asking');
    const isPatient = asking.every(({ askedSeconds }) => askedSeconds >= SLOW_SECONDS);
    if (common === undefined && mayBegin && isPatient && this.#line.forgive()) return undefined;
    if (common === undefined && asking.length > 0) {
      await this.#change();
      return undefined;
    }
    const refusal = common ?? this.#unopened ?? this.#refusal;
    const roomAt = roomAtSeconds(noes, validators, threshold);
    const again =
      roomAt === undefined || this.#begun >= SESSIONS_OF_RUN_MAX ? false : await this.#signing.awaitRoom?.(roomAt);
    if (again !== true) return { refusal, sessions: this.#begun, ...this.#proven(), ...this.#locked() };
    this.#line.forgive();
    this.#said = [];
    this.#unopened = undefined;
    this.#last = Math.min(this.#begun + this.#atMost, SESSIONS_OF_RUN_MAX);
    return undefined;
  }

  /** While a session is being opened, or was asked for the first time just now, there is nothing to decide. */
  #isWaiting(): boolean {
    const latest = this.#sessions.at(-1);
    return this.#opening || (latest?.state === 'asking' && latest.heard === undefined);
  }

  async #change(): Promise<void> {
    await condition(() => this.#news);
    this.#news = false;
    if (this.#trouble !== undefined) throw this.#trouble.error;
  }

  #inBackground(work: Promise<void>): void {
    work
      .catch((error: unknown) => {
        if (!(this.#ended && isCalledBack(error))) this.#trouble = { error };
      })
      .finally(() => {
        this.#news = true;
      });
  }

  async #open(n: number): Promise<void> {
    this.#opening = true;
    const opened = await this.#commitments(n);
    this.#opening = false;
    if (!opened.ok) {
      this.#unopened = opened.refusal;
      return;
    }
    const session: Session = { n, session: opened.value, faulty: [], judged: 0, askedSeconds: 0, state: 'asking' };
    this.#sessions.push(session);
    this.#line.committed(n, session.session.signers);
    await this.#attend(session);
  }

  async #commitments(n: number): Promise<Verdict<SigningSession>> {
    const { subject, sessionsBefore = 0, entering, report } = this.#signing;
    const { plan } = subject;
    const name = `${workflowInfo().runId}/${sessionsBefore + n}`;
    let session: SigningSession | undefined;
    report({ ...entering('collecting-commitments', plan.threshold), percent: 15 });
    const committed = await askUntil({
      need: plan.threshold,
      of: plan.validators,
      seconds: COMMITMENT_SECONDS,
      slice: async (slice) => {
        // Free ones may be down: who said no before is asked too when they were too few in the first slice, and who owes never.
        const without = slice.collected === undefined ? this.#line.out : this.#line.outInNeed;
        const heard = await effects.askCommitments.executeWithOptions(
          named(`Session ${n}: the first ${plan.threshold} ready validators commit`, slice.seconds),
          [{ ...slice, ...subject, session: name, without }],
        );
        session = heard.session;
        return heard.gathering;
      },
      onSlice: ({ have, missing, refused }) => {
        this.#said.push(...refused);
        report({ have: have.length, missing: whoMustAct(missing) });
      },
    });
    if (!committed.ok) return committed;
    return session === undefined ? refuse('bug.session', 'enough committed and there is no request') : accept(session);
  }

  /** Asks for what a session lacks until it is whole, or nobody is left who may still give it. */
  async #attend(session: Session): Promise<void> {
    const { key, plan } = this.#signing.subject;
    const { vault, sessionSeconds, entering, report } = this.#signing;
    const { signers } = session.session;
    report(entering('collecting-partials', signers.length));
    for (const [at, seconds] of [sessionSeconds ?? SESSION_SECONDS_DEFAULT, ...LATER_SLICE_SECONDS].entries()) {
      const { collected } = session.heard ?? {};
      const asked = { key, vault, watchFromHeight: plan.place.fromHeight, session: session.session, seconds };
      const heard = await effects.askPartials.executeWithOptions(
        named(`Session ${session.n}: ask for ${collected === undefined ? 'partials' : 'what is missing'}`, seconds),
        [{ ...asked, ...(collected === undefined ? { lingers: true } : { collected }) }],
      );
      const isWhole = heard.have.length === signers.length;
      // Wrong ones are known before whoever sent them is free again.
      if (!isWhole) await this.#judge(session, heard);
      session.heard = heard;
      this.#line.answered(
        session.n,
        heard.have.filter((id) => !session.faulty.includes(id)),
      );
      this.#line.saidNo(session.n, heard.refused);
      this.#said.push(...heard.refused);
      if (at > 0) session.askedSeconds += seconds;
      if (session === this.#sessions.at(-1) && !this.#opening)
        report({ have: heard.have.length, missing: withoutPartials(signers, heard).map(({ validator }) => validator) });
      if (isWhole) session.state = 'whole';
      this.#news = true;
      if (isWhole || this.#line.owing(session.n).length === 0) break;
    }
    if (session.state === 'whole') return;
    session.state = 'over';
    const [first] = this.#lacking(session);
    if (first !== undefined) this.#refusal = refusalOf(session.n, first);
    this.#line.saidNo(
      session.n,
      this.#line.owing(session.n).map((validator) => ({ validator })),
    );
  }

  /** Looks at each partial signature by itself; whoever sent a wrong one is out of this signing, and the proof is kept. */
  async #judge(session: Session, heard: Gathering | undefined): Promise<void> {
    if (heard === undefined || (heard.have.length === session.judged && heard.against === undefined)) return;
    const { key } = this.#signing.subject;
    const { vault } = this.#signing;
    const { collected: partials, against } = heard;
    const found = await effects.judgePartials.executeWithOptions(
      named(`Session ${session.n}: look at each partial signature by itself`),
      [{ key, vault, session: session.session, partials, ...(against === undefined ? {} : { against }) }],
    );
    session.judged = heard.have.length;
    this.#accuse(
      session,
      found.map(({ validator }) => validator),
    );
    for (const each of found) if (!this.#blame.has(each.validator)) this.#blame.set(each.validator, each);
  }

  #accuse(session: Session, culprits: readonly ValidatorId[]): void {
    session.faulty = [...new Set([...session.faulty, ...culprits])];
    this.#line.proven(session.n, culprits);
  }

  /** The signature, if nothing is wrong with any of its parts; otherwise the session is over. */
  async #finish(whole: Session): Promise<Signed | NotSigned | undefined> {
    // The evidence names what is wrong in it, also in sessions that this one overtook.
    const others = this.#sessions.filter((each) => each !== whole);
    for (const other of others) await this.#judge(other, other.heard);
    const finished = await verdictOf(
      effects.finishSigning.executeWithOptions(named('Add the partials up, verify every input, write the evidence'), [
        {
          ...this.#signing.subject,
          session: whole.session,
          partials: partialsOf(whole),
          earlier: others.map((other) => this.#record(other)),
        },
      ]),
    );
    if (finished.ok) return { session: whole.session, sessions: this.#begun, ...finished.value, ...this.#proven() };
    this.#refusal = finished.refusal;
    if (finished.refusal.code !== FAULT) return { refusal: finished.refusal, sessions: this.#begun, ...this.#proven() };
    await this.#judge(whole, whole.heard);
    this.#accuse(whole, culpritsIn(finished.refusal));
    whole.state = 'over';
    return undefined;
  }

  #lacking({ session, heard, faulty }: Session): Saying[] {
    const lacking = withoutPartials(session.signers, heard ?? NOTHING_HEARD);
    const wrong = faulty.filter((validator) => !lacking.some((each) => each.validator === validator));
    return [...lacking, ...wrong.map((validator) => ({ validator, code: FAULT, message: WRONG }) as const)];
  }

  #record(session: Session): SessionRecord {
    const { ceremony, request } = session.session;
    return { ceremony, request, partials: session.heard?.collected, without: this.#lacking(session) };
  }

  #locked(): Pick<NotSigned, 'lockedElsewhere'> {
    return this.#said.some(({ code }) => code === 'conflict.outpoint-locked') ? { lockedElsewhere: true } : {};
  }

  #proven(): Pick<Signed, 'blame'> {
    return { blame: [...this.#blame.values()] };
  }
}

const WRONG = 'its partial signature does not hold';
const NOTHING_HEARD: Heard = { have: [], missing: [], refused: [] };

const refusalOf = (n: number, { code, message, validator }: Saying): Refusal => ({
  code,
  message: `session ${n}: ${message}`,
  details: { validator },
});

const culpritsIn = ({ details }: Refusal): ValidatorId[] =>
  Array.isArray(details?.['culprits']) ? details['culprits'].map((id) => validatorId(Number(id))) : [];

function partialsOf({ heard }: Session): Gathering['collected'] {
  if (heard === undefined) throw new TypeError('a whole session was asked');
  return heard.collected;
}
