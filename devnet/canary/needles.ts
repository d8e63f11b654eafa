/** One form in which a secret may have leaked. */
export type Needle = { readonly secret: string; readonly form: string; readonly bytes: Buffer };

/** Fewer bytes would be found by chance in megabytes. */
const SECRET_BYTES_MIN = 8;

/** Every way in which these bytes are commonly written: as they are, in hex, base64, decimal, and as a list of numbers. */
export function needlesOf(secret: string, bytes: Uint8Array): readonly Needle[] {
  if (bytes.length < SECRET_BYTES_MIN) throw new Error(`${secret} is too short to be searched for`);
  const raw = Buffer.from(bytes);
  const hex = raw.toString('hex');
  const forms: readonly (readonly [string, string | Buffer])[] = [
    ['raw', raw],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ...base64Forms(raw),
    ['decimal', BigInt(`0x${hex}`).toString()],
    ['decimal, little endian', BigInt(`0x${Buffer.from(raw).reverse().toString('hex')}`).toString()],
    ['numbers', [...raw].join(',')],
    ['numbers, spaced', [...raw].join(', ')],
    ['object', [...raw].map((byte, index) => `"${index}":${byte}`).join(',')],
  ];
  return forms.map(([form, text]) => ({ secret, form, bytes: Buffer.from(text) }));
}

/** A text is also searched for as what it is made of: a PIN of hex digits stands for its bytes as well. */
export const needlesOfText = (secret: string, text: string): readonly Needle[] => [
  ...needlesOf(`${secret} (text)`, Buffer.from(text)),
  ...(/^([0-9a-f]{2}){8,}$/.test(text) ? needlesOf(`${secret} (bytes)`, Buffer.from(text, 'hex')) : []),
];

/** Inside a longer text base64 depends on where the secret begins: three forms, without the characters that neighbours share. */
function base64Forms(raw: Buffer): (readonly [string, string])[] {
  return [0, 1, 2].flatMap((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), raw]);
    const whole = padded.toString('base64').replaceAll('=', '');
    const from = offset === 0 ? 0 : offset + 1;
    const to = padded.length % 3 === 0 ? whole.length : whole.length - 1;
    const core = whole.slice(from, to);
    const url = core.replaceAll('+', '-').replaceAll('/', '_');
    return [[`base64 +${offset}`, core] as const, ...(url === core ? [] : [[`base64url +${offset}`, url] as const])];
  });
}

/** So many bytes of a needle are looked up before it is compared. */
const HEAD_BYTES = 3;

/**
 * Which needles are in a hay. Every place of a hay is looked at once, however many needles there are: a thousand of them in the files of a
 * network would otherwise take as long as everything before.
 */
export function finder(needles: readonly Needle[]): (hay: Buffer) => readonly Needle[] {
  const heads = new Uint8Array(1 << (8 * HEAD_BYTES));
  const byHead = new Map<number, Needle[]>();
  for (const needle of needles) {
    const head = needle.bytes.readUIntBE(0, HEAD_BYTES);
    heads[head] = 1;
    byHead.set(head, [...(byHead.get(head) ?? []), needle]);
  }
  return (hay) => {
    const found = new Set<Needle>();
    let head = 0;
    for (let at = 0; at < hay.length; at += 1) {
      head = ((head << 8) | (hay[at] ?? 0)) & 0xffffff;
      if (at < HEAD_BYTES - 1 || heads[head] === 0) continue;
      const from = at - HEAD_BYTES + 1;
      for (const needle of byHead.get(head) ?? []) {
        const { bytes } = needle;
        if (hay.length - from >= bytes.length && bytes.compare(hay, from, from + bytes.length) === 0) found.add(needle);
      }
    }
    return needles.filter((each) => found.has(each));
  };
}

/** Which needles are in this hay. */
export const foundIn = (hay: Buffer, needles: readonly Needle[]): readonly Needle[] => finder(needles)(hay);

const DEPTH_MAX = 24;
const SEPARATOR = Buffer.from('\n');

/** Every text and every byte string in a value, whatever field it is in. */
export function hayOf(value: unknown): Buffer {
  const parts: Buffer[] = [];
  collect(value, parts, 0);
  return Buffer.concat(parts);
}

function collect(value: unknown, into: Buffer[], depth: number): void {
  if (typeof value === 'string') into.push(Buffer.from(value), SEPARATOR);
  else if (value instanceof Uint8Array) into.push(Buffer.from(value), SEPARATOR);
  else if (typeof value === 'object' && value !== null && depth < DEPTH_MAX)
    for (const inner of Object.values(value)) collect(inner, into, depth + 1);
}
