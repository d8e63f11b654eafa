import { type CeremonyId, ceremonyId, type KeyOrigin } from '../../domain/ceremony/ceremony.ts';
import { judgeParticipants } from '../../domain/ceremony/participants.ts';
import { digestOf, TAGS } from '../../domain/encoding/digest.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { NetworkGenesis, ValidatorId } from '../../domain/network/network.ts';
import { SUITE } from '../../threshold/verify/signing-transcript.ts';
import { type KeygenParameters, KeygenParametersSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { originOf } from '../../wire/key-origin.ts';
import { decode } from './statements.ts';

const NONCE_BYTES = 16;
const PURPOSE_LENGTH_MAX = 200;
const EPOCH_MAX = 0xffff_ffff;

export type Proposal = {
  readonly ceremony: CeremonyId;
  readonly epoch: number;
  readonly purpose: string;
  readonly participants: readonly ValidatorId[];
  readonly origin: KeyOrigin | undefined;
};

/**
 * The parameters of a key generation as this validator would have written them, except for epoch, purpose and nonce: how many must
 * sign is pinned, and so is who takes part, unless an origin says on whose votes others do. Those votes are not judged here.
 */
export function judgeKeygenParameters(bytes: Uint8Array, genesis: NetworkGenesis): Verdict<Proposal> {
  const parameters = decode(KeygenParametersSchema, bytes);
  if (parameters === undefined) return refuse('input.request-malformed', 'key generation parameters are not readable');
  const differs = differenceFrom(parameters, genesis);
  if (differs !== undefined) {
    return refuse('policy.keygen-parameters', `key generation with another ${differs} than the pinned genesis`, {
      field: differs,
    });
  }
  if (parameters.nonce.length !== NONCE_BYTES) return malformed(`nonce must have ${NONCE_BYTES} bytes`);
  if (parameters.purpose.length > PURPOSE_LENGTH_MAX)
    return malformed(`purpose is over ${PURPOSE_LENGTH_MAX} characters`);
  if (parameters.epoch < 1 || parameters.epoch > EPOCH_MAX) return malformed('epoch must be at least 1');
  const origin = originOf(parameters);
  const participants = judgeParticipants(parameters.participants, origin, genesis);
  if (!participants.ok) return participants;
  const { epoch, purpose } = parameters;
  const ceremony = ceremonyId('keygen', digestOf(TAGS.keygenParameters, bytes));
  return accept({ ceremony, epoch, purpose, participants: participants.value, origin });
}

function differenceFrom(parameters: KeygenParameters, genesis: NetworkGenesis): string | undefined {
  if (parameters.suite !== SUITE) return 'suite';
  if (parameters.environment !== genesis.environment) return 'environment';
  if (parameters.network !== genesis.name) return 'network';
  if (parameters.threshold !== genesis.threshold) return 'threshold';
  const same =
    parameters.identities.length === genesis.validators.length &&
    genesis.validators.every(({ identity }, at) => toHex(parameters.identities[at] ?? new Uint8Array(0)) === identity);
  return same ? undefined : 'identities';
}

const malformed = (what: string) => refuse('input.request-malformed', `key generation parameters: ${what}`);
