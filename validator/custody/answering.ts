import {
  type FailureCode,
  familyOf,
  FirebreakFailure,
  refuse,
  type Refusal,
  type Verdict,
} from '../../domain/errors/failure.ts';
import { MESSAGE_BYTES_MAX, WIRE_VERSION } from '../../wire/envelope.ts';
import {
  parseSignedEpoch,
  parseSignedGrant,
  parseSignedGrantUse,
  parseSignedOrder,
} from '../../wire/documents/index.ts';
import { type Envelope, type Request, RequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentState, DropReason } from './agent.ts';
import { createAuditHeads } from './audit-heads.ts';
import { createCertificates } from './certificate.ts';
import type { Committees } from './committees.ts';
import { createCommitments } from './commitments.ts';
import type { Counters } from './counters.ts';
import { feeStatement } from './fees.ts';
import type { Grants } from './grants.ts';
import { createHoldings } from './holdings.ts';
import { createKeygen } from './keygen.ts';
import type { Locks } from './locks.ts';
import type { Orders } from './orders.ts';
import type { AgentParts, StoredAnswer } from './parts.ts';
import { createSelfTests } from './self-test.ts';
import { createSigning } from './signing.ts';
import { hearStatus, type Sightings } from './sightings.ts';
import { sightingsStatement } from './sighting-statement.ts';
import type { Standing } from './standing.ts';
import { decode, envelopeResponse, refusalResponse } from './statements.ts';
import { Turnstile } from './turnstile.ts';
import { createVaults } from './vaults.ts';
import type { Watching } from './watching.ts';

const LINE_MAX = 64;

type Body = Request['body'];
type Case = NonNullable<Body['case']>;

/** States in which a question is answered; orders, status and certificates held are for everyone at any time. */
const READY: readonly AgentState[] = ['ready'];
const WORKING: readonly AgentState[] = ['ready', 'degraded'];
const ALLOWED: Readonly<Partial<Record<Case, readonly AgentState[]>>> = {
  startKeygen: WORKING,
  keygenShares: WORKING,
  finishKeygen: WORKING,
  holdCertificate: WORKING,
  giveSelfTestPartial: WORKING,
  activateKey: WORKING,
  holdTerms: WORKING,
  sayDeposits: WORKING,
  sayVaults: WORKING,
  sayFee: WORKING,
  giveCommitments: READY,
  givePartials: READY,
};

/** What validators ask each other; everything that costs nonces, shares or a search of the chain is for coordinators. */
const FOR_PEERS: ReadonlySet<Case> = new Set([
  'obeyOrder',
  'useGrant',
  'handEpochs',
  'sayOrderState',
  'sayCommittee',
  'sayStatus',
  'sayKeyset',
  'sayLocks',
  'hearTwin',
  'saySightings',
]);

const DROPS: Readonly<Partial<Record<FailureCode, DropReason>>> = {
  'input.request-oversized': 'oversized',
  'input.request-malformed': 'malformed',
  'input.request-version': 'version',
  'policy.request-environment': 'environment',
  'policy.peer-unlisted': 'unlisted',
};
/** What an operator must be able to find later; a "not yet" is no event. */
const RECORDED: ReadonlySet<string> = new Set(['policy', 'conflict', 'signer-fault', 'bug']);
const HALTS: ReadonlySet<string> = new Set([
  'policy.journal-damaged',
  'unavailable.journal-io',
  'unavailable.signer-stopped',
]);

export type AnsweringParts = {
  readonly standing: Standing;
  readonly counters: Counters;
  readonly orders: Orders;
  readonly grants: Grants;
  readonly committees: Committees;
  readonly watching: Watching;
  readonly statement: () => Envelope;
  readonly sightings: Sightings;
  readonly locks: Locks;
};

/** Requests in, responses out: who may ask, in which state, by whom it is answered, and what is recorded when the answer is no. */
export class Answering {
  readonly #parts: AgentParts;
  readonly #own: AnsweringParts;
  readonly #listed: ReadonlySet<string>;
  readonly #turnstile = new Turnstile(LINE_MAX);
  readonly #answer: (body: Body, peer: string) => Promise<StoredAnswer>;
  lastSignatureAtMs: number | undefined;

