import { readFileSync } from 'node:fs';
import { PHASES } from '../../domain/notification/notice.ts';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import { createRenderer, type Renderer } from './render.ts';

const PARTS = ['facts', 'impact', 'done', 'next', 'readers'].map((part) => `part/${part}`);
const levels = SEVERITIES.map((severity) => severity.toLowerCase());

/** Every template by name; each is `templates/<name>.liquid`. */
export const TEMPLATE_NAMES: readonly string[] = [
  'page',
  ...levels.map((level) => `call/${level}`),
  ...levels.flatMap((level) => PHASES.map((phase) => `incident/${level}/${phase}`)),
  ...PARTS,
];

let shipped: Renderer | undefined;

/** Reads the shipped templates once per process. Throws `input.notice-template`. */
export function shippedTemplates(): Renderer {
  shipped ??= createRenderer(
    Object.fromEntries(
      TEMPLATE_NAMES.map((name) => [name, readFileSync(new URL(`templates/${name}.liquid`, import.meta.url), 'utf8')]),
    ),
  );
  return shipped;
}
