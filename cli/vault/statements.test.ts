import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { vaultIdOf } from '../../domain/vault/terms.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';
import { readEvidence } from '../ceremony/document.ts';
import { showFrom } from './statements.ts';

const recorded = (name: string): string => new URL(`../ceremony/recorded/${name}`, import.meta.url).pathname;
const genesis = parseNetworkGenesis(readFileSync(recorded('network.json'), 'utf8'), 'network.json');
const { terms, certificate } = readEvidence(recorded('payout.json'), 'signing') as SigningEvidence;
const statements = { terms, certificate, termsHeld: [], certificateHeld: [] };

test('no address is shown when the terms that a coordinator hands over are those of another vault', () => {
  expect(() => showFrom(genesis, statements, 'ab'.repeat(32))).toThrow('not of abab');
  const code = { code: 'policy.not-yet-shown' };
  for (const asked of [undefined, vaultIdOf(terms.terms).slice(0, 12), vaultIdOf(terms.terms)]) {
    expect(() => showFrom(genesis, statements, asked)).toThrow(expect.objectContaining(code));
  }
});

test.each([0, 1, 7])('a beginning of %i characters names no vault, even when it fits', (length) => {
  const asked = vaultIdOf(terms.terms).slice(0, length);
  expect(() => showFrom(genesis, statements, asked)).toThrow('at least the first 8');
});
