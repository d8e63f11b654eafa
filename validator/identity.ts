import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { type NetworkGenesis, type ValidatorId, validatorName } from '../domain/network/network.ts';
import { identityFromSeed, identityHex } from '../wire/stream/host-identity.ts';
import type { ValidatorConfigFailureCode } from './config/failures.ts';

const SEALED_BYTES_MAX = 65_536;

/**
 * Opens the sealed host identity and compares it with the pinned roster. Throws `input.config-file` when the file is not there,
 * `input.config-contradiction` when the identity is another one, and the failures of the keystore.
 */
export async function openIdentity(
  file: string,
  self: ValidatorId,
  genesis: NetworkGenesis,
  unseal: (sealed: Uint8Array) => Promise<Uint8Array>,
): Promise<KeyObject> {
  const seed = await unseal(readSealed(file)).catch((error: unknown) => {
    throw error instanceof FirebreakFailure ? naming(file, error) : error;
  });
  let identity: KeyObject;
  try {
    identity = identityFromSeed(seed);
  } finally {
    seed.fill(0);
  }
  const listed = genesis.validators.find((entry) => entry.id === self)?.identity;
  const own = identityHex(identity);
  if (own === listed) return identity;
  throw refused(
    'input.config-contradiction',
    `the identity in ${file} is ${own}, but the genesis ${genesis.name} lists ${listed ?? 'nobody'} as ${validatorName(self)}; ` +
      'restore the right identity file, or pin a genesis that lists this one',
    file,
  );
}

function readSealed(file: string): Uint8Array {
  let sealed: Uint8Array;
  try {
    sealed = readFileSync(file);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw refused(
      'input.config-file',
      `cannot read the host identity ${file}: ${reason}; \`firebreak validator init\` makes one`,
      file,
    );
  }
  if (sealed.length > SEALED_BYTES_MAX)
    throw refused('input.config-file', `${file} is too large for a sealed identity`, file);
  return sealed;
}

/** A keystore knows what it opens by its label; the operator knows the file. */
const naming = (file: string, { code, message, details }: FirebreakFailure): FirebreakFailure =>
  new FirebreakFailure(code, `${file}: ${message}`, { ...details, file });

const refused = (code: ValidatorConfigFailureCode, message: string, file: string): FirebreakFailure =>
  new FirebreakFailure(code, message, { file });
