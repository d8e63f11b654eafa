import { z } from 'zod';
import type { Digest } from '../../domain/encoding/digest.ts';
import { type BitcoinNetwork, type Environment } from '../../domain/network/network.ts';

/** The words that several documents share. Messages say what to write instead, since a person may have typed the file. */

const HEX = /^([0-9a-f]{2})*$/;

/** Lower-case hexadecimal of exactly `bytes` bytes. */
export const hexOf = (bytes: number) =>
  z
    .string(`write ${bytes * 2} lower-case hexadecimal characters`)
    .refine((text) => text.length === bytes * 2 && HEX.test(text), {
      error: `write exactly ${bytes * 2} lower-case hexadecimal characters (${bytes} bytes)`,
    });

/** Lower-case hexadecimal of between `least` and `most` bytes. */
export const hexBetween = (least: number, most: number) =>
  z
    .string('write lower-case hexadecimal characters')
    .refine((text) => text.length >= least * 2 && text.length <= most * 2 && HEX.test(text), {
      error: `write ${least} to ${most} bytes as lower-case hexadecimal`,
    });

export const digestField = () => hexOf(32).transform((text) => text as Digest);

/** Whole number that survives every JSON reader unchanged. */
export const wholeNumber = (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  z
    .int(`write a whole number from ${least} to ${most}`)
    .min(least, `must be at least ${least}`)
    .max(most, `must be at most ${most}`);

/**
 * A line that people read. Unpaired surrogates have no UTF-8 form, so two texts would share one digest;
 * control characters could rewrite the screen of the person who approves it.
 */
export const lineOfText = (lengthMax: number) =>
  z
    .string('write a text')
    .min(1, 'must not be empty')
    .max(lengthMax, `must have at most ${lengthMax} characters`)
    .refine((text) => text.isWellFormed() && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text), {
      error: 'must be one line without control or invisible characters',
    });

/** The network's name: it appears in ids, paths and labels. */
export const networkName = () =>
  z.string('write the name of the network').regex(/^[a-z][a-z0-9-]{0,39}$/, {
    error: 'write up to 40 lower-case letters, digits and hyphens, starting with a letter',
  });

const environments = ['production', 'drill', 'development'] as const satisfies readonly Environment[];
export const environmentField = () => z.enum(environments, `write one of ${environments.join(', ')}`);

const bitcoinNetworks = ['mainnet', 'testnet', 'regtest'] as const satisfies readonly BitcoinNetwork[];
export const bitcoinNetworkField = () => z.enum(bitcoinNetworks, `write one of ${bitcoinNetworks.join(', ')}`);

export const versionOne = () => z.literal(1, 'this build reads version 1');
