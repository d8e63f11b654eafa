import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { genesis, subjectFor } from '../../domain/approval/testkit/voting.ts';
import type { SignedVote } from '../../domain/approval/vote.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { saidOf } from './deliver.ts';

test('a vote of a committee that has handed over is not only said to be counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firebreak-deliver-'));
  let epoch = genesis.committee.epoch;
  const server = createServer((request, response) =>
    response.end(
      JSON.stringify(
        request.url?.endsWith('/health')
          ? { status: 'ready' }
          : { validator_id: 'v', peer_count: 1, uptime_seconds: 1, committee_epoch: epoch },
      ),
    ),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const temporal = { address: '127.0.0.1:1', namespace: 'default', taskQueue: 'nobody' };
    const validators = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    writeFileSync(join(folder, 'network.json'), JSON.stringify(genesis));
    writeFileSync(
      join(folder, 'operator.json'),
      JSON.stringify({ version: 1, network: 'network.json', identity: 'id.key', temporal, validators }),
    );
    const subject = subjectFor(firstAuthority(genesis), { step: 'consent' });
    const vote: SignedVote = { subject, ballot: { voter: '', choice: 'approve', signature: '' } };
    const said = async () => (await saidOf({ data: folder }, vote, { have: 2, need: 7 })).lines;
    expect(await said()).toEqual(['counted: 2 of 7 seats have approved step consent']);
    epoch += 1;
    expect(await said()).toEqual([
      'counted: 2 of 7 seats have approved step consent',
      expect.stringMatching(/WARNING this vote will be void, fetch the request again: 1 of 1 validators .*--chain/),
    ]);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
