import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate } from '../domain/alert/match.ts';
import { canonicalBytes, type Digest } from '../domain/encoding/digest.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { offered } from '../domain/playbook/catalogue.ts';
import type { SignedEndorsement } from '../domain/playbook/endorsement.ts';
import { needsOf } from '../domain/playbook/needs.ts';
import type { Plan } from '../domain/playbook/plan.ts';
import { type PlanValue, shapeOf, valueFrom } from '../domain/playbook/value.ts';
import type { BlobRef, BlobStore } from '../domain/ports/blob-store.ts';
import { parseCatalogue } from '../language/catalogue.ts';
import { type LoadedPlaybook, loadLibrary } from '../language/library.ts';
import { parseSignedEndorsement } from '../wire/documents/index.ts';
import type { AlertResponse } from '../workflows/record-alert/messages.ts';
import { readBounded } from '../plugins/settings-file.ts';
import type { ApiConfig } from './config.ts';

const PLAYBOOKS_MAX = 200;
const TEXT_BYTES_MAX = 262_144;
const STORE_MS_MAX = 10_000;

/** A playbook that alerts can start, with what its run is handed. */
export type Response = { readonly candidate: Candidate; readonly response: AlertResponse };

/** Compiled, and not yet where workers find it. */
export type Compiled = LoadedPlaybook & {
  readonly endorsement?: SignedEndorsement;
  /** Inputs that api.toml gives. */
  readonly given: Readonly<Record<string, PlanValue>>;
};

/**
 * Every playbook of the folder. One that cannot be loaded stops the start: an alert that nobody answers because of a misspelt word
 * would be found out on the worst day. Throws `input.api-file` or `input.api-playbook`.
 */
export function readPlaybooks({ playbooks, sources }: Pick<ApiConfig, 'playbooks' | 'sources'>): readonly Compiled[] {
  const { folder, catalogueFile } = playbooks;
  const offers = parseCatalogue(
    readBounded(catalogueFile, 'catalogue', TEXT_BYTES_MAX, 'input.api-file'),
    catalogueFile,
  );
  const texts = foldersIn(folder).map((name) => {
    const file = join(folder, name, 'playbook.yaml');
    return { file, bytes: readBounded(file, 'playbook', TEXT_BYTES_MAX, 'input.api-file') };
  });
  const { playbooks: loaded, problems } = loadLibrary(texts, offers);
  const [first] = problems;
  if (first !== undefined)
    throw new FirebreakFailure(
      'input.api-playbook',
      `${first.file}:${first.line}:${first.column} ${first.field}: ${first.message} (${problems.length} problems in all)`,
      { file: first.file, line: first.line },
    );
  for (const { name, limits } of sources)
    for (const playbook of limits.playbooks)
      if (!loaded.some(({ plan }) => plan.name === playbook))
        throw new FirebreakFailure(
          'input.api-playbook',
          `source ${name} names ${playbook}, which is not in ${folder}`,
          {
            file: folder,
          },
        );
  for (const name of Object.keys(playbooks.inputs))
    if (!loaded.some(({ plan }) => plan.name === name)) throw wrongInput(`there is no playbook ${name} in ${folder}`);
  return loaded.map((each) => {
    const { name } = each.plan;
    const given = givenTo(each.plan, offered(playbooks.inputs, name) ?? {});
    const file = join(folder, name, 'playbook.signed.json');
    if (!existsSync(file)) return { ...each, given };
    return {
      ...each,
      given,
      endorsement: parseSignedEndorsement(readBounded(file, 'signed playbook', TEXT_BYTES_MAX, 'input.api-file'), file),
    };
  });
}

/** What api.toml gives to a playbook, as its inputs are typed. */
function givenTo(
  { name, inputs }: Plan,
  written: Readonly<Record<string, unknown>>,
): Readonly<Record<string, PlanValue>> {
  return Object.fromEntries(
    Object.entries(written).map(([input, text]) => {
      const type = offered(inputs, input)?.type;
      if (type === undefined) throw wrongInput(`${name} has no input ${input}`);
      const value = valueFrom(text, type);
      if (value === undefined) throw wrongInput(`${name}.${input} is not ${shapeOf(type)}`);
      return [input, value];
    }),
  );
}

const wrongInput = (message: string): FirebreakFailure =>
  new FirebreakFailure('input.api-playbook', `playbooks.inputs: ${message}`);

/** Puts every plan where workers find it by its digest; only then can an alert be answered by one. */
export async function shelve(
  compiled: readonly Compiled[],
  blobs: BlobStore,
  signal: AbortSignal,
): Promise<readonly Response[]> {
  const refs = new Map<Digest, BlobRef>();
  for (const { plan, digest } of compiled) {
    const context = { idempotencyKey: `plan/${digest}`, signal, deadlineMs: Date.now() + STORE_MS_MAX };
    refs.set(digest, await blobs.put(canonicalBytes(plan), context));
  }
  return compiled.map(({ plan, digest, endorsement, given }) => {
    const { name, severity, triggers, inputs } = plan;
    const [own] = refsOf([digest], refs);
    if (own === undefined) throw new FirebreakFailure('bug.plan-missing', `plan ${digest} was not stored`);
    const response = { plan: own[1], library: Object.fromEntries(refsOf(nested(digest, compiled), refs)) };
    return {
      candidate: { name, severity, triggers, inputs, digest, given },
      response: endorsement === undefined ? response : { ...response, endorsement },
    };
  });
}

const refsOf = (
  digests: readonly Digest[],
  refs: ReadonlyMap<Digest, BlobRef>,
): readonly (readonly [Digest, BlobRef])[] =>
  digests.flatMap((digest) => {
    const ref = refs.get(digest);
    return ref === undefined ? [] : [[digest, ref] as const];
  });

/** Digests of the plans that this one runs, and those run; a plan is pinned by its digest, so there is no circle. */
function nested(digest: Digest, compiled: readonly Compiled[]): readonly Digest[] {
  const plan = compiled.find((each) => each.digest === digest)?.plan;
  const inside = plan === undefined ? [] : needsOf(plan).playbooks;
  return [...new Set(inside.flatMap((each) => [each, ...nested(each, compiled)]))];
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    if (names.length > PLAYBOOKS_MAX) throw new Error(`it has more than ${PLAYBOOKS_MAX} folders`);
    return names.sort();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure('input.api-file', `cannot read the playbooks in ${folder}: ${reason}`, { file: folder });
  }
}
