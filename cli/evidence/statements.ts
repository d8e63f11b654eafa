import { z } from 'zod';
import { require } from '../ceremony/checks.ts';

const hex = z
  .string()
  .regex(/^([0-9a-f]{2})*$/)
  .max(100_000);
const statements = z.strictObject({
  version: z.literal(1),
  kind: z.literal('statements'),
  envelopes: z.array(hex).max(255),
});

/** Wire envelopes, hex, of a document of statements. */
export function statementsIn(bytes: Uint8Array): readonly string[] {
  const parsed = statements.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  require(parsed.success, 'its statements cannot be read');
  return parsed.data.envelopes;
}
