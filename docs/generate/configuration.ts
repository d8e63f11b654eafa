import { z } from 'zod';
import type { PluginManifest } from '../../domain/plugin/manifest.ts';
import { builtinPlugins } from '../../plugins/registry.ts';
import { apiTomlSchema, sourceTomlSchema } from '../../api/config/schema.ts';
import { validatorTomlSchema } from '../../validator/config.ts';
import { watchdogTomlSchema } from '../../watchdog/config/schema.ts';
import { coordinatorTomlSchema } from '../../workers/config.ts';
import { type JsonSchema, rowsOf } from './json-schema.ts';
import { page, table } from './markdown.ts';

const HEAD = ['field', 'type', 'default', 'meaning'];

export async function configurationPage(): Promise<string> {
  const manifests = await Promise.all(builtinPlugins.map(manifestOf));
  const introduction = [
    'What each configuration file may hold. A field without a default and without "optional" is required. A mistake is answered with file,',
    'line, field and remedy, and changes nothing. Secrets never stand in these files: a field ending in `_env` names a variable, one ending in `_file` a file.',
  ].join('\n');
  return page('Configuration', introduction, [
    section('validator.toml', 'One validator; `firebreak validator init` writes it.', schemaOf(validatorTomlSchema)),
    section('coordinator.toml', 'One worker of the coordinator.', schemaOf(coordinatorTomlSchema)),
    section(
      'api.toml',
      'The process that alerts are delivered to; `firebreak api init` writes it.',
      schemaOf(apiTomlSchema),
    ),
    section(
      'api.toml, [sources.name]',
      'One sender of alerts; its other fields are those of its plug-in.',
      schemaOf(sourceTomlSchema),
    ),
    section(
      'watchdog.toml',
      'The process that pages when the platform itself is gone; `firebreak watchdog init` writes it.',
      schemaOf(watchdogTomlSchema),
    ),
    ...manifests.map(pluginSection),
  ]);
}

const schemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

function section(title: string, introduction: string, schema: JsonSchema): string {
  const rows = rowsOf(schema);
  const body = rows.length > 0 ? table(HEAD, rows) : 'No fields.';
  return `## ${title}\n\n${introduction}\n\n${body}`;
}

function pluginSection({ kind, name, summary, capabilities, irreversible, configSchema }: PluginManifest): string {
  const facts = [
    summary,
    capabilities.length > 0 ? `Capabilities: ${capabilities.join(', ')}.` : '',
    irreversible.length > 0 ? `Cannot be undone: ${irreversible.join(', ')}.` : '',
  ];
  return section(`Plug-in ${kind}/${name}`, facts.filter(Boolean).join(' '), configSchema);
}

async function manifestOf({ load }: (typeof builtinPlugins)[number]): Promise<PluginManifest> {
  const { plugin } = await load();
  return (plugin as { manifest: PluginManifest }).manifest;
}
