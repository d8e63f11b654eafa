import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantDigest, judgeGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { laterCommittee } from '../committee/later.ts';
import { readGrant } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { grantNamesIn, GRANTS_MAX } from './folder.ts';
import { describeGrant } from './words.ts';

/** Lays a standing order where the workers of this network find it, so that a playbook freezes without a person. Only one that is in force. */
export function installGrant(file: string, options: CommitteeOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const signed = readGrant(file);
  const { grant } = signed;
  if (grant.kind !== 'standing-order')
    throw new FirebreakFailure('input.usage', `${file} is break-glass: its holders use it by hand, with "grant use"`);
  const authority = presentAuthority(options);
  const verdict = judgeGrant(signed, authority, nowSeconds);
  if (!verdict.ok) throw failureOf(verdict.refusal);
  const folder = grantsFolder(options);
  const digest = grantDigest(grant);
  const target = join(folder, `${digest}.json`);
  lay(folder, target, signed);
  return {
    data: { file: target, digest, playbook: grant.playbook, number: grant.number },
    lines: [...describeGrant(signed, authority.committee), `installed as ${target}`],
    next: 'grant list',
  };
}

/**
 * The same for a person, warned where validators say that the committee that was given has handed over. The word of one that lies must not keep
 * a playbook from freezing tonight; an order that is void indeed harms nothing, since steps ask for signed hand-overs and leave it out.
 */
export async function installPresent(
  file: string,
  options: CommitteeOptions,
  nowSeconds: number = nowInSeconds(),
): Promise<Outcome> {
  const installed = installGrant(file, options, nowSeconds);
  const warning = await laterCommittee(options, presentAuthority(options).committee.epoch);
  if (warning === undefined) return installed;
  return {
    ...installed,
    data: { ...installed.data, warning },
    lines: [...installed.lines, `  WARNING  if this is so, no playbook can use it: ${warning}`],
  };
}

/**
 * What is installed, and whether each is still in force under the committee that was given. Where validators say that they follow a later one,
 * none of its grants is said to be in force, and who says so; what a playbook may use is judged by signed hand-overs alone.
 */
export async function listGrants(options: CommitteeOptions, nowSeconds: number = nowInSeconds()): Promise<Outcome> {
  const authority = presentAuthority(options);
  const warning = await laterCommittee(options, authority.committee.epoch);
  const folder = grantsFolder(options);
  const found = grantNamesIn(folder).map((name) => {
    const signed = readGrant(join(folder, name));
    return { name, signed, verdict: judgeGrant(signed, authority, nowSeconds) };
  });
  return {
    data: {
      grants: found.map(({ name, signed, verdict }) => ({
        file: join(folder, name),
        grant: signed.grant,
        digest: grantDigest(signed.grant),
        valid: verdict.ok && warning === undefined,
        ...(verdict.ok ? {} : { refusal: verdict.refusal }),
      })),
      ...(warning === undefined ? {} : { warning }),
    },
    lines:
      found.length === 0
        ? ['no standing order is installed: a playbook asks the committee for a signed freeze']
        : found.flatMap(({ signed, verdict }) => [
            ...describeGrant(signed, authority.committee),
            verdict.ok
              ? warning === undefined
                ? '  verdict    IN FORCE'
                : `  verdict    NOT IN FORCE any more: ${warning}`
              : `  verdict    NOT IN FORCE (${verdict.refusal.code}): ${verdict.refusal.message}`,
          ]),
  };
}

function grantsFolder({ data }: CommitteeOptions): string {
  const { grants } = readOperator(data);
  if (grants !== undefined) return grants;
  throw new FirebreakFailure(
    'input.data-folder',
    'the operator file names no folder of grants: add "grants", the grants_folder of coordinator.toml',
  );
}

/** Whole or not at all: a worker may be reading the folder. */
function lay(folder: string, target: string, signed: SignedGrant): void {
  const half = `${target}.half`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (grantNamesIn(folder).length >= GRANTS_MAX)
      throw new Error(`it holds ${GRANTS_MAX} grants already; remove those that are over`);
    writeFileSync(half, `${JSON.stringify(signed, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(half, target);
  } catch (error) {
    rmSync(half, { force: true });
    throw new FirebreakFailure('input.file', `grants folder ${folder} cannot be written: ${(error as Error).message}`, {
      path: folder,
    });
  }
}
