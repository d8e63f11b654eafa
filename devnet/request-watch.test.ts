import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  EnvelopeHeaderSchema,
  EnvelopeSchema,
  SigningRequestSchema,
} from '../wire/generated/firebreak/v1/messages_pb.js';
import { watchForRequest } from './request-watch.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-watch-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const VAULT = 'ab'.repeat(32);
const request = (vault: string): Uint8Array =>
  toBinary(
    SigningRequestSchema,
    create(SigningRequestSchema, {
      ceremony: 'signing-00112233445566778899aabbccddeeff',
      inputs: [{ index: 0, vault }],
      commitments: [9, 2, 4].map((from) =>
        create(EnvelopeSchema, { header: toBinary(EnvelopeHeaderSchema, create(EnvelopeHeaderSchema, { from })) }),
      ),
    }),
  );
function put(name: string, bytes: Uint8Array): void {
  const shelf = join(folder, name.slice(0, 2));
  mkdirSync(shelf, { recursive: true });
  writeFileSync(join(shelf, name), bytes);
}

test('a request that appears on a new shelf is found with its signers in order', async () => {
  const found = watchForRequest(folder, VAULT, 5_000, AbortSignal.timeout(5_000));
  put('11'.repeat(32), Buffer.from('another kind of blob'));
  put('22'.repeat(32), request('cd'.repeat(32)));
  put('33'.repeat(32), request(VAULT));
  expect(await found).toEqual({ ceremony: 'signing-00112233445566778899aabbccddeeff', signers: [2, 4, 9] });
});

test('a request that lay there before is an older payout and is not taken', async () => {
  put('33'.repeat(32), request(VAULT));
  expect(await watchForRequest(folder, VAULT, 60, AbortSignal.timeout(5_000))).toBeUndefined();
});

test('a folder that does not exist yet is waited for, not an error', async () => {
  expect(await watchForRequest(join(folder, 'later'), VAULT, 60, AbortSignal.timeout(5_000))).toBeUndefined();
});
