import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseNetworkGenesis } from '../../wire/documents/genesis.ts';
import { apiPaths } from './routes.ts';
import { METRICS_PATH, PATHS_OF_BOTH } from './server.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const served = [...apiPaths, METRICS_PATH].sort();

test('the page of the HTTP interface lists exactly the paths that are answered', () => {
  const listed = [...read('docs/reference/http.md').matchAll(/^\| `(\/[^`]*)` \|/gm)].map(([, path]) => path ?? '');
  expect(listed.filter((path) => !path.endsWith('/signing/request')).sort()).toEqual(served);
});

test('what both ports answer is a path of the api', () => {
  for (const path of PATHS_OF_BOTH) expect(apiPaths).toContain(path);
});

test('the network file in the guide is one that a validator accepts', () => {
  const [, example] = /```json\n([^`]+)```/.exec(read('docs/operations/network.md')) ?? [];
  expect(parseNetworkGenesis(example ?? '', 'docs/operations/network.md').validators).toHaveLength(3);
});
