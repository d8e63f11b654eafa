import { z } from 'zod';
import type { Capability, Catalogue } from '../domain/playbook/catalogue.ts';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import { EFFECTS } from '../domain/playbook/plan.ts';
import { VALUE_TYPES, type ValueType } from '../domain/playbook/value.ts';
import { fieldText } from './problem.ts';
import { dottedName, few, line, valueType } from './yaml/fields.ts';
import { findingsOf } from './yaml/issues.ts';
import { readYaml } from './yaml/read.ts';

const argumentType = z.enum([...VALUE_TYPES, ...VALUE_TYPES.map((type) => `${type}?` as const)]);
const capability = z.strictObject({
  summary: line,
  effect: z.enum(EFFECTS as ['none', 'reversible', 'irreversible']),
  idempotent: z.boolean().optional(),
  arguments: few(argumentType).optional(),
  results: few(valueType).optional(),
});
const capabilities = z.record(dottedName, capability).optional();
const document = z.strictObject({
  catalogue: z.literal(1),
  channels: z.array(dottedName).max(50),
  actions: capabilities,
  workflows: capabilities,
  probes: capabilities,
});

/**
 * What an installation offers, from its catalogue file; `text?` is an optional argument. Sub-playbooks are added by whoever has them.
 * Throws `input.playbook-schema` or `input.playbook-yaml` with the first place that is wrong.
 */
export function parseCatalogue(bytes: Uint8Array, file: string): Catalogue {
  const read = readYaml(bytes);
  if (!read.ok) {
    const [first] = read.findings;
    throw new FirebreakFailure(
      first?.code ?? 'input.playbook-yaml',
      `${file}:${first?.place?.line ?? 1}: ${first?.message ?? 'cannot be read'}`,
    );
  }
  const parsed = document.safeParse(read.source.value);
  if (!parsed.success) {
    const [first] = findingsOf(parsed.error, read.source.value);
    const path = first?.path ?? [];
    const { line: row, column } = read.source.place(path);
    throw new FirebreakFailure(
      'input.playbook-schema',
      `${file}:${row}:${column}: ${fieldText(path)}: ${first?.message ?? 'is wrong'}`,
    );
  }
  const { channels, actions, workflows, probes } = parsed.data;
  return { channels, actions: all(actions), workflows: all(workflows), probes: all(probes), playbooks: {} };
}

const all = (written: z.infer<typeof capabilities>): Readonly<Record<string, Capability>> =>
  Object.fromEntries(
    Object.entries(written ?? {}).map(([name, { summary, effect, idempotent, arguments: given, results }]) => [
      name,
      {
        summary,
        effect,
        idempotent: idempotent ?? false,
        arguments: Object.fromEntries(Object.entries(given ?? {}).map(([key, type]) => [key, takes(type)])),
        results: results ?? {},
      },
    ]),
  );

const takes = (type: string): { readonly type: ValueType; readonly optional: boolean } => ({
  type: type.replace('?', '') as ValueType,
  optional: type.endsWith('?'),
});
