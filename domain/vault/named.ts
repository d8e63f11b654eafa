import type { NetworkGenesis } from '../network/network.ts';
import type { VaultId } from './terms.ts';

export type NamedVault = {
  readonly vault: VaultId;
  /** As most of those that name it say: a single one cannot make a chain view look back to the beginning. */
  readonly watchFromHeight: number;
};

/**
 * So many of `speakers` validators name a vault at least, when as many as sign hold it: the others of the roster may be silent. With
 * everyone speaking it takes as many as sign.
 */
export const enoughToName = (
  { threshold, validators }: Pick<NetworkGenesis, 'threshold' | 'validators'>,
  speakers: number,
): number => Math.max(1, speakers + threshold - validators.length);

/**
 * So many speak that all who may lie together are fewer than `enoughToName`: whoever stops listening here cannot be told of anything by
 * liars alone.
 */
export const enoughToOutvote = ({ threshold, validators }: Pick<NetworkGenesis, 'threshold' | 'validators'>): number =>
  Math.max(threshold, 2 * (validators.length - threshold) + 1);

/** Vaults that at least `need` of the lists name, each list once, in the order of their ids. */
export function namedByEnough(
  lists: readonly (readonly { readonly vault: string; readonly watchFromHeight: number }[])[],
  need: number,
): readonly NamedVault[] {
  const heights = new Map<string, number[]>();
  for (const list of lists) {
    const said = new Map(list.map(({ vault, watchFromHeight }) => [vault, watchFromHeight]));
    for (const [vault, height] of said) heights.set(vault, [...(heights.get(vault) ?? []), height]);
  }
  return [...heights]
    .filter(([, named]) => named.length >= need)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([vault, named]) => ({ vault: vault as VaultId, watchFromHeight: medianOf(named) }));
}

const medianOf = (heights: readonly number[]): number =>
  heights.toSorted((a, b) => a - b)[Math.floor((heights.length - 1) / 2)] ?? 0;
