import { readFileSync } from 'node:fs';
import { hexToBytes } from '@noble/hashes/utils.js';

/** Text of one file of `data/`; see the README there. */
export const readVectors = (name: string): string => readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8');

type Hex = string;

/** The layout that the FROST reference program and frost-core share. */
export type FrostVectors = {
  readonly config: { readonly MAX_PARTICIPANTS: string; readonly MIN_PARTICIPANTS: string };
  readonly inputs: {
    readonly participant_list: readonly number[];
    readonly group_secret_key: Hex;
    readonly verifying_key_key: Hex;
    readonly message: Hex;
    readonly share_polynomial_coefficients: readonly Hex[];
    readonly participant_shares: readonly { readonly identifier: number; readonly participant_share: Hex }[];
  };
  readonly round_one_outputs: {
    readonly outputs: readonly {
      readonly identifier: number;
      readonly hiding_nonce_randomness: Hex;
      readonly binding_nonce_randomness: Hex;
      readonly hiding_nonce: Hex;
      readonly binding_nonce: Hex;
      readonly hiding_nonce_commitment: Hex;
      readonly binding_nonce_commitment: Hex;
      readonly binding_factor: Hex;
    }[];
  };
  readonly round_two_outputs: { readonly outputs: readonly { readonly identifier: number; readonly sig_share: Hex }[] };
  readonly final_output: { readonly sig: Hex };
};

export const readFrostVectors = (name: string): FrostVectors => JSON.parse(readVectors(name)) as FrostVectors;

/** A random source that gives exactly these bytes, in this order, and fails when asked for more or for other lengths. */
export function givenRandomness(...hex: readonly string[]): (length?: number) => Uint8Array<ArrayBuffer> {
  const queue = hex.map((text) => Uint8Array.from(hexToBytes(text)));
  return (length = 32) => {
    const next = queue.shift();
    if (next === undefined || next.length !== length)
      throw new Error(`randomness of ${length} bytes is not in the vector`);
    return next;
  };
}
