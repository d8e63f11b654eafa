import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { Checks } from '../../cli/ceremony/checks.ts';
import { bundleIn } from '../../cli/evidence/bundle.ts';
import { verifyBundle } from '../../cli/evidence/verify.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';

/** A second implementation, written from docs/reference-formats/evidence.md and votes.md alone. */
export const SCRIPT = new URL('../../docs/reference-formats/verify-evidence.mjs', import.meta.url);
type Answer = { readonly ok: boolean; readonly record?: number; readonly why?: string };
const { verifyEvidence } = (await import(SCRIPT.href)) as {
  verifyEvidence: (given: { network: NetworkGenesis; file: Buffer; isOpen?: boolean }) => Answer;
};

/** An incident that real workflows and fifteen real validators left behind (test/workflow/evidence.test.ts). */
const DATA = join(import.meta.dirname, '..', '..', 'cli', 'evidence', 'recorded');
export const file = readFileSync(join(DATA, 'bundle.json'));
export const pinned = parseNetworkGenesis(readFileSync(join(DATA, 'network.json')), 'network.json');
export const bundle = bundleIn(file, 'bundle.json');

export function platform(bytes: Buffer, genesis = pinned, isOpen = false): Answer {
  try {
    verifyBundle(genesis, bundleIn(bytes, 'bundle'), new Checks(), isOpen);
    return { ok: true };
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    const place = /record (\d+)(?: \(|:)/.exec(error.message)?.[1];
    return { ok: false, why: error.message, ...(place === undefined ? {} : { record: Number(place) }) };
  }
}
export const script = (bytes: Buffer, network = pinned, isOpen = false): Answer =>
  verifyEvidence({ network, file: bytes, isOpen });

/** Both say the same; the value is what they say. */
export function both(bytes: Buffer, genesis = pinned, isOpen = false): boolean {
  const ours = platform(bytes, genesis, isOpen);
  const theirs = script(bytes, genesis, isOpen);
  expect({ ours, theirs, agree: ours.ok === theirs.ok }).toMatchObject({ agree: true });
  return ours.ok;
}
