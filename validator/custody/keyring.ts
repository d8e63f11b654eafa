import type { KeyState, PublicKeyPackage } from '../../domain/ceremony/ceremony.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { Journal, KeysetRow } from './journal/journal.ts';

export const noShare = ({ keyset }: Pick<KeysetRow, 'keyset'>) =>
  refuse(
    'policy.key-share',
    `this validator is no participant of keyset ${keyset}: it holds its certificate and no share`,
  );

/** The journal's keysets, with one package object per keyset: derived keys are remembered per object. */
export class Keyring {
  readonly #journal: Journal;
  readonly #packages = new Map<string, PublicKeyPackage>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get(keyset: string): KeysetRow | undefined {
    const row = this.#journal.keysets.get(keyset);
    return row === undefined ? undefined : this.#withKnownPackage(row);
  }

  list(): readonly KeysetRow[] {
    return this.#journal.keysets.list().map((row) => this.#withKnownPackage(row));
  }

  /** A keyset that may be used for this now; `use` completes "keyset … cannot …". */
  require(keyset: string, allowed: (state: KeyState) => boolean, use: string): Verdict<KeysetRow> {
    const row = this.get(keyset);
    if (row === undefined) {
      return refuse('not-yet.keyset-unknown', `this validator holds no share of keyset ${keyset.slice(0, 64)}`);
    }
    if (allowed(row.state)) return accept(row);
    return refuse('policy.keyset-state', `keyset ${keyset} is ${row.state} and cannot ${use}`, { state: row.state });
  }

  /** The same, of a key that this validator takes part in. */
  requireShare(
    keyset: string,
    allowed: (state: KeyState) => boolean,
    use: string,
  ): Verdict<KeysetRow & { readonly sealedShare: Uint8Array }> {
    const row = this.require(keyset, allowed, use);
    if (!row.ok) return row;
    const { sealedShare } = row.value;
    return sealedShare === undefined ? noShare(row.value) : accept({ ...row.value, sealedShare });
  }

  /** An active key of a lower epoch gives no addresses any more once a later one is active. */
  activate(keyset: KeysetRow): void {
    this.#journal.keysets.move(keyset.keyset, 'active');
    this.settle();
  }

  /**
   * Only the latest active key stays active, and of two of one epoch the one with the smaller id, so that all validators give the
   * same addresses whichever became active first. Called at start too, since a crash may have come between two moves.
   */
  settle(): void {
    const active = this.#journal.keysets.list().filter(({ state }) => state === 'active');
    const [stays] = active.toSorted((a, b) => b.epoch - a.epoch || (a.keyset < b.keyset ? -1 : 1));
    for (const row of active) if (row !== stays) this.#journal.keysets.move(row.keyset, 'draining');
  }

  /** Its certified successor takes its coins: a key that was active gives no addresses any more. */
  succeeded({ keyset, state }: KeysetRow): void {
    if (state === 'active') this.#journal.keysets.move(keyset, 'draining');
  }

  #withKnownPackage(row: KeysetRow): KeysetRow {
    const known = this.#packages.get(row.keyset) ?? row.package;
    this.#packages.set(row.keyset, known);
    return { ...row, package: known };
  }
}
