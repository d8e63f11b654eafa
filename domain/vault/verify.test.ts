import { expect, test } from '@jest/globals';
import { schnorr } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../encoding/hex.ts';
import { payoutScriptKind, dustLimitSats } from './payout-script.ts';
import {
  type ReleaseRequest,
  releaseRequestDigest,
  type SignedReleaseRequest,
  type SignedTerms,
  type Terms,
  vaultIdOf,
} from './terms.ts';
import { judgeReleaseRequest } from './verify-release.ts';
import { judgeTerms } from './verify-terms.ts';

const owner = new Uint8Array(32).fill(7);
const release = new Uint8Array(32).fill(8);
const xOnly = (secret: Uint8Array): string => toHex(schnorr.getPublicKey(secret));
const here = { name: 'laptop', environment: 'development', bitcoinNetwork: 'regtest' } as const;

const terms: Terms = {
  version: 1,
  environment: 'development',
  network: 'laptop',
  bitcoinNetwork: 'regtest',
  purpose: 'loan 7',
  payoutScript: `5120${xOnly(owner)}`,
  deposit: { amountSats: 1_000_000, deadlineHeight: 500 },
  maximumFeeSats: 5_000,
  ownerKey: xOnly(owner),
  releaseKey: xOnly(release),
  refund: { lockHeight: 1_000 },
  salt: '00'.repeat(16),
};

const sign = (body: Terms, secret = owner): SignedTerms => ({
  terms: body,
  signature: toHex(schnorr.sign(fromHex(vaultIdOf(body), 'digest'), secret)),
});

const codeOf = (verdict: ReturnType<typeof judgeTerms> | ReturnType<typeof judgeReleaseRequest>): string =>
  verdict.ok ? 'ok' : verdict.refusal.code;

test('terms signed by their owner for this network are the vault of their digest', () => {
  expect(judgeTerms(sign(terms), here)).toEqual({ ok: true, value: vaultIdOf(terms) });
  const { refund: _none, ...keyPathOnly } = terms;
  expect(codeOf(judgeTerms(sign(keyPathOnly), here))).toBe('ok');
});

test('terms that the owner did not sign, or that changed after, are refused', () => {
  expect(codeOf(judgeTerms(sign(terms, release), here))).toBe('policy.terms-signature');
  const { signature } = sign(terms);
  expect(codeOf(judgeTerms({ terms: { ...terms, maximumFeeSats: 5_001 }, signature }, here))).toBe(
    'policy.terms-signature',
  );
  expect(codeOf(judgeTerms({ terms, signature: 'zz' }, here))).toBe('policy.terms-signature');
});

test.each([
  [{ network: 'other' }, 'policy.terms-network'],
  [{ environment: 'production' }, 'policy.terms-network'],
  [{ bitcoinNetwork: 'mainnet' }, 'policy.terms-network'],
  [{ version: 2 as 1 }, 'input.terms-version'],
  [{ purpose: '' }, 'input.terms-purpose'],
  [{ purpose: 'a\u202eb' }, 'input.terms-purpose'],
  [{ salt: '00' }, 'input.terms-salt'],
  [{ ownerKey: 'ff'.repeat(32) }, 'input.terms-owner-key'],
  [{ releaseKey: '00'.repeat(32) }, 'input.terms-release-key'],
  [{ payoutScript: '6a0401020304' }, 'input.terms-payout-script'],
  [{ payoutScript: `5120${'ff'.repeat(32)}` }, 'input.terms-payout-script'],
  [{ payoutScript: `5120${xOnly(owner).toUpperCase()}` }, 'input.terms-payout-script'],
  [{ deposit: { amountSats: 0, deadlineHeight: 500 } }, 'input.terms-deposit'],
  [{ deposit: { amountSats: 2_100_000_000_000_001, deadlineHeight: 500 } }, 'input.terms-deposit'],
  [{ deposit: { amountSats: 1.5, deadlineHeight: 500 } }, 'input.terms-deposit'],
  [{ deposit: { amountSats: 1_000_000, deadlineHeight: 500_000_000 } }, 'input.terms-deposit'],
  [{ maximumFeeSats: 0 }, 'input.terms-fee'],
  [{ deposit: { amountSats: 5_329, deadlineHeight: 500 } }, 'input.terms-dust'],
  [{ refund: { lockHeight: 500 } }, 'input.terms-refund'],
  [{ refund: { lockHeight: 500_000_000 } }, 'input.terms-refund'],
] as const)('terms with %j are refused as %s even when the owner signed them', (change, code) => {
  const body = { ...terms, ...change } as Terms;
  expect(codeOf(judgeTerms(sign(body), here))).toBe(code);
});

test('the smallest deposit whose payout is relayed is accepted', () => {
  expect(codeOf(judgeTerms(sign({ ...terms, deposit: { amountSats: 5_330, deadlineHeight: 500 } }), here))).toBe('ok');
});

test.each([
  [`5120${xOnly(owner)}`, 'p2tr', 330],
  [`0020${'ab'.repeat(32)}`, 'p2wsh', 330],
  [`0014${'ab'.repeat(20)}`, 'p2wpkh', 294],
  [`a914${'ab'.repeat(20)}87`, 'p2sh', 540],
  [`76a914${'ab'.repeat(20)}88ac`, 'p2pkh', 546],
] as const)('%s is %s and dust below %i satoshis', (script, kind, limit) => {
  expect(payoutScriptKind(script)).toBe(kind);
  expect(dustLimitSats(script, kind)).toBe(limit);
});

