import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import type { KeygenEvidence, SigningEvidence } from '../../domain/ceremony/evidence.ts';
import type { Digest } from '../../domain/encoding/digest.ts';
import { fromHex } from '../../domain/encoding/hex.ts';
import { validatorId } from '../../domain/network/network.ts';
import { auditNonces } from '../../threshold/verify/nonce-audit.ts';
import { parseNetworkGenesis } from '../../wire/documents/index.ts';
import { Round, SigningRequestSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { Checks, openAll } from './checks.ts';
import { type AnyEvidence, evidenceFrom } from './document.ts';
import { verifyEvidence, verifyFile } from './verify.ts';
import { nonceFinding } from './verify-spend.ts';

const path = (name: string): string => new URL(`./recorded/${name}.json`, import.meta.url).pathname;
const recorded = (name: string): unknown => JSON.parse(readFileSync(path(name), 'utf8'));
const genesis = parseNetworkGenesis(readFileSync(path('network')), 'network.json');
const payout = evidenceFrom(recorded('payout'), 'signing', 'payout') as SigningEvidence;
const keygen = evidenceFrom(recorded('keygen'), 'keygen', 'keygen') as KeygenEvidence;

/** The check that fails, or undefined when all pass. */
function failing(evidence: AnyEvidence, against = genesis): string | undefined {
  const checks = new Checks();
  try {
    verifyEvidence(against, evidence, checks);
  } catch (error) {
    const failed = checks.done.find(({ ok }) => !ok);
    if (failed === undefined) throw error;
    return failed.name;
  }
  return undefined;
}

/** Changes one hexadecimal digit, counted from the end when negative. */
function flip(hex: string, at = -1): string {
  const place = at < 0 ? hex.length + at : at;
  return hex.slice(0, place) + (hex[place] === '0' ? '1' : '0') + hex.slice(place + 1);
}
const [session] = payout.sessions;
if (session === undefined) throw new Error('the recorded payout has a session');
const withSession = (change: Partial<typeof session>): SigningEvidence => ({
  ...payout,
  sessions: [{ ...session, ...change }],
});

test('the recorded payout and key generation hold, and say how many nonces were looked at', () => {
  const checks = new Checks();
  verifyEvidence(genesis, payout, checks);
  expect(checks.done.every(({ ok }) => ok)).toBe(true);
  expect(checks.done.find(({ name }) => name.includes('nonce'))?.detail).toBe('20 commitments examined');
  expect(failing(keygen)).toBeUndefined();
});

test('from the command line the verdict is a word, a list of checks and an exit code', () => {
  const outcome = verifyFile({ data: '.', network: path('network') }, path('payout'));
  expect(outcome).toMatchObject({ exitCode: 0, data: { valid: true, kind: 'signing' } });
  expect(outcome.lines[0]).toContain('VALID');
});

test('another network does not vouch for it', () => {
  expect(failing(payout, { ...genesis, name: 'another' })).toBe('the evidence is about the pinned network');
  const [first, ...rest] = genesis.validators;
  if (first === undefined) throw new Error('the genesis has validators');
  const other = { ...genesis, validators: [{ ...first, identity: flip(first.identity) }, ...rest] };
  expect(failing(payout, other)).toBe('the certificate is signed by every participant');
  expect(failing(keygen, other)).toBe('parameters are those of the pinned network');
});

test.each<[string, SigningEvidence, string]>([
  [
    'terms with another payout script',
    { ...payout, terms: { ...payout.terms, terms: { ...payout.terms.terms, payoutScript: `5120${'ab'.repeat(32)}` } } },
    'the terms are signed by their owner',
  ],
  [
    'a release of another amount',
    { ...payout, release: { ...payout.release, request: { ...payout.release.request, amountSats: 1 } } },
    'the release key asked for this payout',
  ],
  [
    'a release of another fee',
    { ...payout, release: { ...payout.release, request: { ...payout.release.request, feeSats: 1 } } },
    'the release key asked for this payout',
  ],
  [
    'a partial signature with one digit changed',
    withSession({ partials: session.partials.map((hex) => flip(hex)) }),
    'session ',
  ],
  [
    'a partial that appears twice',
    withSession({ partials: [...session.partials.slice(1), session.partials[1] ?? ''] }),
    'session ',
  ],
  ['a request with one digit changed', withSession({ requestHex: flip(session.requestHex, 200) }), 'session '],
  [
    'a missing partial',
    withSession({ partials: session.partials.slice(1) }),
    'the transaction is exactly what was signed',
  ],
  [
    'another transaction',
    { ...payout, transactionHex: flip(payout.transactionHex) },
    'the transaction is exactly what was signed',
  ],
  [
    'another signature',
    { ...payout, signaturesHex: payout.signaturesHex.map((hex) => flip(hex)) },
    'the transaction is exactly what was signed',
  ],
])('%s is found', (_name, evidence, check) => {
  expect(failing(evidence)).toMatch(new RegExp(`^${check}`));
});

test('a nonce that was used twice is told with whoever used it, and spoils the evidence of nobody', () => {
  const use = (validator: number, request: string, byte: number) => ({
    validator: validatorId(validator),
    request: request as Digest,
    input: 0,
    nonces: { hiding: new Uint8Array(33).fill(byte), binding: new Uint8Array(33).fill(byte + 1) },
  });
  expect(nonceFinding(auditNonces([use(1, 'a', 10), use(2, 'a', 20), use(1, 'b', 30)]))).toBe('6 commitments examined');
  const reused = auditNonces([use(1, 'a', 10), use(4, 'a', 20), use(1, 'b', 30), use(4, 'b', 20)]);
  expect(nonceFinding(reused)).toContain('8 commitments examined, 2 of them in two places: by validator-004;');
});

test('the same session told twice is one use of its nonces and no reuse', () => {
  expect(failing({ ...payout, sessions: [session, session] })).toBeUndefined();
});

test.each<[string, KeygenEvidence, string]>([
  ['parameters with one digit changed', { ...keygen, parametersHex: flip(keygen.parametersHex) }, 'parameters'],
  ['a round without one validator', { ...keygen, shares: keygen.shares.slice(1) }, 'both rounds'],
  [
    'a round in which one validator speaks twice',
    { ...keygen, commitments: [...keygen.commitments.slice(1), keygen.commitments[1] ?? ''] },
    'both rounds',
  ],
  ['transcripts of the wrong round', { ...keygen, transcripts: keygen.shares }, 'every participant saw the same'],
  [
    'a certificate without one signature',
    { ...keygen, certificate: { ...keygen.certificate, signatures: keygen.certificate.signatures.slice(1) } },
    'the certificate is signed',
  ],
  [
    'a self-test without one signer',
    { ...keygen, selfTest: { ...keygen.selfTest, partials: keygen.selfTest.partials.slice(1) } },
    'all participants signed the self-test',
  ],
  [
    'another self-test signature',
    { ...keygen, selfTest: { ...keygen.selfTest, signatureHex: flip(keygen.selfTest.signatureHex) } },
    'all participants signed the self-test',
  ],
  ['an activation that is missing', { ...keygen, active: keygen.active.slice(1) }, 'the participants activated'],
])('%s is found', (_name, evidence, check) => {
  expect(failing(evidence)).toMatch(new RegExp(`^${check}`));
});

test('a file of another form is wrong input and names the field', () => {
  expect(() => evidenceFrom({ ...payout, extra: 1 }, undefined, 'x.json')).toThrow('x.json');
  expect(() => evidenceFrom({ kind: 'rumour' }, undefined, 'x.json')).toThrow('kind');
  expect(() => evidenceFrom(keygen, 'signing', 'x.json')).toThrow('evidence of a keygen');
});

describe('a session that was given up', () => {
  type Without = (typeof session)['without'];
  const signersOf = (): number[] => {
    const envelopes = fromBinary(SigningRequestSchema, fromHex(session.requestHex, 'request')).commitments;
    return [...openAll(genesis, envelopes, { round: Round.SIGNING_COMMITMENTS }).keys()];
  };
  const [silent = 0, other = 0] = signersOf();
  const stranger = genesis.validators.map(({ id }) => Number(id)).find((id) => !signersOf().includes(id)) ?? 0;
  const named: Without = [{ validator: silent, code: 'unavailable.silent' }];
  /** The recorded payout after a first try in which one signer, by the coordinator, gave nothing. */
  const after = (without: Without): SigningEvidence => ({
    ...payout,
    sessions: [{ ...session, partials: session.partials.slice(1), without }, session],
  });
  const told = (evidence: SigningEvidence): readonly string[] => {
    const checks = new Checks();
    verifyEvidence(genesis, evidence, checks);
    return checks.claims;
  };

  test('holds, and the reason is called a claim and not a check', () => {
    expect(told(payout)).toEqual([]);
    const [claim, ...others] = told(after(named));
    expect(others).toEqual([]);
    expect(claim).toMatch(/validator-0\d\d gave no partial signature \(unavailable\.silent\)/);
    const folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    try {
      const file = join(folder, 'evidence.json');
      writeFileSync(file, JSON.stringify(after(named)));
      const { lines, data } = verifyFile({ data: '.', network: path('network') }, file);
      expect(lines.at(-1)).toBe(`  claim of the coordinator, not proven: ${claim}`);
      expect(data).toMatchObject({ valid: true, claims: [claim] });
      expect(JSON.stringify((data as { readonly checks: unknown }).checks)).not.toContain('unavailable.silent');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('with another reason still holds, which is why it is only a claim', () => {
    const [claim] = told(after([{ validator: silent, code: 'policy.frozen' }]));
    expect(claim).toContain('(policy.frozen)');
  });

  test.each<[string, SigningEvidence]>([
    ['who is missing is not named', after([])],
    ['a signer is named whose signature is there', after([...named, { validator: other, code: 'unavailable.silent' }])],
    ['only such a signer is named', after([{ validator: other, code: 'unavailable.silent' }])],
    ['somebody is named who was no signer', after([...named, { validator: stranger, code: 'unavailable.silent' }])],
    ['somebody is named twice', after([...named, ...named])],
    ['the session that was complete names somebody', withSession({ without: named })],
  ])('in which %s is found', (_name, evidence) => {
    expect(failing(evidence)).toMatch(/^session /);
  });
});
