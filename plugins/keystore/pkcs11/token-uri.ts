import { isAbsolute } from 'node:path';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { SecretSource } from '../secret-source.ts';

/** What a token says about itself (CK_TOKEN_INFO) and a URI may ask for; everything given has to fit. */
export type TokenTraits = {
  readonly label?: string;
  readonly serial?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly slot?: number;
};

/** A private key in a token: by its label (CKA_LABEL), its id (CKA_ID) or both. */
export type KeyTraits = { readonly label?: string; readonly id?: Buffer };

export type TokenKeyUri = {
  readonly text: string;
  readonly token: TokenTraits;
  readonly key: KeyTraits;
  /** Full path of the vendor's PKCS#11 library. */
  readonly module: string;
  readonly pin: SecretSource;
};

const SCHEME = 'pkcs11:';
const URI_LENGTH_MAX = 2_000;
const PATH_ATTRIBUTES = ['token', 'serial', 'manufacturer', 'model', 'slot-id', 'object', 'id', 'type'] as const;
const QUERY_ATTRIBUTES = ['module-path', 'pin-source'] as const;
/** What RFC 7512 has a name for: any other word may be a PIN at a wrong place. */
const NAMES: ReadonlySet<string> = new Set([
  ...PATH_ATTRIBUTES,
  ...QUERY_ATTRIBUTES,
  'library-description',
  'library-manufacturer',
  'library-version',
  'module-name',
  'slot-description',
  'slot-manufacturer',
]);
/** What the environment may say for a URI that names no module; libp11 reads the same variable. */
const MODULE_VARIABLE = 'PKCS11_MODULE_PATH';

export const isTokenKeyUri = (text: string): boolean => text.toLowerCase().startsWith(SCHEME);

/**
 * The key that an RFC 7512 URI names: `pkcs11:token=…;object=…?module-path=…&pin-source=file:…`. Of `type`, only `private` makes sense.
 * Throws `input.token-uri`, which repeats no value of the URI: whoever writes a PIN at a wrong place does not find it in a log.
 */
export function parseTokenKeyUri(text: string, defaultModule = process.env[MODULE_VARIABLE]): TokenKeyUri {
  if (/pin-value/i.test(text)) {
    throw refused(
      'has pin-value: a PIN on a command line is in the history of the shell and in the list of processes. Change that PIN, and name a file with pin-source=file:/…',
    );
  }
  if (text.length > URI_LENGTH_MAX) throw refused(`has more than ${URI_LENGTH_MAX} characters`);
  const [path = '', query, ...more] = text.slice(SCHEME.length).split('?');
  if (more.length > 0) throw refused('has more than one "?"; inside a value write %3F');
  const named = attributes(path, ';', PATH_ATTRIBUTES);
  const asked = attributes(query ?? '', '&', QUERY_ATTRIBUTES);
  if ((named.type ?? 'private') !== 'private') throw refused('has a type other than private; a private key signs');
  return {
    text,
    token: tokenOf(named),
    key: keyOf(named),
    module: moduleOf(asked['module-path'] ?? defaultModule),
    pin: pinOf(asked['pin-source']),
  };
}

type Named<Name extends string> = Partial<Record<Name, string>>;

function attributes<Name extends string>(text: string, separator: string, known: readonly Name[]): Named<Name> {
  const found: Named<Name> = {};
  for (const [index, part] of text.split(separator).entries()) {
    if (part === '') continue;
    const [written = '', ...rest] = part.split('=');
    const name = known.find((each) => each === written);
    if (name === undefined) {
      const which = rest.length > 0 && NAMES.has(written) ? written : `number ${index + 1}`;
      const after = separator === '&' ? '?' : SCHEME;
      throw refused(
        `has after "${after}" the attribute ${which} that is not understood there; ${known.join(', ')} are`,
      );
    }
    if (found[name] !== undefined) throw refused(`has ${name} twice`);
    found[name] = name === 'id' ? rest.join('=') : decoded(name, rest.join('='));
  }
  return found;
}

function decoded(name: string, written: string): string {
  let value: string;
  try {
    value = decodeURIComponent(written);
  } catch {
    throw refused(`has percent signs in ${name} that stand for no UTF-8 text`);
  }
  // Labels are printed: what steers a terminal is no part of one.
  if (value === '' || /\p{Cc}/u.test(value)) throw refused(`has an empty ${name}, or control characters in it`);
  return value;
}

function tokenOf(named: Named<(typeof PATH_ATTRIBUTES)[number]>): TokenTraits {
  const { token, serial, manufacturer, model, 'slot-id': slot } = named;
  if (slot !== undefined && !/^\d{1,10}$/.test(slot)) throw refused('has a slot-id that is not a whole number');
  const traits: TokenTraits = {
    ...(token === undefined ? {} : { label: token }),
    ...(serial === undefined ? {} : { serial }),
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(model === undefined ? {} : { model }),
    ...(slot === undefined ? {} : { slot: Number(slot) }),
  };
  if (token === undefined && serial === undefined && slot === undefined)
    throw refused('names no token; write token=, serial= or slot-id=');
  return traits;
}

function keyOf({ object, id }: Named<(typeof PATH_ATTRIBUTES)[number]>): KeyTraits {
  if (object === undefined && id === undefined)
    throw refused('names no key; write object=<label of the key> or id=<its id>');
  return { ...(object === undefined ? {} : { label: object }), ...(id === undefined ? {} : { id: idBytes(id) }) };
}

/** An id is bytes, not text: `%01%a0`, or characters that stand for themselves. */
function idBytes(written: string): Buffer {
  if (!/^(%[0-9a-f]{2}|[\w.~-]){1,64}$/i.test(written))
    throw refused('has an id that is not 1 to 64 bytes, each written as %xx');
  const hex = written.replaceAll(/%(..)|(.)/g, (_whole, pair?: string, plain = '') => pair ?? toHex(plain));
  return Buffer.from(hex, 'hex');
}

const toHex = (plain: string): string => Buffer.from(plain, 'latin1').toString('hex');

function moduleOf(path: string | undefined): string {
  if (path === undefined || path === '') {
    throw refused(
      `names no PKCS#11 library: add module-path=/full/path/of/the/vendor’s.so after "?", or set ${MODULE_VARIABLE}`,
    );
  }
  if (!isAbsolute(path)) throw refused('needs the full path of the vendor’s PKCS#11 library in module-path');
  return path;
}

/**
 * RFC 7512 leaves the form to applications: `file:` or `file://` before a full path, a full path, or `env:NAME`; no command is run. The path
 * is taken as it stands: percent signs stand for characters of the attribute and not once more for those of a URL within it.
 */
function pinOf(source: string | undefined): SecretSource {
  if (source === undefined)
    throw refused('names no place for the PIN: add pin-source=file:/path (a file of mode 0400) or pin-source=env:NAME');
  const variable = /^env:([A-Z_][A-Z0-9_]{0,99})$/.exec(source)?.[1];
  if (variable !== undefined) return { from: 'environment', variable };
  const path = /^file:(?:\/\/(?:localhost)?)?(\/(?!\/).*)$/s.exec(source)?.[1] ?? source;
  if (isAbsolute(path)) return { from: 'file', path };
  throw refused('has a pin-source that is neither file:/path, nor a full path, nor env:NAME');
}

const refused = (why: string): FirebreakFailure => new FirebreakFailure('input.token-uri', `the pkcs11: URI ${why}`);
