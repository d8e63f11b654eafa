/** Field names whose value never reaches a log, whatever put it there. */
const SECRET_NAME =
  /^(pin|passphrase|password|secret|token|api_?key|private_?key|seed|share|nonce_?secret|mnemonic|authorization|cookie)$/i;
const HIDDEN = '[hidden]';
const DEPTH_MAX = 6;
const TEXT_MAX = 2_000;

/** user:password@ inside a URL, and what follows a word that names a secret. */
const IN_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s:@]+:[^/\s@]+@/gi, `$1${HIDDEN}@`],
  [
    /\b(pin|passphrase|password|secret|token|api[_-]?key|private[_-]?key)(["']?\s*[=:]\s*["']?)[^\s"',;}]+/gi,
    `$1$2${HIDDEN}`,
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+/g, HIDDEN],
];

/** A sentence without what looks like a credential, and not longer than a log line should be. */
export function redactText(text: string): string {
  const clean = IN_TEXT.reduce((rest, [pattern, instead]) => rest.replace(pattern, instead), text);
  return clean.length > TEXT_MAX ? `${clean.slice(0, TEXT_MAX)}…` : clean;
}

/**
 * The second net under "never log a secret": a copy of log fields in which secret names are hidden, bytes are counted and not
 * shown, and depth is bounded. The first net is that nobody passes secrets here.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '[deeper]';
  if (value instanceof Error) return errorFields(value, depth);
  if (Array.isArray(value)) return value.map((entry) => redact(entry, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, SECRET_NAME.test(name) ? HIDDEN : redact(entry, depth + 1)]),
  );
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { code, details } = error as { code?: unknown; details?: unknown };
  return {
    name: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { code } : {}),
    ...(details === undefined ? {} : { details: redact(details, depth + 1) }),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
