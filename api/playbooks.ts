import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate, Unfit } from '../domain/alert/match.ts';
import { canonicalBytes, type Digest } from '../domain/encoding/digest.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type Catalogue, offered } from '../domain/playbook/catalogue.ts';
import type { SignedEndorsement } from '../domain/playbook/endorsement.ts';
import { needsOf } from '../domain/playbook/needs.ts';
import type { Plan } from '../domain/playbook/plan.ts';
import { overlongHold } from '../domain/playbook/time.ts';
import { type PlanValue, shapeOf, valueFrom } from '../domain/playbook/value.ts';
import type { BlobRef, BlobStore } from '../domain/ports/blob-store.ts';
import { parseCatalogue } from '../language/catalogue.ts';
import { type LoadedPlaybook, loadLibrary } from '../language/library.ts';
import type { Problem } from '../language/problem.ts';
import { parseSignedEndorsement } from '../wire/documents/index.ts';
import type { AlertResponse } from '../workflows/record-alert/messages.ts';
import { parseToml, readBounded, readText } from '../plugins/settings-file.ts';
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

/** What a folder holds; `unfit` is left out, so that the others go on answering. */
export type Library = { readonly compiled: readonly Compiled[]; readonly unfit: readonly Unfit[] };

/**
 * Every playbook of the folder, with the channels of the catalogue, or with those of them that `channels` has. One that cannot be loaded is left out, with whatever runs it: on the worst day the others have to answer. What is wrong
 * in api.toml or the catalogue stops the start, and so does a folder with nothing fit in it. Throws `input.api-file` or `input.api-playbook`.
 */
export function readPlaybooks(
  { playbooks, sources }: Pick<ApiConfig, 'playbooks' | 'sources'>,
  channels?: ReadonlySet<string>,
): Library {
  const { folder, catalogueFile } = playbooks;
  const text = readBounded(catalogueFile, 'catalogue', TEXT_BYTES_MAX, 'input.api-file');
  const catalogue = parseCatalogue(text, catalogueFile);
  const offers: Catalogue =
    channels === undefined
      ? catalogue
      : { ...catalogue, channels: catalogue.channels.filter((each) => channels.has(each)) };
  const unfit: Unfit[] = [];
  /** Undefined: it is among the unfit now. */
  const tried = <T>(name: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof FirebreakFailure)) throw error;
      unfit.push({ name, reason: error.message });
      return undefined;
    }
  };
  const texts = foldersIn(folder).flatMap((name) => {
    const file = join(folder, name, 'playbook.yaml');
    const bytes = tried(name, () => readBounded(file, 'playbook', TEXT_BYTES_MAX, 'input.api-file'));
    return bytes === undefined ? [] : [{ name, file, bytes }];
  });
  const { playbooks: loaded, problems } = loadLibrary(texts, offers);
  for (const { name, file } of texts) {
    const own = problems.filter((problem) => problem.file === file);
    const [first] = own;
    if (first !== undefined) unfit.push({ name, reason: inWords(first, own.length) });
  }
  const endorsed = loaded.map((each) => ({
    ...each,
    signed: tried(each.plan.name, () => ({ endorsement: endorsementIn(folder, each.plan.name) })),
  }));
  requireKnown([...loaded.map(({ plan }) => plan.name), ...unfit.map(({ name }) => name)], folder, playbooks, sources);
  const compiled = endorsed.flatMap(({ signed, ...each }) => {
    const given = givenTo(each.plan, offered(playbooks.inputs, each.plan.name) ?? {});
    if (signed === undefined) return [];
    const { endorsement } = signed;
    return [endorsement === undefined ? { ...each, given } : { ...each, given, endorsement }];
  });
  const lost = loaded.filter(({ digest }) => !compiled.some((each) => each.digest === digest));
  const whole = compiled.filter(({ plan, digest }) => {
    const inside = lost.find((each) => nested(digest, loaded).includes(each.digest));
    if (inside !== undefined) unfit.push({ name: plan.name, reason: `it runs ${inside.plan.name}, which is left out` });
    return inside === undefined;
  });
  const [first] = unfit;
  if (first !== undefined && whole.length === 0)
    throw new FirebreakFailure(
      'input.api-playbook',
      `no playbook of ${folder} can be loaded; ${first.name}: ${first.reason}`,
      { file: folder },
    );
  return { compiled: whole, unfit };
}

/** By which names a worker can tell people. Throws `input.api-file` and `input.api-syntax`. */
export function channelsIn(coordinatorFile: string): ReadonlySet<string> {
  const text = readText(coordinatorFile, 'configuration of the workers', TEXT_BYTES_MAX, 'input.api-file');
  const { channels = {} } = parseToml(text, coordinatorFile, 'input.api-syntax') as { readonly channels?: object };
  return new Set(Object.keys(channels));
}

