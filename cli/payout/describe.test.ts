import { expect, test } from '@jest/globals';
import type { SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { type ReleaseRequest, releaseRequestDigest } from '../../domain/vault/terms.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { readEvidence } from '../ceremony/document.ts';
import { requestLines } from './describe.ts';

const file = new URL('../ceremony/recorded/payout.json', import.meta.url).pathname;
const { terms, release } = readEvidence(file, 'signing') as SigningEvidence;
const { request } = release;
const said = (change: Partial<ReleaseRequest> = {}): string =>
  requestLines({ ...request, ...change }, terms.terms).join('\n');

test('whoever is asked to release coins reads where they go, which they are, what it costs and until when', () => {
  const text = said({ amountSats: 1_000_000, feeSats: 1_234, expiresAtSeconds: 1_900_000_000 });
  expect(text).toContain(request.vault);
  expect(text).toContain(transactionCodec('regtest').addressOf(terms.terms.payoutScript));
  expect(text).toContain('pays       998766 sat');
  expect(text).toContain(`fee        1234 sat, exactly; the terms allow at most ${terms.terms.maximumFeeSats} sat`);
  expect(text).toContain('expires    2030-03-17 17:46:40 UTC');
  for (const { txid, vout } of request.outpoints) expect(text).toContain(`${txid}:${vout}`);
});

test('whoever signs a ladder reads every fee of it, who may choose, and the least that arrives', () => {
  const text = said({ amountSats: 1_000_000, feeSats: 500, higherFeesSats: [1_000, 4_000] });
  expect(text).toContain('pays       at least 996000 sat, at most 999500 sat, to bcrt1');
  expect(text).toContain('fee        500 sat first; the terms allow at most');
  expect(text).toContain('if stuck   1000, 4000 sat, one after the other, without asking you again');
  expect(text).toContain('whoever carries this request may take any of these: sign only if 4000 sat is fine');
});

test('the digest is that of exactly what is shown', () => {
  const cheaper = { feeSats: request.feeSats - 1 };
  expect(said(cheaper)).toContain(releaseRequestDigest({ ...request, ...cheaper }));
  expect(said(cheaper)).not.toContain(releaseRequestDigest(request));
});
