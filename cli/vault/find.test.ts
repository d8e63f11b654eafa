import { expect, test } from '@jest/globals';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { VaultId } from '../../domain/vault/terms.ts';
import type { Operator } from '../operator.ts';
import { findVault, openedVault } from './find.ts';

const operator = { genesis: { name: 'custody-test' } } as Operator;
const VAULT = 'f'.repeat(64) as VaultId;

const clientThat = (result: () => Promise<unknown>): Client =>
  ({ workflow: { getHandle: () => ({ result }) } }) as unknown as Client;

test('a whole id that nobody opened is an unknown vault, not an unknown process', async () => {
  const client = clientThat(() => Promise.reject(new WorkflowNotFoundError('not there', 'openVault/x', undefined)));
  await expect(openedVault(client, operator, VAULT)).rejects.toMatchObject({ code: 'input.unknown-vault' });
});

test('an engine that fails otherwise is not called an unknown vault', async () => {
  const client = clientThat(() => Promise.reject(new Error('connection lost')));
  await expect(openedVault(client, operator, VAULT)).rejects.toThrow('connection lost');
});

const engineWith = (...ids: readonly string[]): Client =>
  ({
    workflow: {
      list: async function* () {
        for (const id of ids) yield { workflowId: `openVault/custody-test/${id}` };
      },
    },
  }) as unknown as Client;
const twin = (end: string): string => `c0ffee12${end.repeat(56)}`;

test('the first eight characters name a vault when only one begins with them', async () => {
  expect(await findVault(engineWith(twin('a'), VAULT), operator, 'c0ffee12')).toBe(twin('a'));
});

test('seven characters are too few, however unique they are', async () => {
  await expect(findVault(engineWith(twin('a')), operator, 'c0ffee1')).rejects.toMatchObject({
    code: 'input.unknown-vault',
    message: expect.stringContaining('at least the first 8'),
  });
});

test('a beginning that two vaults share is refused with both whole ids', async () => {
  const found = findVault(engineWith(twin('a'), twin('b')), operator, 'c0ffee12');
  await expect(found).rejects.toMatchObject({ code: 'input.unknown-vault' });
  await expect(found).rejects.toThrow(`write the whole id: ${twin('a')}, ${twin('b')}`);
});
