import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { memberKey } from '../../cli/committee/key.ts';
import { readOrder, readVote } from '../../cli/documents.ts';
import { signOrder } from '../../cli/order/sign.ts';
import { loadFile } from '../../cli/playbook/sources.ts';
import type { Screen } from '../../cli/screen.ts';
import { approve } from '../../cli/vote/approve.ts';
import { coveredDigest } from '../../domain/approval/covered.ts';
import {
  ballotBy,
  certificateOf,
  genesis,
  NOW,
  rotateStep,
  subjectFor,
  sweepStep,
  wanted,
} from '../../domain/approval/testkit/voting.ts';
import { ceremonyId } from '../../domain/ceremony/ceremony.ts';
import { firstAuthority } from '../../domain/committee/epoch.ts';
import { judgeOrder, NO_ORDER, type Order, orderDigest } from '../../domain/committee/order.ts';
import { principal, signaturesBy } from '../../domain/committee/testkit/keys.ts';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import { judgeKeygenVotes } from '../../validator/custody/keygen-votes.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import { type FreshToken, softHsm } from './soft-hsm.ts';
import { Workshop } from './token-keys.ts';

/** What members decide, with a key in a file and with one in a token: the same code counts both, and a validator obeys both. */
const hsm = await softHsm();
const fresh: FreshToken | undefined = await hsm?.freshToken();
const SCRIPT = new URL('../../docs/reference-formats/verify-votes.mjs', import.meta.url);
const { verifyVotes } = (await import(SCRIPT.href)) as { verifyVotes: (votes: unknown) => unknown };
const PLAYBOOK = fileURLToPath(new URL('../../playbooks/suspected-share-theft', import.meta.url));
const loaded = loadFile(PLAYBOOK, {});
if (!loaded.ok) throw new Error('the shipped playbook does not load');

const PARTICIPANTS = [1, 2, 3, 4, 5];
const covers = [rotateStep(PARTICIPANTS, 4), sweepStep];

let folder = '';
const at = (name: string): string => join(folder, name);
const screen: Screen = { out: () => undefined, err: () => undefined, colour: false, interactive: false };
// Another test file of this process may have looked at the slots before this token was there.
beforeAll(async () => fresh && (await Workshop.open(fresh)).close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firebreak-member-votes-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => hsm?.dispose());

/** A new key at `place`, in the seat of `member-9`. */
async function seated(place: string): Promise<{ readonly place: string; readonly network: NetworkGenesis }> {
  const { key } = (await memberKey({ out: place })).data as { readonly key: string };
  const { committee } = genesis;
  const members = [...committee.members.slice(0, 9), { name: 'ann', key }];
  const network = { ...genesis, committee: { ...committee, members } };
  writeFileSync(at('network.json'), JSON.stringify(network));
  return { place, network };
}
const where = () => ({ data: folder, network: at('network.json'), yes: true });

const kinds: readonly (readonly [string, (() => string) | undefined])[] = [
  ['file', () => at('ann.key')],
  [
    'token',
    fresh &&
      (() =>
        `pkcs11:token=${fresh.token.tokenLabel};object=${folder.slice(-6)}` +
        `?module-path=${fresh.config.module}&pin-source=file:${fresh.token.pinFile}`),
  ],
];
for (const [kind, place] of kinds) {
  const when = place === undefined ? test.skip : test;
  const mine = () => seated(place?.() ?? '');

  when(
    `the vote of a key in a ${kind} makes the seventh of seven for a validator and for the verifier alone`,
    async () => {
      const { place: key, network } = await mine();
      const authority = firstAuthority(network);
      const subject = subjectFor(authority, {
        playbook: loaded.digest,
        step: 'consent',
        arguments: coveredDigest(covers),
      });
      writeFileSync(at('request.json'), JSON.stringify({ version: 1, subject, covers }));
      await approve(
        screen,
        at('request.json'),
        { ...where(), playbook: PLAYBOOK, key, choice: 'approve', out: at('vote.json') },
        NOW,
      );
      const { ballot } = readVote(at('vote.json'));
      const six = [0, 1, 2, 3, 4, 5].map((seat) => ballotBy(principal(seat), subject));
      const origin = { run: subject.run, step: 'rotate', playbook: loaded.digest };
      const participants = PARTICIPANTS.map(validatorId);
      const ceremony = ceremonyId('keygen', subject.arguments);
      const proposal = { ceremony, epoch: 2, purpose: 'custody', participants, origin };
      const obeyed = (ballots: typeof six) => {
        const certificate = certificateOf(subject, ballots);
        const proof = encodeDocument({ certificate, covers });
        const parts = { genesis: network, authority: () => authority, clock: () => NOW * 1_000 };
        return {
          validator: judgeKeygenVotes(proposal, proof, parts).ok,
          alone: verifyVotes({ genesis: network, chain: [], certificate, expected: wanted(subject), nowSeconds: NOW }),
        };
      };
      expect(obeyed([...six, ballot])).toEqual({ validator: true, alone: { ok: true, approvals: 7 } });
      expect(obeyed(six)).toEqual({ validator: false, alone: { ok: false, code: 'policy.vote-quorum' } });
    },
  );

  when(`the signature of a key in a ${kind} makes the third of three under a freeze`, async () => {
    const { place: key, network } = await mine();
    const order: Order = {
      version: 1,
      environment: network.environment,
      network: network.name,
      committeeEpoch: 1,
      number: 1,
      kind: 'freeze',
      scope: 'payouts',
      reason: 'a member tries a key',
      expiresAtSeconds: NOW + 3_600,
    };
    const two = signaturesBy([principal(0), principal(1)], orderDigest(order));
    writeFileSync(at('order.json'), JSON.stringify({ order, signatures: two }));
    await signOrder(screen, at('order.json'), { ...where(), key });
    expect(judgeOrder(readOrder(at('order.json')), network, NO_ORDER, NOW)).toMatchObject({ ok: true });
    expect(judgeOrder({ order, signatures: two }, network, NO_ORDER, NOW)).toMatchObject({ ok: false });
  });
}
