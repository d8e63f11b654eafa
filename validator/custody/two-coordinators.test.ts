import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fromBinary } from '@bufbuild/protobuf';
import { schnorr } from '@noble/curves/secp256k1.js';
import { outpointText, type Outpoint } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { memory } from '../../plugins/keystore/memory/index.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import { vaultTweakOf } from '../../threshold/verify/vault-script.ts';
import {
  type Envelope,
  PartialSignaturesSchema,
  Round,
  SigningCommitmentsSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { aboutKey, say } from './statements.ts';
import { TestFleet } from './testkit/agents.ts';
import { activeKey, senderOf, signersOf } from './testkit/ceremonies.ts';
import { drawsOf } from './testkit/hostile-signer.ts';
import {
  commitTo,
  depositTo,
  openVault,
  planPayout,
  type PlannedRequest,
  requestBytes,
  type TestVault,
} from './testkit/payouts.ts';

const SEED = Number(process.env['FIREBREAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const [VALIDATORS, THRESHOLD] = [7, 5];
/** Two quorums share three validators: one of the three is honest as long as no more than these are not. */
const HOSTILE_MAX = 2;
const AMOUNT = 100_000;
const codec = transactionCodec('regtest');

const ALL = Array.from({ length: VALIDATORS }, (_, at) => at + 1);

let fleet: TestFleet;
let key: Awaited<ReturnType<typeof activeKey>>;
let nowMs = Date.now();
beforeAll(async () => {
  const keystore = () => memory({})({ dir: '', bitcoinNetwork: 'regtest', recordUse: () => undefined });
  fleet = new TestFleet(VALIDATORS, THRESHOLD, { codec, keystore, clock: () => nowMs });
  key = await activeKey(fleet);
});
afterAll(() => fleet.close());

/** One session of one coordinator: what it asked for, who committed, and what it got. */
type Session = {
  readonly name: string;
  readonly plan: PlannedRequest;
  readonly commitments: Envelope[];
  request?: Uint8Array;
  readonly shares: Map<number, readonly Uint8Array[]>;
};

/** Coordinators that know of nothing that the others do, or that know and do not care. */
class Coordinators {
  readonly sessions: Session[] = [];
  /** Every new partial signature, in order. */
  readonly given: { readonly id: number; readonly name: string }[] = [];
  refused = 0;
  readonly #draw: () => number;
  readonly #vault: TestVault;
  readonly #hostile: ReadonlySet<number>;
  readonly #plans: ReadonlyMap<string, () => PlannedRequest>;

  constructor(seed: number, vault: TestVault, plans: ReadonlyMap<string, () => PlannedRequest>) {
    this.#draw = drawsOf(seed);
    this.#vault = vault;
    this.#plans = plans;
    this.#hostile = new Set(this.#some(ALL, Math.floor(this.#draw() * (HOSTILE_MAX + 1))));
  }

  async step(): Promise<void> {
    const die = this.#draw();
    const open = this.sessions.filter(({ request }) => request !== undefined);
    if (die < 0.02) await fleet.crash(this.#one(ALL));
    // A coordinator that returns after an hour goes on with what it had.
    else if (die < 0.05) nowMs += 3_600_000;
    else if (die < 0.35 || open.length === 0) await this.#begin(this.#one([...this.#plans.keys()]));
    else {
      const session = this.#one(open);
      await this.#ask(session, this.#one(this.#honestIn(session)));
    }
  }

  /** In the end each transaction is asked for once more, by a coordinator that neither stops half-way nor meets another one. */
  async finish(): Promise<void> {
    for (const name of this.#plans.keys()) {
      const session = await this.#begin(name);
      if (session?.request !== undefined) for (const id of this.#honestIn(session)) await this.#ask(session, id);
    }
  }

  /** Every session that any coordinator has got as many good shares for as a signature takes: transaction by transaction. */
  signed(): ReadonlySet<string> {
    const whole = this.sessions.filter((session) => {
      const { request, commitments, shares, plan } = session;
      if (request === undefined) return false;
      const honest = this.#honestIn(session);
      if (!honest.every((id) => shares.has(id))) return false;
      for (const id of honest)
        expect([id, this.#holds(plan, commitments, id, shares.get(id) ?? [])]).toEqual([id, true]);
      return true;
    });
    return new Set(whole.map(({ name }) => name));
  }

  #holds(plan: PlannedRequest, commitments: readonly Envelope[], id: number, shares: readonly Uint8Array[]): boolean {
    const prevouts = plan.inputs.map(() => ({ script: this.#vault.script, amountSats: AMOUNT }));
    return codec
      .sighashes(plan.transaction, prevouts)
      .every((message, at) =>
        verifyingSuite.verifyPartial(
          key.certificate.package,
          vaultTweakOf(this.#vault.signedTerms.terms),
          signersOf(commitments, at),
          message,
          fleet.get(id).id,
          shares[at] ?? new Uint8Array(0),
        ),
      );
  }

  async #begin(name: string): Promise<Session | undefined> {
    const plan = this.#plans.get(name)?.();
    if (plan === undefined) return undefined;
    const session: Session = { name, plan, commitments: [], shares: new Map() };
    this.sessions.push(session);
    for (const id of this.#some(ALL, VALIDATORS)) {
      if (session.commitments.length === THRESHOLD) break;
      const given = await this.#commitment(plan, id);
      if (given !== undefined) session.commitments.push(given);
    }
    if (session.commitments.length === THRESHOLD) {
      session.commitments.sort((a, b) => senderOf(a) - senderOf(b));
      session.request = requestBytes(plan, session.commitments);
    }
    return session;
  }

  async #commitment(plan: PlannedRequest, id: number): Promise<Envelope | undefined> {
    try {
      if (this.#hostile.has(id)) return committedBy(plan, id);
      return (await commitTo(fleet, plan, [id]))[0];
    } catch {
      return undefined;
    }
  }

  #honestIn({ commitments }: Session): number[] {
    return commitments.map(senderOf).filter((id) => !this.#hostile.has(id));
  }

  async #ask({ name, request, shares }: Session, id: number): Promise<void> {
    if (request === undefined) return;
    const reply = await fleet.ask(id, { case: 'givePartials', value: { request } });
    if (!reply.ok) {
      this.refused += 1;
      return;
    }
    if (!shares.has(id)) this.given.push({ id, name });
    shares.set(id, fromBinary(PartialSignaturesSchema, reply.envelope.payload).shares);
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#draw() * of.length)] as T;
  }

  #some<T>(of: readonly T[], count: number): T[] {
    return of
      .map((item) => [this.#draw(), item] as const)
      .sort(([a], [b]) => a - b)
      .map(([, item]) => item)
      .slice(0, count);
  }
}

/** What a hostile validator says to any transaction: that it has committed, and locked the outputs for it. Its shares are taken as given. */
function committedBy(plan: PlannedRequest, id: number): Envelope {
  const host = fleet.network.hosts[id - 1];
  if (host === undefined) throw new Error(`there is no validator ${id} in this test`);
  const point = (): Uint8Array => Uint8Array.of(2, ...schnorr.getPublicKey(schnorr.utils.randomSecretKey()));
  const { txid: locked } = codec.readTransaction(plan.transaction);
  const about = aboutKey(key.certificate.package, plan.ceremony);
  const speaking = { genesis: fleet.genesis, self: fleet.get(id).id, identity: host.key };
  return say(speaking, Round.SIGNING_COMMITMENTS, about, SigningCommitmentsSchema, {
    commitments: plan.inputs.map(() => ({ hiding: point(), binding: point() })),
    locked,
  });
}

async function benchOf(deposits: number): Promise<{ readonly vault: TestVault; readonly coins: readonly Outpoint[] }> {
  const vault = await openVault(fleet, key.certificate);
  return { vault, coins: Array.from({ length: deposits }, () => depositTo(fleet, vault, AMOUNT)) };
}

async function run(seed: number, steps: number, vault: TestVault, plans: ReadonlyMap<string, () => PlannedRequest>) {
  const coordinators = new Coordinators(seed, vault, plans);
  for (let at = 0; at < steps; at += 1) await coordinators.step();
  await coordinators.finish();
  return coordinators;
}

test('of transactions that share an output and of which none takes the place of another, one is signed at most, however many coordinators ask', async () => {
  const found = { given: 0, refused: 0, signed: 0 };
  for (let seed = SEED; seed < SEED + 3; seed += 1) {
    const { vault, coins } = await benchOf(3);
    const pairOf = (leave: number) => (): PlannedRequest =>
      planPayout(fleet, codec, vault, {
        outpoints: coins.filter((_, at) => at !== leave),
        amountSats: 2 * AMOUNT,
        feeSats: 900,
      });
    const plans = new Map(coins.map((coin, at) => [`without ${outpointText(coin)}`, pairOf(at)] as const));
    const coordinators = await run(seed, 60, vault, plans);
    const { size } = coordinators.signed();
    // None would mean that nobody ever got a signature, and that the bound was never met.
    expect([seed, size]).toEqual([seed, 1]);
    found.given += coordinators.given.length;
    found.refused += coordinators.refused;
    found.signed += size;
  }
  expect([SEED, found.given > 0]).toEqual([SEED, true]);
  process.stdout.write(`two coordinators: ${JSON.stringify(found)}, seed ${SEED}\n`);
});

test('of two fees that the release key signed, nobody gives the lower one any more after the higher, whoever comes back and asks for it', async () => {
  for (let seed = SEED; seed < SEED + 2; seed += 1) {
    const { vault, coins } = await benchOf(1);
    const at = (feeSats: number) => (): PlannedRequest =>
      planPayout(fleet, codec, vault, { outpoints: coins, amountSats: AMOUNT, feeSats });
    const coordinators = await run(
      seed,
      50,
      vault,
      new Map([
        ['low', at(500)],
        ['high', at(700)],
      ] as const),
    );
    const highest = new Set<number>();
    for (const { id, name } of coordinators.given) {
      if (name === 'high') highest.add(id);
      expect([seed, id, name === 'low' && highest.has(id)]).toEqual([seed, id, false]);
    }
    expect([seed, [...coordinators.signed()]]).toEqual([seed, expect.arrayContaining(['high'])]);
  }
});
