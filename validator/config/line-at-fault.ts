import { type FailureCode, type FailureDetails, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ConfigLocation } from '../../domain/plugin/manifest.ts';
import type { KeyStorageConfig, ValidatorConfig } from '../config.ts';
import { placeOf } from './problems.ts';

type Storing = Pick<ValidatorConfig, 'keyStorage'>;
type SettingOf = (config: Storing, details: FailureDetails) => string;

const secretField: SettingOf = ({ keyStorage }) => fieldOfSecret(keyStorage);
const tokenField: SettingOf = ({ keyStorage }) =>
  'tokenLabel' in keyStorage && keyStorage.tokenLabel !== undefined
    ? 'key_storage.hsm_token_label'
    : 'key_storage.hsm_slot';
const namedField: SettingOf = (_config, { field }) => String(field);

/** Keystores, servers and the network know no configuration file: which setting each of their failures at start comes from. */
const SETTING: Readonly<Partial<Record<FailureCode, SettingOf>>> = {
  'input.keystore-pin': secretField,
  'input.keystore-secret-source': secretField,
  'input.keystore-module': () => 'key_storage.hsm_module',
  'input.keystore-token-ambiguous': tokenField,
  'unavailable.token-absent': tokenField,
  'unavailable.port-in-use': namedField,
  'unavailable.http-listen': namedField,
  'unavailable.listen-address': () => 'network.p2p_listen',
};

/** The same failure with file, line and field before its message, where a setting is behind it; anything else as it is. */
export function withItsLine(error: unknown, config: Storing, where: ConfigLocation): unknown {
  if (!(error instanceof FirebreakFailure)) return error;
  const { code, message, details } = error;
  const field = SETTING[code]?.(config, details);
  if (field === undefined) return error;
  const line = where.lineOf(field.split('.'));
  return new FirebreakFailure(
    code,
    `${placeOf(where, field)}: ${field}: ${message}`,
    { ...details, file: where.file, field, ...(line === undefined ? {} : { line }) },
    { cause: error },
  );
}

function fieldOfSecret(storage: KeyStorageConfig): string {
  if ('identityFile' in storage) return 'key_storage.identity_file';
  return storage.type === 'hsm' ? storage.pin.field : storage.passphrase.field;
}
