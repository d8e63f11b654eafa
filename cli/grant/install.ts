import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grantDigest, judgeGrant, type SignedGrant } from '../../domain/committee/grant.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readGrant } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { describeGrant } from './words.ts';

const GRANTS_MAX = 200;

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

/** What is installed, and whether each is still in force. */
export function listGrants(options: CommitteeOptions, nowSeconds: number = nowInSeconds()): Outcome {
  const authority = presentAuthority(options);
  const folder = grantsFolder(options);
  const found = namesIn(folder).map((name) => {
    const signed = readGrant(join(folder, name));
    return { name, signed, verdict: judgeGrant(signed, authority, nowSeconds) };
  });
  return {
    data: {
      grants: found.map(({ name, signed, verdict }) => ({
        file: join(folder, name),
        grant: signed.grant,
        digest: grantDigest(signed.grant),
        valid: verdict.ok,
        ...(verdict.ok ? {} : { refusal: verdict.refusal }),
      })),
    },
    lines:
      found.length === 0
        ? ['no standing order is installed: a playbook asks the committee for a signed freeze']
        : found.flatMap(({ signed, verdict }) => [
            ...describeGrant(signed, authority.committee),
            verdict.ok
              ? '  verdict    IN FORCE'
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
    if (namesIn(folder).length >= GRANTS_MAX)
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

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new FirebreakFailure('input.file', `grants folder ${folder} cannot be read: ${(error as Error).message}`, {
      path: folder,
    });
  }
}
