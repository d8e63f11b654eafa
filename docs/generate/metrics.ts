import type { MetricDefinition, MetricDefinitions } from '../../telemetry/metrics.ts';
import { code, page, table } from './markdown.ts';
import { modulesMatching } from './sources.ts';

/** Every export whose name ends in `Metrics` and that is a table of definitions (telemetry/metrics.ts). */
export async function metricsPage(): Promise<string> {
  const sources = await modulesMatching(/export const \w+Metrics\b/);
  const sections = sources.flatMap(({ file, exports }) =>
    Object.entries(exports)
      .filter((entry): entry is [string, MetricDefinitions] => isDefinitions(entry[0], entry[1]))
      .map(([name, definitions]) => section(name, file, definitions)),
  );
  return page(
    'Metrics',
    'Prometheus metrics; the unit is the last word of a name. Labels are few and bounded.',
    sections,
  );
}

function section(name: string, file: string, definitions: MetricDefinitions): string {
  const rows = Object.entries(definitions)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([metric, { kind, labels, help }]) => [code(metric), kind, labels.map(code).join(', '), help]);
  const title = `## ${name.replace(/Metrics$/, '')} (\`${file}\`)`;
  return `${title}\n\n${table(['metric', 'kind', 'labels', 'meaning'], rows)}`;
}

function isDefinitions(name: string, value: unknown): value is MetricDefinitions {
  return (
    name.endsWith('Metrics') && typeof value === 'object' && value !== null && Object.values(value).every(isDefinition)
  );
}

const isDefinition = (value: unknown): value is MetricDefinition =>
  typeof value === 'object' && value !== null && 'kind' in value && 'help' in value && 'labels' in value;
