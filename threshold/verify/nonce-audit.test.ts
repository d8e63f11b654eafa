import { expect, test } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { sha256Hex } from '../../domain/encoding/digest.ts';
import { validatorId } from '../../domain/network/network.ts';
import { signingSuite } from '../session/suite.ts';
import { dealKeyset } from '../testkit/keyset.ts';
import { auditNonces, type NonceUse } from './nonce-audit.ts';

const { shares } = dealKeyset('audit', 3, 2);
const noncesOf = (id: number) => signingSuite.commit(shares[id - 1] ?? new Uint8Array(), validatorId(id)).nonces;
const requestOf = (text: string) => sha256Hex(sha256(utf8ToBytes(text)));
const use = (id: number, request: string, nonces = noncesOf(id), input = 0): NonceUse => ({
  validator: validatorId(id),
  request: requestOf(request),
  input,
  nonces,
});

test('fresh nonces and repeated identical answers are clean, and the report says how much it looked at', () => {
  const first = use(1, 'a');
  const report = auditNonces([first, use(2, 'a'), use(1, 'b'), first]);
  expect(report).toEqual({ examined: 8, distinct: 6, reused: [] });
});

test.each<[string, (first: NonceUse) => NonceUse]>([
  ['under another request', (first) => use(1, 'b', first.nonces)],
  ['in another input of the same request', (first) => use(1, 'a', first.nonces, 1)],
  ['by another validator', (first) => use(2, 'a', first.nonces)],
])('a pair that appears again %s is reported with both uses', (_, again) => {
  const first = use(1, 'a');
  const second = again(first);
  const { reused } = auditNonces([use(3, 'a'), first, second]);
  expect(reused.map(({ commitment }) => commitment).sort()).toEqual(
    [bytesToHex(first.nonces.hiding), bytesToHex(first.nonces.binding)].sort(),
  );
  const { nonces: _a, ...placeA } = first;
  const { nonces: _b, ...placeB } = second;
  expect(reused[0]?.uses).toEqual([placeA, placeB]);
});

test('half a pair, and a hiding commitment that returns as a binding one, are reported too', () => {
  const first = use(1, 'a');
  const half = use(1, 'b', { ...noncesOf(1), hiding: first.nonces.hiding });
  expect(auditNonces([first, half]).reused.map(({ commitment }) => commitment)).toEqual([
    bytesToHex(first.nonces.hiding),
  ]);
  const crossed = use(1, 'a', { hiding: first.nonces.binding, binding: noncesOf(1).binding });
  expect(auditNonces([first, crossed]).reused.map(({ commitment }) => commitment)).toEqual([
    bytesToHex(first.nonces.binding),
  ]);
});
