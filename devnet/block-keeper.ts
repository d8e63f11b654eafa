import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { z } from 'zod';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { callForResult, type NodeRpc } from '../plugins/chain/bitcoin/rpc.ts';

const FILE_BYTES_MAX = 512 << 20;
const line = z.strictObject({ hash: z.string().length(64), hex: z.string().regex(/^([0-9a-f]{2})+$/) });

/** Keeps the chain of a regtest network: btcd deletes its regtest database at every start (`removeRegressionDB`). */
export type BlockKeeper = {
  /** How many blocks lay in the file when it was read. */
  readonly length: number;
  /** Gives a fresh node every kept block, lowest first; blocks that it has already are skipped by the node. */
  replay(node: NodeRpc): Promise<number>;
  /** Writes down the blocks of the canonical chain that the file lacks; blocks that a fork replaced are cut off first. */
  save(node: NodeRpc): Promise<void>;
};

type Kept = { readonly hash: string /** Where its line begins. */; readonly at: number };

/** `file` holds one block per line in order of height, from height 1. Throws `input.data-folder-damaged`. */
export function keepBlocks(file: string): BlockKeeper {
  const text = existsSync(file) ? readBounded(file) : '';
  const kept: Kept[] = [];
  const blocks: string[] = [];
  let size = 0;
  for (const raw of text.split('\n').slice(0, -1)) {
    const { hash, hex } = readLine(raw, file);
    kept.push({ hash, at: size });
    blocks.push(hex);
    size += raw.length + 1;
  }
  // A line that a crash cut short is no block: the node that mined it is gone with it.
  if (size < text.length) truncateSync(file, size);
  let saving: Promise<void> = Promise.resolve();

  const save = async (node: NodeRpc): Promise<void> => {
    const tip = Number(await callForResult(node, 'getblockcount', []));
    let common = Math.min(tip, kept.length);
    while (common > 0 && kept[common - 1]?.hash !== String(await callForResult(node, 'getblockhash', [common])))
      common -= 1;
    const cut = kept[common];
    if (cut !== undefined) {
      truncateSync(file, cut.at);
      size = cut.at;
      kept.length = common;
    }
    for (let height = common + 1; height <= tip; height += 1) {
      const hash = String(await callForResult(node, 'getblockhash', [height]));
      const hex = String(await callForResult(node, 'getblock', [hash, 0]));
      const raw = `${JSON.stringify({ hash, hex })}\n`;
      appendFileSync(file, raw, { mode: 0o600 });
      kept.push({ hash, at: size });
      size += raw.length;
    }
  };

  return {
    length: blocks.length,
    async replay(node) {
      for (const hex of blocks) await node.call('submitblock', [hex]);
      return blocks.length;
    },
    save(node) {
      saving = saving.then(() => save(node));
      return saving;
    },
  };
}

function readBounded(file: string): string {
  const text = readFileSync(file, 'latin1');
  if (text.length <= FILE_BYTES_MAX) return text;
  throw new FirebreakFailure('input.data-folder-damaged', `${file} is larger than ${FILE_BYTES_MAX} bytes`, { file });
}

function readLine(raw: string, file: string): z.infer<typeof line> {
  try {
    return line.parse(JSON.parse(raw));
  } catch {
    throw new FirebreakFailure('input.data-folder-damaged', `${file} holds a line that is no block`, { file });
  }
}