const inWords = ({ line, column, field, message }: Problem, count: number): string =>
  `playbook.yaml:${line}:${column} ${field}: ${message}${count > 1 ? ` (${count} problems in all)` : ''}`;

function endorsementIn(folder: string, name: string): SignedEndorsement | undefined {
  const file = join(folder, name, 'playbook.signed.json');
  if (!existsSync(file)) return undefined;
  return parseSignedEndorsement(readBounded(file, 'signed playbook', TEXT_BYTES_MAX, 'input.api-file'), file);
}

/** Throws for what api.toml names and the folder does not hold. */
function requireKnown(
  known: readonly string[],
  folder: string,
  { inputs }: ApiConfig['playbooks'],
  sources: ApiConfig['sources'],
): void {
  for (const { name, limits } of sources)
    for (const playbook of limits.playbooks)
      if (!known.includes(playbook))
        throw new FirebreakFailure(
          'input.api-playbook',
          `source ${name} names ${playbook}, which is not in ${folder}`,
          { file: folder },
        );
  for (const name of Object.keys(inputs))
    if (!known.includes(name)) throw wrongInput(`there is no playbook ${name} in ${folder}`);
}

/** What api.toml gives to a playbook, as its inputs are typed. Throws for what every run would be refused with. */
function givenTo(plan: Plan, written: Readonly<Record<string, unknown>>): Readonly<Record<string, PlanValue>> {
  const { name, inputs } = plan;
  const given = Object.fromEntries(
    Object.entries(written).map(([input, text]) => {
      const type = offered(inputs, input)?.type;
      if (type === undefined) throw wrongInput(`${name} has no input ${input}`);
      const value = valueFrom(text, type);
      if (value === undefined) throw wrongInput(`${name}.${input} is not ${shapeOf(type)}`);
      return [input, value];
    }),
  );
  // What only an alert will say is judged when it does.
  const usual = Object.fromEntries(Object.entries(inputs).map(([input, each]) => [input, each.default ?? 0]));
  const step = overlongHold(plan, { ...usual, ...given });
  if (step !== undefined)
    throw wrongInput(
      `step ${step.id} of ${name} would look for longer than the ${step.timeoutMs / 1_000} s that it may take`,
    );
  return given;
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

/**
 * The same plans with the signatures that lie beside them by now. A text that means another plan changes nothing here, and neither does a file
 * that is gone, nor one that may only be half of what members sign: all of it takes effect with the next start.
 */
export const signedAnew = (responses: readonly Response[], compiled: readonly Compiled[]): readonly Response[] =>
  responses.map(({ candidate, response }) => {
    const endorsement = compiled.find(({ digest }) => digest === candidate.digest)?.endorsement;
    const isTaken = endorsement !== undefined && replaces(endorsement, response.endorsement, candidate);
    return { candidate, response: isTaken ? { ...response, endorsement } : response };
  });

/**
 * Nobody here knows the committee, so no signature can be judged: what is taken has at least as many of them as what it replaces, which the
 * first ones of a later committee have not. What nobody has signed runs in development, until a first signature would ask for the others.
 */
function replaces(
  { endorsement: now, signatures }: SignedEndorsement,
  before: SignedEndorsement | undefined,
  { name, digest }: Candidate,
): boolean {
  if (now.playbook !== name || now.plan !== digest) return false;
  if (before === undefined) return now.environment !== 'development';
  const { environment, network, committeeEpoch, committee } = before.endorsement;
  return (
    now.environment === environment &&
    now.network === network &&
    (now.committeeEpoch > committeeEpoch || (now.committeeEpoch === committeeEpoch && now.committee === committee)) &&
    membersIn(signatures) >= membersIn(before.signatures)
  );
}

const membersIn = (signatures: SignedEndorsement['signatures']): number =>
  new Set(signatures.map(({ member }) => member)).size;

/** By playbook, the epoch of the committee whose signatures its runs are handed; without those that nobody has signed. */
export const signedBy = (responses: readonly Response[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    responses.flatMap(({ candidate: { name }, response: { endorsement } }) =>
      endorsement === undefined ? [] : [[name, endorsement.endorsement.committeeEpoch] as const],
    ),
  );

const refsOf = (
  digests: readonly Digest[],
  refs: ReadonlyMap<Digest, BlobRef>,
): readonly (readonly [Digest, BlobRef])[] =>
  digests.flatMap((digest) => {
    const ref = refs.get(digest);
    return ref === undefined ? [] : [[digest, ref] as const];
  });

/** Digests of the plans that this one runs, and those run; a plan is pinned by its digest, so there is no circle. */
function nested(digest: Digest, compiled: readonly LoadedPlaybook[]): readonly Digest[] {
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
