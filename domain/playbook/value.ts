import { isHex } from '../encoding/hex.ts';

/** What a plan carries: JSON with whole numbers only, so that every reader sees the same value (RFC 8785 digests). */
export type PlanValue = string | number | boolean | readonly PlanValue[];

/**
 * `duration` is milliseconds · `validator` a position in the roster, from 1 · `digest` 64 lower-case hex characters. A list holds at most
 * `LIST_ITEMS_MAX` items.
 */
export const SCALAR_TYPES = ['text', 'int', 'bool', 'duration', 'digest', 'validator'] as const;
export type ScalarType = (typeof SCALAR_TYPES)[number];
export const VALUE_TYPES = [
  ...SCALAR_TYPES,
  'list<text>',
  'list<int>',
  'list<digest>',
  'list<validator>',
] as const satisfies readonly (ScalarType | `list<${ScalarType}>`)[];
export type ValueType = (typeof VALUE_TYPES)[number];

export const TEXT_CHARACTERS_MAX = 4_096;
export const LIST_ITEMS_MAX = 128;
export const DURATION_MS_MAX = 90 * 86_400_000;

/** The scalar inside a list type; undefined for scalars. */
export function itemTypeOf(type: ValueType): ScalarType | undefined {
  return type.startsWith('list<') ? (type.slice(5, -1) as ScalarType) : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `15m`, `24h`, `7d`, `500ms` as milliseconds; undefined for anything else, zero and more than 90 days included. */
export function durationMs(text: string): number | undefined {
  const [, digits, unit] = /^([1-9][0-9]{0,8})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNIT_MS[unit ?? ''] ?? Number.NaN);
  return ms <= DURATION_MS_MAX ? ms : undefined;
}

/** The shortest way to write it that `durationMs` reads back. */
export function durationText(ms: number): string {
  const [unit, size] = Object.entries(UNIT_MS).findLast(([, each]) => ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

const SHAPES: Readonly<Record<ScalarType, { readonly says: string; readonly holds: (value: unknown) => boolean }>> = {
  text: {
    says: `text of at most ${TEXT_CHARACTERS_MAX} characters`,
    // Half a surrogate pair has no digest, and could not be signed or recorded.
    holds: (value) => typeof value === 'string' && value.length <= TEXT_CHARACTERS_MAX && value.isWellFormed(),
  },
  int: { says: 'a whole number', holds: Number.isSafeInteger },
  bool: { says: 'true or false', holds: (value) => typeof value === 'boolean' },
  duration: {
    says: 'a duration such as 90s, 15m, 24h or 7d, at most 90d',
    holds: (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= DURATION_MS_MAX,
  },
  digest: { says: '64 lower-case hex characters', holds: (value) => typeof value === 'string' && isHex(value, 32) },
  validator: {
    says: 'the number of a validator, from 1',
    holds: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 65_535,
  },
};

/** What a value of the type looks like, for messages. */
export function shapeOf(type: ValueType): string {
  const item = itemTypeOf(type);
  return item === undefined
    ? SHAPES[type as ScalarType].says
    : `a list of at most ${LIST_ITEMS_MAX}, each ${SHAPES[item].says}`;
}

export function isOfType(value: unknown, type: ValueType): value is PlanValue {
  const item = itemTypeOf(type);
  if (item === undefined) return SHAPES[type as ScalarType].holds(value);
  return Array.isArray(value) && value.length <= LIST_ITEMS_MAX && value.every((each) => SHAPES[item].holds(each));
}

/** A value as a person writes it (durations with their unit) becomes the value of the plan; undefined when it is none of the type. */
export function valueFrom(written: unknown, type: ValueType): PlanValue | undefined {
  const value = type === 'duration' && typeof written === 'string' ? durationMs(written) : written;
  return isOfType(value, type) ? value : undefined;
}
