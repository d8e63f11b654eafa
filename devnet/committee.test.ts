import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readGrant } from '../cli/documents.ts';
import { readEndorsement } from '../cli/playbook/endorsement.ts';
import { type NetworkGenesis, validatorName } from '../domain/network/network.ts';
import { createIdentityFile } from '../plugins/network/libp2p/identity-file.ts';
import { EMERGENCY_PLAYBOOK, playbookFolder, prepareCommittee } from './committee.ts';
import { isSpare, type Layout, layout as layoutOf, NETWORK_NAME, QUORUM, THRESHOLD, validatorIds } from './layout.ts';
import { newCommittee } from './genesis.ts';
import { writeOperatorFile } from './operator-file.ts';
import { portPlan } from './ports.ts';

let layout: Layout;

/** A network of which only the files exist. */
beforeEach(() => {
  layout = layoutOf(mkdtempSync(join(tmpdir(), 'firebreak-committee-')));
  const identity = (name: string): string => createIdentityFile(join(layout.root, `${name}.key`));
  const genesis: NetworkGenesis = {
    version: 1,
    name: NETWORK_NAME,
    environment: 'development',
    bitcoinNetwork: 'regtest',
    threshold: THRESHOLD,
    validators: validatorIds().map((id) => ({
      id,
      identity: identity(validatorName(id)),
      addresses: [`/ip4/127.0.0.1/tcp/${9_000 + id}`],
      ...(isSpare(id) ? { spare: true as const } : {}),
    })),
    coordinators: [identity('operator')],
    committee: newCommittee(layout),
  };
  writeFileSync(layout.network, JSON.stringify(genesis));
  writeOperatorFile(layout, portPlan(20_000));
});
afterEach(() => rmSync(layout.root, { recursive: true }));

const signatures = (name: string) => readEndorsement(playbookFolder(layout, name))?.signatures.length;

test('every shipped playbook is signed, one may freeze by a standing order, and a second start signs nothing again', async () => {
  await prepareCommittee(layout);
  for (const name of ['suspected-share-theft', 'validator-offline', 'identity-seen-twice', 'break-glass-review'])
    expect(signatures(name)).toBe(QUORUM.lift);
  const { grant, signatures: signed } = readGrant(layout.committee.standingOrder);
  expect(signed).toHaveLength(QUORUM.freeze);
  expect(grant).toMatchObject({
    kind: 'standing-order',
    number: 1,
    playbook: readEndorsement(playbookFolder(layout, EMERGENCY_PLAYBOOK))?.endorsement.plan,
  });
  expect(readdirSync(layout.grants)).toHaveLength(1);

  const before = readFileSync(layout.committee.standingOrder, 'utf8');
  await prepareCommittee(layout);
  expect(readFileSync(layout.committee.standingOrder, 'utf8')).toBe(before);
});

test('a standing order that is no longer one is made anew under another number', async () => {
  await prepareCommittee(layout);
  const signed = readGrant(layout.committee.standingOrder);
  writeFileSync(layout.committee.standingOrder, JSON.stringify({ ...signed, signatures: signed.signatures.slice(1) }));
  await prepareCommittee(layout);
  expect(readGrant(layout.committee.standingOrder).grant.number).toBe(2);
});

test('what a later committee has signed outlives every start, and one that ships as another plan by now is named', async () => {
  await prepareCommittee(layout);
  const file = join(playbookFolder(layout, 'validator-offline'), 'playbook.signed.json');
  const { endorsement, signatures: signed } = readEndorsement(playbookFolder(layout, 'validator-offline')) ?? {};
  const later = JSON.stringify({ endorsement: { ...endorsement, committeeEpoch: 2 }, signatures: signed });
  writeFileSync(file, later);
  expect(await prepareCommittee(layout)).toEqual([]);
  expect(readFileSync(file, 'utf8')).toBe(later);
  const other = later.replace(endorsement?.plan ?? '', 'a'.repeat(64));
  writeFileSync(file, other);
  expect(await prepareCommittee(layout)).toEqual([
    expect.stringMatching(/validator-offline was signed by the committee of epoch 2 as another plan/),
  ]);
  const { playbooks } = layout;
  expect((await prepareCommittee(layout))[0]).toContain(
    `\`firebreak playbook sign ${playbooks}/validator-offline --catalogue ${playbooks}/catalogue.yaml --library ${playbooks} --chain <committee epochs file> --key <member key file>\``,
  );
  expect(readFileSync(file, 'utf8')).toBe(other);
});

test("an edit of a network's own copy of a playbook does not outlive the next start", async () => {
  await prepareCommittee(layout);
  const file = join(playbookFolder(layout, EMERGENCY_PLAYBOOK), 'playbook.yaml');
  const shipped = readFileSync(file, 'utf8');
  appendFileSync(file, '# changed\n');
  await prepareCommittee(layout);
  expect(readFileSync(file, 'utf8')).toBe(shipped);
});
