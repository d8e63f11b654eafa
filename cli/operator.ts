import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { NetworkGenesis } from '../domain/network/network.ts';
import { readGenesis } from './documents.ts';
import { readDocument } from './files.ts';

/** Where `firebreak up` keeps its network when --data does not say otherwise. */
export const DATA_FOLDER = '.firebreak/devnet';
export const OPERATOR_FILE = 'operator.json';

const schema = z.strictObject({
  version: z.literal(1),
  /** Paths are relative to the folder of this file. */
  network: z.string().min(1),
  identity: z.string().min(1),
  temporal: z.strictObject({ address: z.string().min(3), namespace: z.string().min(1), taskQueue: z.string().min(1) }),
  temporalUi: z.string().optional(),
  /** Health of the watchdog over HTTP; a report only, as those of validators. */
  watchdog: z.string().optional(),
  /** Health of the api, where alerts come in; a report too. */
  api: z.string().optional(),
  /** Immutable documents that workflows refer to by digest: a folder, readable from here. */
  blobs: z.string().optional(),
  terms: z.string().optional(),
  /** Standing orders that the workers of this network may use. */
  grants: z.string().optional(),
  /** HTTP status address per validator, in roster order; reports only, never believed. */
  validators: z.array(z.string()).max(255),
});

/** What an operator's own machine knows about one network. */
export type Operator = {
  readonly folder: string;
  readonly genesis: NetworkGenesis;
  readonly networkFile: string;
  /** Ed25519 PEM of a listed coordinator identity: it may ask and carry, and sign nothing. */
  readonly identityFile: string;
  readonly temporal: { readonly address: string; readonly namespace: string; readonly taskQueue: string };
  readonly temporalUi: string | undefined;
  readonly watchdog: string | undefined;
  readonly api: string | undefined;
  readonly blobs: string | undefined;
  readonly terms: string | undefined;
  readonly grants: string | undefined;
  readonly validators: readonly string[];
};

/** Reads `operator.json` of the data folder and the genesis it pins; `input.data-folder` when there is none. */
export function readOperator(dataFolder: string): Operator {
  const folder = resolve(dataFolder);
  const file = join(folder, OPERATOR_FILE);
  if (!existsSync(file)) {
    throw new FirebreakFailure('input.data-folder', `${folder} holds no network (${OPERATOR_FILE} is missing)`, {
      folder,
    });
  }
  const parsed = readDocument(file, 'operator file', schema);
  const at = (path: string): string => resolve(folder, path);
  const networkFile = at(parsed.network);
  return {
    folder,
    networkFile,
    genesis: readGenesis(networkFile),
    identityFile: at(parsed.identity),
    temporal: parsed.temporal,
    temporalUi: parsed.temporalUi,
    watchdog: parsed.watchdog,
    api: parsed.api,
    blobs: parsed.blobs === undefined ? undefined : at(parsed.blobs),
    terms: parsed.terms === undefined ? undefined : at(parsed.terms),
    grants: parsed.grants === undefined ? undefined : at(parsed.grants),
    validators: parsed.validators,
  };
}

/** `--network FILE` when given, else the genesis of the data folder: a member's machine needs nothing more to sign. */
export const pinnedGenesis = (options: { readonly network?: string; readonly data: string }): NetworkGenesis =>
  options.network === undefined ? readOperator(options.data).genesis : readGenesis(options.network);
