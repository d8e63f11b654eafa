import { expect, test } from '@jest/globals';
import { temporalArguments } from './server.ts';

const ports = { port: 7233, uiPort: 8233, httpPort: 9233, metricsPort: 10233 };

test('a database file is opened with a write-ahead log', () => {
  const text = temporalArguments({ ...ports, databaseFile: 'x.db' }).join(' ');
  expect(text).toContain('--db-filename x.db --sqlite-pragma journal_mode=wal --sqlite-pragma synchronous=normal');
});

test('without a database file nothing about one is said', () => {
  expect(temporalArguments(ports).join(' ')).not.toContain('sqlite');
});

test('the server listens on loopback unless told, and knows the search attributes', () => {
  const text = temporalArguments(ports).join(' ');
  expect(text).toContain('--ip 127.0.0.1 --port 7233');
  expect(text).toContain('--search-attribute AwaitingRole=Keyword');
  expect(text).toContain('--search-attribute Progress=Int');
});
