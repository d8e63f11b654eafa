import type { Client } from '@temporalio/client';
import { activeKey } from '../cli/key/keys.ts';
import { readOperator } from '../cli/operator.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';
import { outpointText } from '../domain/vault/terms.ts';
import { SIGNER_COUNT, VALIDATOR_COUNT, THRESHOLD } from './layout.ts';
import { LOOPBACK } from './ports.ts';
import {
  startAlerting,
  startBitcoin,
  startTemporal,
  startValidators,
  startWatchdog,
  startWorkers,
  type DevnetChain,
  type Network,
} from './network.ts';
import { spendsOf } from './spends.ts';
import type { Step } from './steps.ts';
import { type Deposit, makeDeposit, makeKey, makePayout, makeVault, type OpenedVault, type PaidOut } from './story.ts';
import { payoutEntries, renderTimeline, verdictOf } from './timeline.ts';

/** A kill comes too late when the machine is very quick; the next one has a fresh deposit. */
const KILL_ATTEMPTS_MAX = 3;

/** What the steps leave for each other and for the end. */
export type Stage = {
  chain?: DevnetChain;
  node?: NodeRpc;
  workers?: Promise<void>;
  alerting?: Promise<void>;
  client?: Client;
  vault?: OpenedVault;
  deposit?: Deposit;
  paid?: PaidOut;
  spends?: readonly string[];
};

/** What an earlier step left. */
export const given = <T>(value: T | undefined, what: string): T => {
  if (value === undefined)
    throw new FirebreakFailure('unknown-outcome.story', `${what} is missing, an earlier step did not finish`);
  return value;
};

/** Every process of the network, in the order in which they need each other. */
export function networkSteps(network: Network, stage: Stage): readonly Step[] {
  return [
    { title: 'Temporal and its UI', run: async () => startTemporal(network) },
    {
      title: 'three Bitcoin regtest nodes',
      run: async () => {
        const { chain, node } = await startBitcoin(network);
        stage.chain = chain;
        stage.node = node;
        return `block ${(await chain.tip()).height}`;
      },
    },
    {
      title: `${SIGNER_COUNT} validators and a spare`,
      run: async (say) => {
        // Workers need nothing from validators to start, and wait for each other's slow parts less this way.
        await startValidators(network, say, () => {
          stage.workers = startWorkers(network, say);
          stage.workers.catch(() => undefined); // the next step waits for it and tells
          stage.alerting = startAlerting(network, say);
          stage.alerting.catch(() => undefined); // as above
        });
        return `ready, shares sealed by ${network.storage === 'hsm' ? 'SoftHSM2' : 'sealed files (age)'}`;
      },
    },
    {
      title: 'two coordinator workers',
      run: async (say) => {
        await (stage.workers ?? startWorkers(network, say));
        return 'ready, one takes over from the other';
      },
    },
    {
      title: 'Prometheus, Alertmanager and the alert intake',
      run: async (say) => {
        await (stage.alerting ?? startAlerting(network, say));
        return `rules of ops/alerts over ${VALIDATOR_COUNT} validators, http://${LOOPBACK}:${network.ports.prometheus}/api/v1/rules`;
      },
    },
    {
      title: 'the watchdog',
      run: async (say) => {
        await startWatchdog(network, say);
        return 'pages by itself when Temporal, the alert intake, all workers or Prometheus are gone';
      },
    },
  ];
}

/** The key of the first epoch; on a second start it is there, or a later one in its place. */
export function keySteps(network: Network, stage: Stage): readonly Step[] {
  return [
    {
      title: `${THRESHOLD}-of-${SIGNER_COUNT} FROST key`,
      run: async () => {
        await makeKey(network);
        const operator = readOperator(network.layout.root);
        const { key, groupKey } = await activeKey(given(stage.client, 'the client'), operator);
        return `active, epoch ${key.epoch}, group key ${groupKey.slice(0, 18)}…`;
      },
    },
  ];
}

/** A vault of this start, and its address. */
export function vaultSteps(network: Network, stage: Stage): readonly Step[] {
  return [
    {
      title: 'vault',
      run: async () => {
        stage.vault = await makeVault(network);
        return stage.vault.address;
      },
    },
  ];
}

/** A real deposit, and a payout that outlives its coordinator. */
export function payoutSteps(network: Network, stage: Stage, kill: boolean): readonly Step[] {
  return [
    {
      title: 'deposit',
      run: async () => {
        stage.deposit = await makeDeposit(
          network,
          given(stage.chain, 'the chain'),
          given(stage.vault, 'the vault'),
          given(stage.client, 'the client'),
        );
        return `confirmed, ${outpointText(stage.deposit.outpoint).slice(0, 16)}… in block ${stage.deposit.height}`;
      },
    },
    {
      title: kill ? 'payout, with the coordinator killed on the way' : 'payout',
      run: async (say) => {
        stage.paid = await payOutWithKill(network, stage, kill, say);
        return `confirmed in block ${stage.paid.result.block.height}, txid ${stage.paid.result.txid.slice(0, 16)}…`;
      },
    },
    {
      title: 'every spend of the deposit',
      run: async () => {
        const { outpoint, height } = given(stage.deposit, 'the deposit');
        stage.spends = await spendsOf(given(stage.node, 'the node'), outpoint, height);
        if (stage.spends.length !== 1)
          throw new FirebreakFailure('unknown-outcome.story', `${stage.spends.length} transactions spend the deposit`);
        return `exactly one, ${stage.spends[0]?.slice(0, 16)}…`;
      },
    },
  ];
}

async function payOutWithKill(
  network: Network,
  stage: Stage,
  kill: boolean,
  say: (line: string) => void,
): Promise<PaidOut> {
  const chain = given(stage.chain, 'the chain');
  const client = given(stage.client, 'the client');
  for (let attempt = 1; ; attempt += 1) {
    const paid = await makePayout(network, chain, given(stage.vault, 'the vault'), client, kill, say);
    if (!kill || paid.takeover !== undefined) return paid;
    if (attempt === KILL_ATTEMPTS_MAX) {
      throw new FirebreakFailure(
        'unknown-outcome.story',
        `the coordinator could not be killed midway in ${attempt} payouts`,
      );
    }
    say('the payout was quicker than the kill; once more with a fresh deposit');
    stage.vault = await makeVault(network);
    stage.deposit = await makeDeposit(network, chain, stage.vault, client);
  }
}

/** What a reader takes home. */
export function timelineOf(stage: Stage): readonly string[] {
  const { paid, spends } = stage;
  if (paid?.takeover === undefined) return [];
  return [
    `payout ${paid.result.ceremony}`,
    ...renderTimeline(payoutEntries(paid.takeover, paid.partials)),
    verdictOf(paid.takeover, paid.partials, spends?.length ?? 0),
  ];
}