  constructor(parts: AgentParts, own: AnsweringParts) {
    this.#parts = parts;
    this.#own = own;
    this.#listed = new Set([
      ...parts.genesis.coordinators,
      ...parts.genesis.validators.map(({ identity }) => identity),
    ]);
    this.#answer = this.#routes();
  }

  get active(): number {
    return this.#turnstile.waiting;
  }

  idle(): Promise<void> {
    return this.#turnstile.idle();
  }

  async handle(bytes: Uint8Array, peer: string): Promise<Uint8Array> {
    const request = this.#open(bytes, peer);
    if (!request.ok) return this.#refuse(request.refusal, peer, '', true);
    const { body } = request.value;
    try {
      const answer = await this.#answer(body, peer);
      if (!answer.ok) return this.#refuse(answer.refusal, peer, ceremonyOf(body));
      if (body.case === 'givePartials') this.#countSigned();
      return answer.value;
    } catch (error) {
      if (body.case === 'givePartials') this.#own.counters.failed();
      return this.#refuse(this.#refusalOf(error), peer, ceremonyOf(body));
    }
  }

  #open(bytes: Uint8Array, peer: string): Verdict<Request> {
    const { environment, name } = this.#parts.genesis;
    if (!this.#listed.has(peer)) return refuse('policy.peer-unlisted', 'this validator does not know who asks');
    if (bytes.length > MESSAGE_BYTES_MAX) {
      return refuse(
        'input.request-oversized',
        `the request has ${bytes.length} bytes, at most ${MESSAGE_BYTES_MAX} are read`,
      );
    }
    const request = decode(RequestSchema, bytes);
    if (request === undefined) return refuse('input.request-malformed', 'the request is not readable');
    if (request.wireVersion !== WIRE_VERSION) {
      return refuse(
        'input.request-version',
        `the request has wire version ${request.wireVersion}, this build speaks ${WIRE_VERSION}`,
      );
    }
    if (request.environment !== environment || request.network !== name) {
      return refuse('policy.request-environment', `this validator is in ${environment}/${name}`);
    }
    if (request.body.case === undefined)
      return refuse('input.request-malformed', 'the request asks nothing that is known here');
    if (!FOR_PEERS.has(request.body.case) && !this.#parts.genesis.coordinators.includes(peer)) {
      return refuse('policy.peer-unlisted', `only a coordinator asks for ${request.body.case}`);
    }
    const { state, reasons } = this.#own.standing;
    const allowed = ALLOWED[request.body.case];
    if (allowed === undefined || allowed.includes(state)) return { ok: true, value: request };
    return refuse(
      'not-yet.agent-state',
      `the validator is ${state}${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`,
      { state },
    );
  }

  #routes(): (body: Body, peer: string) => Promise<StoredAnswer> {
    const { orders, grants, committees, watching, statement, sightings, locks } = this.#own;
    const keygen = createKeygen(this.#parts);
    const certificates = createCertificates(this.#parts);
    const auditHeads = createAuditHeads(this.#parts);
    const commitments = createCommitments(this.#parts, locks);
    const signing = createSigning(this.#parts, commitments, watching);
    const selfTests = createSelfTests(this.#parts, commitments);
    const vaults = createVaults(this.#parts, watching);
    const holdings = createHoldings(this.#parts, watching);
    const { standing } = this.#own;
    /** Whatever adds to a key, a signature or the evidence of an incident, one after the other, and not while another process speaks with this identity. */
    const inLine = <T>(work: () => Promise<Verdict<T>>): Promise<Verdict<T>> =>
      this.#turnstile.pass(async () =>
        standing.doubt === undefined
          ? work()
          : refuse('not-yet.identity-twice', 'another process speaks with the identity of this validator'),
      );
    return async (body, peer) => {
      switch (body.case) {
        case 'startKeygen':
          return signed(await inLine(() => keygen.begin(body.value.parameters, body.value.proof)));
        case 'keygenShares':
          return signed(await inLine(() => keygen.shares(body.value.ceremony, body.value.commitments)));
        case 'finishKeygen':
          return signed(await inLine(() => keygen.finish(body.value.ceremony, body.value.shares)));
        case 'holdCertificate':
          return signed(certificates.hold(body.value.certificate));
        case 'sayKeyset':
          return signed(certificates.say(body.value.keyset));
        case 'giveCommitments': {
          if (body.value.proposal.length > 0) await watching.resume();
          return signed(await inLine(() => commitments.give(body.value)));
        }
        case 'giveSelfTestPartial':
          return inLine(() => selfTests.give(body.value.request));
        case 'activateKey':
          return signed(selfTests.activate(body.value));
        case 'givePartials':
          await watching.resume();
          return inLine(() => signing.give(body.value.request));
        case 'holdTerms':
          return signed(await vaults.hold(body.value));
        case 'sayDeposits':
          return signed(await vaults.deposits(body.value.vault, body.value.keyset));
        case 'sayVaults':
          return signed(await holdings.say(body.value.keyset, body.value.after));
        case 'sayLocks':
          return signed(locks.say(body.value.after, peer));
        case 'sayFee':
          return stated(await feeStatement(this.#parts, body.value.targetBlocks));
        case 'obeyOrder': {
          const obeyed = orders.obey(parseSignedOrder(body.value.signedOrder, 'order of the request'));
          return obeyed.ok ? stated(orders.statement(this.#parts)) : obeyed;
        }
        case 'sayOrderState':
          return stated(orders.statement(this.#parts));
        case 'signAuditHead':
          return signed(await inLine(() => auditHeads.sign(body.value, peer)));
        case 'sayStatus':
          return stated(statement());
        case 'hearTwin': {
          const { statement: said } = body.value;
          const heard = said === undefined ? undefined : hearStatus(this.#parts.genesis, sightings, said);
          return heard?.from === this.#parts.self
            ? stated(statement())
            : refuse('input.request-malformed', 'the statement is not a signed status of this validator');
        }
        case 'saySightings':
          return stated(sightingsStatement(this.#parts, sightings.reports(), body.value.validator));
        case 'useGrant': {
          const { signedGrant, signedGrantUse } = body.value;
          const used = grants.use(
            parseSignedGrant(signedGrant, 'grant of the request'),
            parseSignedGrantUse(signedGrantUse, 'use of the request'),
          );
          return used.ok ? stated(orders.statement(this.#parts)) : used;
        }
        case 'handEpochs': {
          const before = this.#parts.authority().committee.epoch;
          const followed = committees.follow(
            body.value.signedEpochs.map((bytes) => parseSignedEpoch(bytes, 'epoch of the request')),
          );
          return followed.ok ? stated(committees.statement(this.#parts, before)) : followed;
        }
        case 'sayCommittee':
          return stated(committees.statement(this.#parts, body.value.afterEpoch));
        case undefined:
          return refuse('input.request-malformed', 'the request asks nothing that is known here');
      }
    };
  }

  #countSigned(): void {
    this.#own.counters.signed();
    this.lastSignatureAtMs = this.#parts.clock();
  }

  #refusalOf(error: unknown): Refusal {
    if (!(error instanceof FirebreakFailure)) {
      this.#parts.logger.error({ err: error }, 'answering a request threw something without a name');
      return { code: 'bug.agent', message: 'this validator failed while answering; its log says more' };
    }
    if (HALTS.has(error.code)) {
      this.#own.standing.halt(`${error.code}: ${error.message}`);
      this.#parts.logger.error({ code: error.code, err: error }, 'the validator is halted');
    }
    return { code: error.code, message: error.message, details: error.details };
  }

  #refuse(refusal: Refusal, peer: string, ceremony: string, atTheDoor = false): Uint8Array {
    const { counters } = this.#own;
    counters.refused(refusal.code);
    const dropped = atTheDoor ? DROPS[refusal.code] : undefined;
    if (dropped !== undefined) counters.drop(dropped);
    else if (RECORDED.has(familyOf(refusal.code))) this.#record(refusal, peer, ceremony);
    return refusalResponse(refusal);
  }

  #record({ code, message }: Refusal, peer: string, ceremony: string): void {
    this.#parts.logger.warn({ code, peer, ceremony, reason: message }, 'refused a request');
    try {
      this.#parts.journal.refusals.record({ code, peer, ceremony, atMs: this.#parts.clock() });
    } catch (error) {
      // The answer is no either way; what the journal cannot take stands in the log.
      this.#parts.logger.error({ err: error, code }, 'a refusal could not be recorded');
    }
  }
}

const stated = (envelope: Envelope): StoredAnswer => ({ ok: true, value: envelopeResponse(envelope) });
const signed = (answer: Verdict<Envelope>): StoredAnswer => (answer.ok ? stated(answer.value) : answer);

/** For the record only: whatever the request calls its ceremony, shortened. */
function ceremonyOf(body: Body): string {
  if (body.case === undefined || !('ceremony' in body.value)) return '';
  return body.value.ceremony.slice(0, 80);
}
