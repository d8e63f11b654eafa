import { z } from 'zod';
import { pinnedParticipants } from '../../domain/ceremony/participants.ts';
import { type NetworkGenesis, validatorId } from '../../domain/network/network.ts';
import { committeeField } from './committee.ts';
import {
  bitcoinNetworkField,
  environmentField,
  hexOf,
  lineOfText,
  networkName,
  versionOne,
  wholeNumber,
} from './fields.ts';
import { type DocumentKind, parseDocument } from './parse.ts';

export const VALIDATORS_MAX = 100;
const COORDINATORS_MAX = 20;
const ADDRESSES_MAX = 8;

const validatorsSchema = z
  .array(
    z.strictObject({
      id: wholeNumber(1, VALIDATORS_MAX).transform(validatorId),
      identity: hexOf(32),
      addresses: z
        .array(lineOfText(200))
        .min(1, 'needs an address')
        .max(ADDRESSES_MAX, `at most ${ADDRESSES_MAX} addresses`),
      spare: z.literal(true, 'write true, or leave it out').exactOptional(),
    }),
  )
  .min(2, 'needs at least 2 validators')
  .max(VALIDATORS_MAX, `at most ${VALIDATORS_MAX} validators`)
  .refine((entries) => entries.every((entry, at) => entry.id === at + 1), 'ids must be 1, 2, 3 … in this order')
  .refine((entries) => isUnique(entries.map((entry) => entry.identity)), 'two validators share one identity');

const networkGenesis: DocumentKind<NetworkGenesis> = {
  name: 'network genesis',
  bytesMax: 1_048_576,
  schema: z
    .strictObject({
      version: versionOne(),
      name: networkName(),
      environment: environmentField(),
      bitcoinNetwork: bitcoinNetworkField(),
      threshold: wholeNumber(2, VALIDATORS_MAX),
      validators: validatorsSchema,
      coordinators: z.array(hexOf(32)).max(COORDINATORS_MAX, `at most ${COORDINATORS_MAX} coordinators`),
      committee: committeeField(),
    })
    .refine(({ threshold, validators }) => threshold <= pinnedParticipants({ validators }).length, {
      path: ['threshold'],
      error: 'is above the number of validators that are no spares: no signature could ever be made',
    })
    .refine(
      ({ coordinators, validators }) => isUnique([...coordinators, ...validators.map((entry) => entry.identity)]),
      {
        path: ['coordinators'],
        error: 'a coordinator must have an identity of its own, listed once and not a validator’s',
      },
    ),
};

/** A genesis that could never work (quorum above members, shared identities, gaps in ids) is refused here, before anyone pins it. */
export const parseNetworkGenesis = (source: Uint8Array | string, where: string): NetworkGenesis =>
  parseDocument(networkGenesis, source, where);

const isUnique = (texts: readonly string[]): boolean => new Set(texts).size === texts.length;
