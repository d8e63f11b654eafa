import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type NetworkGenesis, validatorId, type ValidatorId } from '../../../domain/network/network.ts';
import type { KeyStore } from '../../../domain/ports/keystore.ts';
import { signingSuite } from '../../../threshold/session/suite.ts';
import { WIRE_VERSION } from '../../../wire/envelope.ts';
import { type Envelope, RequestSchema, ResponseSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TransactionCodec } from '../../../domain/ports/chain.ts';
import type { CustodyAgent } from '../agent.ts';
import { createAgent } from '../create-agent.ts';
import type { AgentDependencies, AgentLogger, SigningPolicy } from '../dependencies.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open.ts';
import type { SignerClient } from '../signer/client.ts';
import { inProcessSigner } from '../signer/in-process.ts';
import { TestChain } from './chain.ts';
import { type TestNetwork, testNetwork } from './network.ts';

export const SILENT: AgentLogger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const POLICY: SigningPolicy = {
  confirmationsRequired: 3,
  policyVersion: 1,
  minFeeRateSatsPerKvb: 1_000,
  feeCapSats: 4_000,
  outflowCap: { sats: 1_000_000_000, windowSeconds: 86_400 },
  anchorDepthMax: 20,
};

export type TestAgent = {
  readonly id: ValidatorId;
  agent: CustodyAgent;
  journal: Journal;
  signer: SignerClient;
  readonly folder: string;
  readonly chain: TestChain;
};

export type RequestBody = NonNullable<MessageInitShape<typeof RequestSchema>['body']>;
export type Reply =
  | { readonly ok: true; readonly envelope: Envelope; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly code: string; readonly message: string };

export type TestFleetOptions = {
  readonly codec: TransactionCodec;
  readonly keystore: () => KeyStore;
  /** Of one validator. */
  readonly clock?: (id: ValidatorId) => number;
  /** What stands between a validator and its journal. */
  readonly journal?: (journal: Journal, id: ValidatorId) => Journal;
  readonly logger?: AgentLogger;
  /** What differs from `POLICY`. */
  readonly policy?: Partial<SigningPolicy>;
  /** Of as many validators; default: a fresh one. */
  readonly network?: TestNetwork;
};

/** Validators without transport in one process, each with its own folder, journal, signer and chain view. */
export class TestFleet {
  readonly network: TestNetwork;
  readonly agents: readonly TestAgent[];
  readonly #options: TestFleetOptions;
  readonly #keystores: readonly KeyStore[];
  readonly #root = mkdtempSync(join(tmpdir(), 'firebreak-agents-'));

  constructor(validators: number, threshold: number, options: TestFleetOptions) {
    this.network = options.network ?? testNetwork(validators, threshold);
    this.#options = options;
    this.#keystores = Array.from({ length: validators }, options.keystore);
    this.agents = Array.from({ length: validators }, (_, at) => {
      const id = validatorId(at + 1);
      const folder = mkdtempSync(join(this.#root, 'validator-'));
      const chain = new TestChain();
      return { id, folder, chain, ...this.#open(id, folder, chain) };
    });
  }

  get genesis(): NetworkGenesis {
    return this.network.genesis;
  }

  get(id: number): TestAgent {
    const agent = this.agents[id - 1];
    if (agent === undefined) throw new Error(`there is no validator ${id} in this test`);
    return agent;
  }

  /** What a crash leaves: the folder and the keystore. Memory, and with it every nonce and half-made key, is gone. */
  async crash(id: number): Promise<void> {
    const entry = this.get(id);
    entry.journal.close();
    await entry.signer.stop();
    Object.assign(entry, this.#open(entry.id, entry.folder, entry.chain));
  }

  /** A second process from a copy of the folder, taken while the first one runs; the caller closes its journal. */
  twin(id: number): TestAgent {
    const { folder, chain } = this.get(id);
    const copy = mkdtempSync(join(this.#root, 'copy-'));
    cpSync(folder, copy, { recursive: true });
    return { id: validatorId(id), folder: copy, chain, ...this.#open(validatorId(id), copy, chain) };
  }

  async ask(id: number, body: RequestBody, peer = this.network.coordinator.identity): Promise<Reply> {
    return readReply(await this.get(id).agent.handle(requestOf(this.genesis, body), peer));
  }

  /** All answers in roster order; throws the first refusal, since the caller needs everyone. */
  async askAll(body: RequestBody, ids: readonly ValidatorId[] = this.agents.map(({ id }) => id)): Promise<Envelope[]> {
    const envelopes: Envelope[] = [];
    for (const id of ids) {
      const reply = await this.ask(id, body);
      if (!reply.ok) throw new Error(`validator ${id} refused ${body.case}: ${reply.code}: ${reply.message}`);
      envelopes.push(reply.envelope);
    }
    return envelopes;
  }

  async close(): Promise<void> {
    for (const { agent, journal, signer } of this.agents) {
      await agent.stop();
      await signer.stop();
      journal.close();
    }
    rmSync(this.#root, { recursive: true, force: true });
  }

  #open(id: ValidatorId, folder: string, chain: TestChain): Pick<TestAgent, 'agent' | 'journal' | 'signer'> {
    const host = this.network.hosts[id - 1];
    const keystore = this.#keystores[id - 1];
    if (host === undefined || keystore === undefined) throw new Error(`there is no validator ${id} in this test`);
    const clock = this.#options.clock ?? Date.now;
    const opened = openJournal(folder);
    const journal = this.#options.journal?.(opened, id) ?? opened;
    const signer = inProcessSigner({ self: id, suite: signingSuite, keystore });
    const dependencies: AgentDependencies = {
      genesis: this.network.genesis,
      self: id,
      identity: host.key,
      journal,
      chain: chain.view(),
      codec: this.#options.codec,
      fees: chain.fees(),
      signer,
      policy: { ...POLICY, ...this.#options.policy },
      clock: () => clock(id),
      logger: this.#options.logger ?? SILENT,
      version: 'test',
    };
    const agent = createAgent(dependencies);
    agent.setState('ready', []);
    return { agent, journal, signer };
  }
}

export const requestOf = (genesis: NetworkGenesis, body: RequestBody): Uint8Array =>
  toBinary(
    RequestSchema,
    create(RequestSchema, { wireVersion: WIRE_VERSION, environment: genesis.environment, network: genesis.name, body }),
  );

export function readReply(bytes: Uint8Array): Reply {
  const { body } = fromBinary(ResponseSchema, bytes);
  if (body.case === 'envelope') return { ok: true, envelope: body.value, bytes };
  if (body.case === 'refusal') return { ok: false, code: body.value.code, message: body.value.message };
  throw new Error('a response without a body');
}
