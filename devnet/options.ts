import { parseArgs } from 'node:util';
import { FirebreakFailure } from '../domain/errors/failure.ts';

export type UpOptions = {
  readonly verb: 'up';
  readonly data: string;
  readonly once: boolean;
  readonly keystore: 'hsm' | 'file' | 'auto';
  /** undefined: as the network was made, or the default. */
  readonly portBase: number | undefined;
  readonly kill: boolean;
  readonly story: boolean;
  /** Whether an emergency follows the payout. */
  readonly emergency: boolean;
};
export type DownOptions = {
  readonly verb: 'down';
  readonly data: string;
  readonly purge: boolean;
  /** Deleting is agreed to. */
  readonly yes: boolean;
  readonly json: boolean;
};

export type FundOptions = {
  readonly verb: 'fund';
  readonly data: string;
  /** A vault id or enough of its beginning. */
  readonly vault: string;
  /** Satoshis; undefined: what the vault's terms promise. */
  readonly amount: string | undefined;
  /** Mined on top; undefined: as deep as a payout wants it. */
  readonly blocks: string | undefined;
  readonly json: boolean;
};
export type MineOptions = {
  readonly verb: 'mine';
  readonly data: string;
  readonly blocks: string | undefined;
  readonly json: boolean;
};
export type CopyOptions = {
  readonly verb: 'copy';
  readonly data: string;
  /** Whose folder, by number. */
  readonly validator: string;
  /** End the copy that runs instead. */
  readonly stop: boolean;
  readonly json: boolean;
};
export type TortureOptions = {
  readonly verb: 'torture';
  /** Kept nowhere: a run has a folder of its own. */
  readonly data: string;
  readonly seed: string | undefined;
  /** `<from>..<to>` */
  readonly seeds: string | undefined;
  readonly faults: string | undefined;
  readonly payouts: string | undefined;
  readonly portBase: string | undefined;
  /** Markdown; of a range it is read again and goes on. */
  readonly report: string | undefined;
  readonly json: boolean;
};
export type DevnetOptions = UpOptions | DownOptions | FundOptions | MineOptions | CopyOptions | TortureOptions;

/** What `firebreak up`, `down` and `devnet` pass on. Throws `input.usage`. */
export function readOptions(args: readonly string[]): DevnetOptions {
  const [verb, ...rest] = args;
  if (verb === 'up') return readUp(rest);
  if (verb === 'down') return readDown(rest);
  if (verb === 'fund') return readFund(rest);
  if (verb === 'mine') return readMine(rest);
  if (verb === 'copy') return readCopy(rest);
  if (verb === 'torture') return readTorture(rest);
  throw new FirebreakFailure(
    'input.usage',
    `the devnet knows up, down, fund, mine, copy and torture, not "${verb ?? ''}"`,
  );
}

function readUp(args: readonly string[]): UpOptions {
  const { values } = parse(args, {
    data: { type: 'string' },
    once: { type: 'boolean' },
    keystore: { type: 'string' },
    'port-base': { type: 'string' },
    'no-kill': { type: 'boolean' },
    'no-story': { type: 'boolean' },
    'no-emergency': { type: 'boolean' },
    json: { type: 'boolean' },
  });
  const keystore = values['keystore'] ?? 'auto';
  if (keystore !== 'hsm' && keystore !== 'file' && keystore !== 'auto') {
    throw new FirebreakFailure('input.usage', `--keystore is hsm, file or auto, not "${JSON.stringify(keystore)}"`);
  }
  const base = values['port-base'];
  return {
    verb: 'up',
    data: text(values['data']),
    once: values['once'] === true,
    keystore,
    portBase: base === undefined ? undefined : Number(base),
    kill: values['no-kill'] !== true,
    story: values['no-story'] !== true,
    emergency: values['no-emergency'] !== true,
  };
}

function readDown(args: readonly string[]): DownOptions {
  const { values } = parse(args, {
    data: { type: 'string' },
    purge: { type: 'boolean' },
    yes: { type: 'boolean' },
    json: { type: 'boolean' },
  });
  return {
    verb: 'down',
    data: text(values['data']),
    purge: values['purge'] === true,
    yes: values['yes'] === true,
    json: values['json'] === true,
  };
}

function readFund(args: readonly string[]): FundOptions {
  const { values } = parse(args, {
    vault: { type: 'string' },
    amount: { type: 'string' },
    blocks: { type: 'string' },
    data: { type: 'string' },
    json: { type: 'boolean' },
  });
  return {
    verb: 'fund',
    data: text(values['data']),
    vault: text(values['vault'], '--vault must name a vault'),
    amount: optional(values['amount']),
    blocks: optional(values['blocks']),
    json: values['json'] === true,
  };
}

function readMine(args: readonly string[]): MineOptions {
  const { values } = parse(args, { blocks: { type: 'string' }, data: { type: 'string' }, json: { type: 'boolean' } });
  return {
    verb: 'mine',
    data: text(values['data']),
    blocks: optional(values['blocks']),
    json: values['json'] === true,
  };
}

function readCopy(args: readonly string[]): CopyOptions {
  const { values } = parse(args, {
    validator: { type: 'string' },
    stop: { type: 'boolean' },
    data: { type: 'string' },
    json: { type: 'boolean' },
  });
  return {
    verb: 'copy',
    data: text(values['data']),
    validator: text(values['validator'], '--validator must name a validator'),
    stop: values['stop'] === true,
    json: values['json'] === true,
  };
}

function readTorture(args: readonly string[]): TortureOptions {
  const { values } = parse(args, {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    faults: { type: 'string' },
    payouts: { type: 'string' },
    'port-base': { type: 'string' },
    report: { type: 'string' },
    json: { type: 'boolean' },
  });
  return {
    verb: 'torture',
    data: '',
    seed: optional(values['seed']),
    seeds: optional(values['seeds']),
    faults: optional(values['faults']),
    payouts: optional(values['payouts']),
    portBase: optional(values['port-base']),
    report: optional(values['report']),
    json: values['json'] === true,
  };
}

function parse(
  args: readonly string[],
  options: Record<string, { type: 'string' | 'boolean' }>,
): { values: Record<string, unknown> } {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new FirebreakFailure('input.usage', (error as Error).message);
  }
}

function text(value: unknown, otherwise = '--data must name a folder'): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new FirebreakFailure('input.usage', otherwise);
}

const optional = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
