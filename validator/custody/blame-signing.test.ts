import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { schnorr } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from '@jest/globals';
import type { PartialProof } from '../../domain/ceremony/blame.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { validatorId } from '../../domain/network/network.ts';
import { judgeBlame } from '../../threshold/verify/blame.ts';
import { openBlame } from '../../wire/blame.ts';
import { sealEnvelope } from '../../wire/envelope.ts';
import { encodeDocument, parseBlameProof } from '../../wire/documents/index.ts';
import {
  type Envelope,
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  type PartialSignatures,
  PartialSignaturesSchema,
  type SigningRequest,
  SigningRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { senderOf } from './testkit/ceremonies.ts';
import { forge, noPoint } from './testkit/forgery.ts';
import { signTerms, vaultOwner } from './testkit/network.ts';
import { AMOUNT, codec, payoutBench, SIGNERS } from './testkit/payout-bench.ts';
import { commitTo, depositTo, type PlannedRequest, requestBytes } from './testkit/payouts.ts';

const bench = payoutBench();
const HOSTILE = validatorId(2);
const HONEST = validatorId(1);

const hex = (envelope: Envelope): string => toHex(toBinary(EnvelopeSchema, envelope));

/** One whole session of the three signers. */
async function sessionOf(planned: PlannedRequest = bench.plan()) {
  const request = requestBytes(planned, await commitTo(bench.fleet, planned, SIGNERS));
  const partials = await bench.fleet.askAll({ case: 'givePartials', value: { request } }, SIGNERS.map(validatorId));
  const of = (id: number): Envelope => {
    const found = partials.find((each) => senderOf(each) === id);
    if (found === undefined) throw new Error(`validator ${id} did not sign`);
    return found;
  };
  return { request, of };
}

/** What only validator 2 can sign in the place of what its program did. */
function spoilt(partial: Envelope, change: (said: PartialSignatures) => void): Envelope {
  const said = fromBinary(PartialSignaturesSchema, partial.payload);
  change(said);
  const { suite, keyset, epoch, ceremony, round, from } = fromBinary(EnvelopeHeaderSchema, partial.header);
  const host = bench.fleet.network.hosts[from - 1];
  if (host === undefined) throw new Error(`there is no validator ${from} in this test`);
  const about = { suite, keyset, epoch, ceremony, round };
  const payload = toBinary(PartialSignaturesSchema, said);
  return sealEnvelope(bench.fleet.genesis, validatorId(from), host.key, about, payload);
}

const proofOf = (request: Uint8Array, partial: Envelope): PartialProof => ({
  version: 1,
  environment: bench.fleet.genesis.environment,
  network: bench.fleet.genesis.name,
  kind: 'signing-partial',
  certificate: bench.certificate,
  terms: bench.vault.signedTerms,
  requestHex: toHex(request),
  partial: hex(partial),
});

/** Whom it convicts, or why nobody, for a reader who has the file and the network. */
function verdictOf(proof: PartialProof): number | string {
  const read = parseBlameProof(encodeDocument(proof), 'a file');
  const opened = openBlame(bench.fleet.genesis, read);
  const blame = opened.ok ? judgeBlame(opened.value, { genesis: bench.fleet.genesis, codec }) : opened;
  return blame.ok ? blame.value.culprit : blame.refusal.code;
}

describe('a partial signature that does not hold', () => {
  test('convicts whoever signed it, by the request, its own commitments in it and the key alone', async () => {
    const { request, of } = await sessionOf();
    const wrong = spoilt(of(HOSTILE), (said) => {
      said.shares = [schnorr.utils.randomSecretKey()];
    });
    expect(verdictOf(proofOf(request, wrong))).toBe(HOSTILE);
  });

  test('of one input of several convicts, and so does one too few', async () => {
    const outpoints = [bench.outpoint, depositTo(bench.fleet, bench.vault, AMOUNT)];
    const { request, of } = await sessionOf(bench.plan({ outpoints, amountSats: 2 * AMOUNT, feeSats: 900 }));
    const second = spoilt(of(HOSTILE), (said) => {
      said.shares[1] = schnorr.utils.randomSecretKey();
    });
    expect(verdictOf(proofOf(request, second))).toBe(HOSTILE);
    expect(
      verdictOf(
        proofOf(
          request,
          spoilt(of(HOSTILE), (said) => void said.shares.pop()),
        ),
      ),
    ).toBe(HOSTILE);
    expect(verdictOf(proofOf(request, of(HOSTILE)))).toBe('policy.blame-unfounded');
  });

  test('made for another message of the same signers convicts: it was signed as the answer to this one', async () => {
    const first = await sessionOf();
    const second = await sessionOf();
    const other = fromBinary(PartialSignaturesSchema, first.of(HOSTILE).payload).shares;
    const replayed = spoilt(second.of(HOSTILE), (said) => {
      said.shares = other;
    });
    expect(verdictOf(proofOf(second.request, replayed))).toBe(HOSTILE);
  });
});

describe('nobody honest is convicted', () => {
  test('by what it signed, whatever is put beside it', async () => {
    const { request, of } = await sessionOf();
    const proof = proofOf(request, of(HONEST));
    const other = await sessionOf();
    const stranger = signTerms(bench.fleet.network, vaultOwner());
    const changed = (change: Partial<SigningRequest>): string =>
      toHex(
        toBinary(
          SigningRequestSchema,
          create(SigningRequestSchema, { ...fromBinary(SigningRequestSchema, request), ...change }),
        ),
      );
    const { signatures, package: key } = bench.certificate;
    const cases: readonly (readonly [string, PartialProof, string])[] = [
      ['as it is', proof, 'policy.blame-unfounded'],
      ['the request of another session', { ...proof, requestHex: toHex(other.request) }, 'conflict.envelope-stale'],
      [
        'another transaction',
        { ...proof, requestHex: changed({ transaction: new Uint8Array(60) }) },
        'input.blame-proof',
      ],
      ['other commitments', { ...proof, requestHex: changed({ commitments: [] }) }, 'input.blame-proof'],
      ['another anchor', { ...proof, requestHex: changed({ anchorHeight: 1 }) }, 'input.blame-proof'],
      ['no request', { ...proof, requestHex: '00' }, 'input.blame-proof'],
      ['the terms of another vault', { ...proof, terms: stranger }, 'policy.blame-unfounded'],
      [
        'terms that nobody signed',
        { ...proof, terms: { ...proof.terms, signature: '00'.repeat(64) } },
        'policy.terms-signature',
      ],
      [
        'a key that not all have signed',
        { ...proof, certificate: { package: key, signatures: signatures.slice(1) } },
        'policy.certificate-incomplete',
      ],
      [
        'other verifying shares',
        {
          ...proof,
          certificate: { signatures, package: { ...key, verifyingShares: key.verifyingShares.toReversed() } },
        },
        'policy.certificate-signature',
      ],
      ['another network', { ...proof, network: 'elsewhere' }, 'input.blame-proof'],
      [
        'a statement of another round',
        { ...proof, partial: hex(fromBinary(SigningRequestSchema, request).commitments[0] ?? of(1)) },
        'conflict.envelope-stale',
      ],
    ];
    for (const [what, each, code] of cases) expect([what, verdictOf(each)]).toEqual([what, code]);
  });

  test('by a statement that somebody else signed, or that says what nobody asked for', async () => {
    const { request, of } = await sessionOf();
    const forged = { ...of(HONEST), payload: of(HOSTILE).payload };
    expect(verdictOf(proofOf(request, forged as Envelope))).toBe('policy.envelope-payload');
    const elsewhere = spoilt(of(HOSTILE), (said) => {
      said.requestDigest = new Uint8Array(32);
    });
    expect(verdictOf(proofOf(request, elsewhere))).toBe('input.blame-proof');
  });

  test('by a request with a signer that committed to no point: no honest one answers it', async () => {
    const planned = bench.plan();
    const given = await commitTo(bench.fleet, planned, SIGNERS);
    const broken = given.map((each) => (senderOf(each) === HOSTILE ? forge(bench.fleet, each, noPoint) : each));
    const request = requestBytes(planned, broken);
    expect(await bench.fleet.ask(HONEST, { case: 'givePartials', value: { request } })).toMatchObject({
      code: 'input.point',
    });
  });
});
