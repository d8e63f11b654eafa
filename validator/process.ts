import type { BitcoinChain } from '../domain/ports/chain.ts';
import { validatorName } from '../domain/network/network.ts';
import type { KeyUse } from '../domain/ports/keystore.ts';
import type { LoadedConfig } from './config.ts';
import type { CustodyAgent } from './custody/agent.ts';
import { createAgent } from './custody/create-agent.ts';
import type { AgentLogger } from './custody/dependencies.ts';
import type { Journal } from './custody/journal/journal.ts';
import { openJournal } from './custody/journal/open.ts';
import { CustodyHost } from './custody/p2p/host.ts';
import type { SignerClient } from './custody/signer/client.ts';
import { startHttp } from './http/server.ts';
import type { ValidatorView } from './http/view.ts';
import { openIdentity } from './identity.ts';
import { journalWasMade, KeyUses } from './key-uses.ts';
import { type LifeFacts, runLife } from './life.ts';
import { tryPorts } from './ports.ts';

/** What the composition root brings from outside: a chain view of the operator's own node, and the thread that owns the secrets. */
export type ValidatorOutside = {
  readonly loaded: LoadedConfig;
  readonly logger: AgentLogger;
  readonly version: string;
  /** Starts the chain plug-in; the returned stop gives it back. */
  openChain(): Promise<{ readonly chain: BitcoinChain; stop(): Promise<void> }>;
  startSigner(recordUse: (use: KeyUse) => void): Promise<SignerClient>;
};

export type RunningValidator = {
  readonly apiPort: number;
  readonly metricsPort: number;
  /** Resolves when everything has been given back, in reverse order. */
  stop(): Promise<void>;
};

/**
 * Brings one validator up in the order in which its parts need each other: journal (the lock of the folder), signer and its
 * keystore, identity, chain, agent, HTTP, network, states. If a step fails, what was opened is closed and the failure thrown.
 * Where no journal was ever made it comes after the identity, the ports and the chain: a start that one of them refuses has left none.
 */
export async function startValidator(outside: ValidatorOutside): Promise<RunningValidator> {
  const undo = new Undo(outside.logger);
  try {
    return await bringUp(outside, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

async function bringUp(outside: ValidatorOutside, undo: Undo): Promise<RunningValidator> {
  const { config, genesis } = outside.loaded;
  const { logger, version } = outside;
  const startedAtMs = Date.now();
  const uses = new KeyUses();
  let opened: Journal | undefined;
  undo.later('journal', async () => opened?.close());
  const open = (): Journal => {
    const journal = openJournal(config.dataDir);
    opened = journal;
    uses.recordIn((use) => journal.keysets.recordUse(use));
    return journal;
  };

  const before = journalWasMade(config.dataDir) ? open() : undefined;
  const signer = await outside.startSigner((use) => uses.record(use));
  undo.later('signer', () => signer.stop());
  const identity = await openIdentity(config.p2p.identityFile, config.id, genesis, (sealed) =>
    signer.unsealIdentity(sealed),
  );
  if (before === undefined) await tryPorts(config);

  const { chain, stop: stopChain } = await outside.openChain();
  undo.later('chain', stopChain);
  const journal = before ?? open();

  const { view, codec, fees } = chain;
  const clock = Date.now;
  const agent = createAgent({
    genesis,
    self: config.id,
    identity,
    journal,
    chain: view,
    codec,
    fees,
    signer,
    policy: config.policy,
    clock,
    logger,
    version,
  });
  undo.later('agent', () => agent.stop());

  const host = new CustodyHost({
    genesis,
    self: config.id,
    identity,
    listen: config.p2p.listen,
    extraAddresses: config.p2p.extraAddresses,
    announceMs: config.p2p.announceMs,
    agent,
    logger,
  });
  const seen: ValidatorView = {
    self: config.id,
    genesis,
    version,
    startedAtMs,
    dataDir: config.dataDir,
    clock,
    chain: () => view.status(),
    report: () => agent.report(),
    freezesLeft: () => agent.freezesLeft(),
    session: (ceremony) => agent.session(ceremony),
    sessions: (limit) => agent.sessions(limit),
    transport: host,
    keyUses: () => uses.counts,
  };
  const { host: address, apiPort, metricsPort } = config.http;
  const http = await startHttp({ host: address, apiPort, metricsPort, view: seen, logger });
  undo.later('http', () => http.stop());
  await host.start();
  undo.later('network', () => host.stop());

  let draining = false;
  const life = beginLife(agent, host, logger, signer, () => ({
    started: true,
    draining,
    chain: view.status(),
    signerLate: signer.late(),
    peersConnected: host.connected().length,
    orderStatesKnown: host.orderStatesKnown(),
    threshold: genesis.threshold,
  }));
  undo.later('states', async () => {
    draining = true;
    life.judge();
    life.stop();
    await host.announceNow().catch(() => undefined); // peers notice our absence anyway
  });
  logger.info(
    {
      validator: validatorName(config.id),
      listen: host.addresses(),
      apiPort: http.apiPort,
      metricsPort: http.metricsPort,
    },
    'validator is up',
  );
  return { apiPort: http.apiPort, metricsPort: http.metricsPort, stop: () => undo.all() };
}

function beginLife(
  agent: CustodyAgent,
  host: CustodyHost,
  logger: AgentLogger,
  signer: SignerClient,
  facts: () => Omit<LifeFacts, 'fatal'>,
) {
  let fatal: string | undefined;
  signer.onHalt((reason) => {
    fatal = `unavailable.signer-stopped: ${reason}`;
  });
  const stopping = new AbortController();
  const loop = runLife({
    facts: () => ({ ...facts(), fatal }),
    apply: ({ state, reasons }) => {
      agent.setState(state, reasons);
      logger.info({ state, reasons }, `state is ${state}`);
    },
    learnOrders: () => host.learnOrders(stopping.signal),
  });
  return {
    judge: loop.judge,
    stop: () => {
      loop.stop();
      stopping.abort(new Error('stopping'));
    },
  };
}

/** Gives back in reverse what was opened; one part that fails to close does not keep the others open. */
class Undo {
  private readonly steps: { readonly what: string; readonly undo: () => Promise<void> }[] = [];
  private readonly logger: AgentLogger;

  constructor(logger: AgentLogger) {
    this.logger = logger;
  }

  later(what: string, undo: () => Promise<void>): void {
    this.steps.push({ what, undo });
  }

  async all(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        this.logger.warn({ err: error, part: step.what }, 'a part did not stop cleanly');
      }
    }
  }
}
