import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { FirebreakFailure, failureOf } from '../../../domain/errors/failure.ts';
import type { EffectContext, PortHealth } from '../../../domain/ports/context.ts';
import type { TermsSource } from '../../../domain/ports/terms-source.ts';
import type { SignedTerms, VaultId } from '../../../domain/vault/terms.ts';
import { judgeTerms } from '../../../domain/vault/verify-terms.ts';
import { encodeDocument, parseSignedTerms } from '../../../wire/documents/index.ts';
import { errnoOf, folderHealth, writeDurably, writeFailure } from '../../durable-file.ts';
import type { TermsComponents } from '../components.ts';
import type { SignedRegistryConfig } from './config.ts';

/** A folder with more files than this is slow to list; settled vaults belong into an archive. */
const VAULTS_MAX = 100_000;
const FILE_BYTES_MAX = 16_384;

/** One file per vault, `<vault>.json`, in the very bytes that are hashed and sent. The signature is checked on the way in and on the way out. */
export class SignedRegistry implements TermsSource {
  readonly #folder: string;
  readonly #genesis: TermsComponents['genesis'];

  constructor(config: SignedRegistryConfig, components: TermsComponents) {
    this.#folder = resolve(components.dir, config.folder);
    this.#genesis = components.genesis;
  }

  async start(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw writeFailure(error, this.#folder);
    }
  }

  /** Throws `input.terms-…` or `policy.terms-…` of `domainVaultFailures`, `unavailable.disk-…`. Adding again is harmless, and mends a damaged file. */
  async add(terms: SignedTerms, context: EffectContext): Promise<VaultId> {
    context.signal.throwIfAborted();
    const verdict = judgeTerms(terms, this.#genesis);
    if (!verdict.ok) throw failureOf(verdict.refusal);
    const vault = verdict.value;
    if (await this.#holds(vault)) return vault;
    if ((await this.list()).length >= VAULTS_MAX) {
      throw new FirebreakFailure(
        'input.terms-too-many',
        `${this.#folder} holds ${VAULTS_MAX} vaults, which is the limit`,
      );
    }
    await writeDurably(this.#pathOf(vault), encodeDocument(terms));
    return vault;
  }

  /** Throws `policy.terms-damaged` when the file is there and its terms are not this vault's, whole and signed. */
  async get(vault: VaultId): Promise<SignedTerms | undefined> {
    if (!isVaultId(vault)) return undefined;
    const path = this.#pathOf(vault);
    const bytes = await this.#read(path);
    if (bytes === undefined) return undefined;
    let terms: SignedTerms;
    try {
      terms = parseSignedTerms(bytes, path);
    } catch (error) {
      throw damaged(path, vault, error);
    }
    const verdict = judgeTerms(terms, this.#genesis);
    if (!verdict.ok) throw damaged(path, vault, failureOf(verdict.refusal));
    if (verdict.value !== vault) throw damaged(path, vault);
    return terms;
  }

  /** In order of their ids; says nothing about the files' content. */
  async list(): Promise<readonly VaultId[]> {
    let names: string[];
    try {
      names = await readdir(this.#folder);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw unreadable(this.#folder, error);
    }
    return names
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length))
      .filter(isVaultId)
      .sort();
  }

  health(): Promise<PortHealth> {
    return folderHealth(this.#folder);
  }

  describe(): Readonly<Record<string, string>> {
    return { folder: this.#folder };
  }

  async #holds(vault: VaultId): Promise<boolean> {
    try {
      return (await this.get(vault)) !== undefined;
    } catch {
      return false; // damaged: written again
    }
  }

  async #read(path: string): Promise<Uint8Array | undefined> {
    try {
      // The parser refuses what is too large; a giant file must not even reach memory.
      if ((await stat(path)).size > FILE_BYTES_MAX) return new Uint8Array(FILE_BYTES_MAX + 1);
      return await readFile(path);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw unreadable(path, error);
    }
  }

  #pathOf(vault: VaultId): string {
    return join(this.#folder, `${vault}.json`);
  }
}

const isVaultId = (text: string): text is VaultId => /^[0-9a-f]{64}$/.test(text);

const damaged = (path: string, vault: VaultId, cause?: unknown) =>
  new FirebreakFailure('policy.terms-damaged', `${path}: not the signed terms of vault ${vault}`, { vault }, { cause });

const unreadable = (path: string, cause: unknown) =>
  new FirebreakFailure('unavailable.terms-unreadable', `${path} cannot be read`, {}, { cause });
