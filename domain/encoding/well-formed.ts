/**
 * The same JSON with every half of a surrogate pair replaced (U+FFFD): a half has no UTF-8 form, and RFC 8785 refuses it. Total: whatever
 * JSON holds comes back as JSON that has a digest, numbers aside.
 */
export function wellFormed<T>(value: T): T {
  return made(value) as T;
}

function made(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(made);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name.toWellFormed(), made(each)]));
}
