type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

/** One place of a JSON value changed, chosen by two numbers; the same numbers change it in the same way. */
export function mutated(value: unknown, place: number, change: number): unknown {
  const copy = JSON.parse(JSON.stringify(value)) as Json;
  const places = placesOf(copy);
  const at = places[place % places.length];
  if (at === undefined) throw new Error('a value without a place to change');
  const { parent, key } = at;
  if (Array.isArray(parent)) changeItem(parent, Number(key), change);
  else changeField(parent as Record<string, Json>, key, change);
  return copy;
}

type Place = { readonly parent: Json; readonly key: string };

function placesOf(value: Json): readonly Place[] {
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, child]) => [{ parent: value, key }, ...placesOf(child)]);
}

function changeItem(list: Json[], at: number, change: number): void {
  const item = list[at];
  if (item === undefined) return;
  const kinds = [
    () => list.splice(at, 1),
    () => list.splice(at, 0, item),
    () => list.reverse(),
    () => list.splice(at, 1, altered(item, change)),
  ];
  kinds[change % kinds.length]?.();
}

function changeField(object: Record<string, Json>, key: string, change: number): void {
  const value = object[key];
  if (value === undefined) return;
  const kinds = [
    () => delete object[key],
    () => (object['extra'] = value),
    () => (object[key] = altered(value, change)),
    () => (object[key] = altered(value, change + 1)),
    () => (object[key] = altered(value, change + 2)),
  ];
  kinds[change % kinds.length]?.();
}

function altered(value: Json, change: number): Json {
  if (typeof value === 'number') return [value + 1, value - 1, 0, -value, String(value)][change % 5] ?? 0;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') return alteredText(value, change);
  return change % 2 === 0 ? 'a text' : 7;
}

/** Of a hexadecimal text one digit; of a word another word that documents know. */
function alteredText(text: string, change: number): Json {
  const at = change % Math.max(1, text.length);
  if (/^[0-9a-f]{20,}$/.test(text)) return `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`;
  const words = [
    'approve',
    'reject',
    'freeze',
    'lift',
    'change',
    'drill',
    'laptop',
    '',
    text.toUpperCase(),
    `${text} `,
    3,
  ];
  return words[change % words.length] ?? '';
}
