import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { presentAuthority } from '../cli/authority.ts';
import { readGrant } from '../cli/documents.ts';
import { nowInSeconds } from '../cli/duration.ts';
import { installGrant } from '../cli/grant/install.ts';
import { makeGrant } from '../cli/grant/make.ts';
import { signGrant } from '../cli/grant/sign.ts';
import { readEndorsement } from '../cli/playbook/endorsement.ts';
import { signPlaybook } from '../cli/playbook/sign.ts';
import { loadFile } from '../cli/playbook/sources.ts';
import { judgeGrant } from '../domain/committee/grant.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { judgeEndorsement } from '../domain/playbook/endorsement.ts';
import { type Layout, MEMBER_COUNT, QUORUM } from './layout.ts';
import { SHIPPED_FOLDER, writePlaybooks } from './shipped-playbooks.ts';
import { silent } from './silent.ts';

/** The playbook that may freeze by a standing order. */
export const EMERGENCY_PLAYBOOK = 'suspected-share-theft';
const FREEZE_FOR = '24h';
const VALID_FOR = '90d';
const USES = '10';

export const playbookFolder = (layout: Layout, name: string): string => join(layout.playbooks, name);
const members = (count: number): readonly number[] => Array.from({ length: count }, (_unused, index) => index + 1);

/**
 * What a committee does before anything happens: it reviews the playbooks and signs their plans, and it signs the standing order by which
 * one of them may freeze, which is then laid where workers find it. Whatever is still in force is left as it is; a playbook that has changed
 * is signed again. What a later committee has signed is its own: this program acts for the first one only. What a person has to do about its
 * files comes back in words.
 */
export async function prepareCommittee(layout: Layout): Promise<readonly string[]> {
  const words = [...writePlaybooks(layout)];
  const entries = readdirSync(SHIPPED_FOLDER, { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory())) words.push(...(await endorse(layout, name)));
  const file = await standingOrder(layout, planOf(layout, EMERGENCY_PLAYBOOK));
  installGrant(file, { data: layout.root });
  return words;
}

/** The files of this network and nothing that ships beside this program. */
const sources = (layout: Layout) => ({
  data: layout.root,
  network: layout.network,
  catalogue: join(layout.playbooks, 'catalogue.yaml'),
  library: layout.playbooks,
});
const signCommand = (layout: Layout, folder: string): string => {
  const { catalogue, library } = sources(layout);
  return `firebreak playbook sign ${folder} --catalogue ${catalogue} --library ${library} --chain <committee epochs file> --key <member key file>`;
};

function planOf(layout: Layout, name: string): Digest {
  const folder = playbookFolder(layout, name);
  const loaded = loadFile(folder, sources(layout));
  if (loaded.ok) return loaded.digest;
  const [first] = loaded.problems;
  throw new FirebreakFailure(
    'input.data-folder-damaged',
    `${folder}: ${first?.message ?? 'cannot be read'}, judged by ${sources(layout).catalogue}`,
  );
}

async function endorse(layout: Layout, name: string): Promise<readonly string[]> {
  const folder = playbookFolder(layout, name);
  const signed = readEndorsement(folder);
  const authority = presentAuthority(sources(layout));
  const plan = planOf(layout, name);
  if (signed !== undefined && judgeEndorsement(signed, authority, name, plan).ok) return [];
  const { committeeEpoch, network, plan: was } = signed?.endorsement ?? {};
  if (network === authority.network && committeeEpoch !== undefined && committeeEpoch > authority.committee.epoch)
    return was === plan
      ? []
      : [
          `${folder} was signed by the committee of epoch ${committeeEpoch} as another plan than ships by now: let it sign this one, \`${signCommand(layout, folder)}\``,
        ];
  for (const member of members(QUORUM.lift))
    await signPlaybook(silent, folder, {
      ...sources(layout),
      key: layout.committee.member(member),
      yes: true,
      json: true,
    });
  return [];
}

async function standingOrder(layout: Layout, plan: Digest): Promise<string> {
  const file = layout.committee.standingOrder;
  const before = existsSync(file) ? readGrant(file) : undefined;
  const authority = presentAuthority(sources(layout));
  const grant = before?.grant;
  const stands = grant?.kind === 'standing-order' && grant.playbook === plan;
  if (before !== undefined && stands && judgeGrant(before, authority, nowInSeconds()).ok) return file;
  const number = String((grant?.number ?? 0) + 1);
  rmSync(file, { force: true });
  makeGrant({
    ...sources(layout),
    number,
    plan,
    uses: USES,
    freezeFor: FREEZE_FOR,
    validFor: VALID_FOR,
    reason: 'a key share in other hands is frozen first and talked about afterwards',
    out: file,
  });
  for (const member of members(MEMBER_COUNT).slice(-QUORUM.freeze))
    await signGrant(silent, file, { ...sources(layout), key: layout.committee.member(member), yes: true, json: true });
  return file;
}
