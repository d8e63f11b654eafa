/**
 * `node validator/bundle/build.ts <folder> <rooms>`: writes the agent and its signer thread with their packages as a few files, for
 * toolchain/validator-entry.mjs, which says why. Ends with 1 and the reason on standard error.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify } from 'terser';
import webpack, { type Configuration, type Stats } from 'webpack';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** `main.mjs` and `signer.mjs` lie in a folder `validator`, as their sources do: what they find beside themselves stays beside them. */
function configurationFor(folder: string): Configuration {
  return {
    mode: 'production',
    target: 'node26',
    devtool: false,
    context: ROOT,
    entry: { main: join(ROOT, 'validator', 'main.ts'), signer: join(ROOT, 'validator', 'signer.ts') },
    output: {
      path: join(folder, 'validator'),
      filename: '[name].mjs',
      module: true,
      chunkFormat: 'module',
      library: { type: 'module' },
    },
    experiments: { outputModule: true },
    resolve: { extensions: ['.ts', '.js', '.mjs'], conditionNames: ['node', 'import', 'module', 'default'] },
    // A compiled addon stays among the packages, and may be absent.
    externals: { pkcs11js: 'import pkcs11js' },
    module: {
      rules: [{ test: /\.ts$/, use: fileURLToPath(new URL('./strip-loader.ts', import.meta.url)) }],
      // Files beside a source are found at run time, as they are there.
      parser: { javascript: { url: false, importMeta: false } },
    },
    optimization: { minimize: false, moduleIds: 'named' }, // `shorten` does that
    performance: false,
  };
}

/** Throws when a source lies outside the rooms that the caller compares: its change would go unnoticed. */
function requireKnownSources(stats: Stats, rooms: readonly string[]): void {
  for (const file of stats.compilation.fileDependencies) {
    const [room = '', ...rest] = relative(ROOT, file).split(sep);
    const isOurs = !isAbsolute(room) && room !== '..' && room !== 'node_modules' && rest.length > 0;
    if (isOurs && !rooms.includes(room)) throw new Error(`${file} is outside the rooms of the bundle`);
  }
}

/**
 * A thread keeps the text of what it loaded: without comments and indentation, and without the one character beyond Latin 1 that makes
 * V8 keep two bytes for each, it is a quarter. Names and lines stay, for the traces of an operator.
 */
async function shorten(file: string): Promise<void> {
  const format = { comments: false, ascii_only: true, beautify: true, indent_level: 0 };
  const { code } = await minify(readFileSync(file, 'utf8'), { module: true, compress: false, mangle: false, format });
  if (code === undefined) throw new Error(`${file} could not be shortened`);
  writeFileSync(file, code);
}

async function build(folder: string, rooms: readonly string[]): Promise<void> {
  const stats = await new Promise<Stats>((done, failed) => {
    webpack(configurationFor(folder), (error, result) => {
      if (error !== null || result === undefined) failed(error ?? new Error('no result'));
      else done(result);
    });
  });
  // A warning is an import that the bundler did not understand: it would be missing at run time.
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
  requireKnownSources(stats, rooms);
  const programs = join(folder, 'validator');
  for (const name of readdirSync(programs)) await shorten(join(programs, name));
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ type: 'module', version })}\n`);
}

const [folder = '', rooms = ''] = process.argv.slice(2);
try {
  await build(resolve(folder), rooms.split(','));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
