import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openApiDocument } from '../../api/openapi.ts';
import { playbookJsonSchema } from '../../language/yaml/document.ts';
import { cliPage } from './cli.ts';
import { configurationPage } from './configuration.ts';
import { errorsPage } from './errors.ts';
import { metricsPage } from './metrics.ts';

/** One generated file of docs/reference. */
export type Page = { readonly file: string; readonly text: string };

export const REFERENCE_FOLDER: string = path.join(import.meta.dirname, '..', 'reference');

export async function referencePages(): Promise<readonly Page[]> {
  return [
    { file: 'errors.md', text: await errorsPage() },
    { file: 'metrics.md', text: await metricsPage() },
    { file: 'cli.md', text: await cliPage() },
    { file: 'configuration.md', text: await configurationPage() },
    { file: 'openapi.json', text: `${JSON.stringify(openApiDocument(), undefined, 2)}\n` },
    { file: 'playbook.schema.json', text: `${JSON.stringify(playbookJsonSchema(), undefined, 2)}\n` },
  ];
}

/** Names of the pages that are missing from the folder or say something else than the code. */
export function differing(pages: readonly Page[], folder: string = REFERENCE_FOLDER): readonly string[] {
  return pages.filter((page) => read(path.join(folder, page.file)) !== page.text).map((page) => page.file);
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