const request: ReleaseRequest = {
  version: 1,
  environment: 'development',
  network: 'laptop',
  vault: vaultIdOf(terms),
  outpoints: [{ txid: 'ab'.repeat(32), vout: 1 }],
  amountSats: 1_000_000,
  feeSats: 500,
  expiresAtSeconds: 1_000,
};
const at = { environment: 'development', network: 'laptop', nowSeconds: 999 } as const;
const signRequest = (body: ReleaseRequest, secret = release): SignedReleaseRequest => ({
  request: body,
  signature: toHex(schnorr.sign(fromHex(releaseRequestDigest(body), 'digest'), secret)),
});

test('a release request signed by the release key for this vault is obeyed until it expires', () => {
  expect(judgeReleaseRequest(signRequest(request), terms, at)).toEqual({
    ok: true,
    value: releaseRequestDigest(request),
  });
  expect(codeOf(judgeReleaseRequest(signRequest(request), terms, { ...at, nowSeconds: 1_000 }))).toBe(
    'policy.release-expired',
  );
});

test('a request with fees that may replace its own one is obeyed, and what it names is part of what was signed', () => {
  const ladder = { ...request, higherFeesSats: [1_000, 2_000, terms.maximumFeeSats] };
  expect(codeOf(judgeReleaseRequest(signRequest(ladder), terms, at))).toBe('ok');
  expect(releaseRequestDigest(ladder)).not.toBe(releaseRequestDigest(request));
  const { signature } = signRequest(request);
  expect(codeOf(judgeReleaseRequest({ request: ladder, signature }, terms, at))).toBe('policy.release-signature');
});

test('a request of one fee has the digest that it had before there were ladders', () => {
  expect(releaseRequestDigest({ ...request, vault: 'ab'.repeat(32) as ReleaseRequest['vault'] })).toBe(
    '1c7ee826dd517574d0707baf4540b6a2637cef765b153645b50ce3fdc7da7a08',
  );
});

test('the owner key does not release unless it is also the release key', () => {
  expect(codeOf(judgeReleaseRequest(signRequest(request, owner), terms, at))).toBe('policy.release-signature');
});

test.each([
  [{ version: 2 as 1 }, 'input.release-version'],
  [{ environment: 'drill' }, 'policy.release-network'],
  [{ network: 'other' }, 'policy.release-network'],
  [{ vault: 'ab'.repeat(32) }, 'policy.release-vault'],
  [{ outpoints: [] }, 'input.release-outpoints'],
  [{ outpoints: [request.outpoints[0], request.outpoints[0]] }, 'input.release-outpoints'],
  [{ outpoints: [{ txid: 'ab', vout: 0 }] }, 'input.release-outpoints'],
  [{ outpoints: [{ txid: 'ab'.repeat(32), vout: -1 }] }, 'input.release-outpoints'],
  [
    { outpoints: Array.from({ length: 101 }, (_, vout) => ({ txid: 'ab'.repeat(32), vout })) },
    'input.release-outpoints',
  ],
  [{ amountSats: 0 }, 'input.release-amount'],
  [{ feeSats: -1 }, 'input.release-fee'],
  [{ feeSats: 0.5 }, 'input.release-fee'],
  [{ amountSats: 500 }, 'input.release-fee'],
  [{ feeSats: terms.maximumFeeSats + 1 }, 'policy.release-fee'],
  [{ higherFeesSats: [] }, 'input.release-ladder'],
  [{ higherFeesSats: [500] }, 'input.release-ladder'],
  [{ higherFeesSats: [499] }, 'input.release-ladder'],
  [{ higherFeesSats: [700, 600] }, 'input.release-ladder'],
  [{ higherFeesSats: [600, 600] }, 'input.release-ladder'],
  [{ higherFeesSats: [600.5] }, 'input.release-ladder'],
  [{ higherFeesSats: [600, 1_000_000] }, 'input.release-ladder'],
  [{ higherFeesSats: [501, 502, 503, 504, 505, 506, 507, 508] }, 'input.release-ladder'],
  [{ higherFeesSats: [600, terms.maximumFeeSats + 1] }, 'policy.release-fee'],
  [{ expiresAtSeconds: 1 }, 'policy.release-expired'],
] as const)('a release request with %j is refused as %s even when the release key signed it', (change, code) => {
  expect(codeOf(judgeReleaseRequest(signRequest({ ...request, ...change } as ReleaseRequest), terms, at))).toBe(code);
});

test('changing any field after the signature is refused', () => {
  const { signature } = signRequest(request);
  for (const change of [
    { amountSats: 999_999 },
    { feeSats: 501 },
    { outpoints: [{ txid: 'ab'.repeat(32), vout: 2 }] },
    { expiresAtSeconds: 2_000 },
  ]) {
    expect(codeOf(judgeReleaseRequest({ request: { ...request, ...change }, signature }, terms, at))).toBe(
      'policy.release-signature',
    );
  }
});
