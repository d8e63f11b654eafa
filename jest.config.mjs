const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      swcrc: false,
      sourceMaps: 'inline',
      jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    },
  ],
};

/** Of a test that names no bound of its own: it ends what hangs, and judges no machine. */
const HUNG_MS = 180_000;

/** One project per kind of proof; `toolchain/test.mjs` runs them and counts their reports. */
const project = (name, testMatch, extra = {}) => ({
  displayName: name,
  testEnvironment: 'node',
  rootDir: '.',
  testMatch: testMatch.map((glob) => `<rootDir>/${glob}`),
  testPathIgnorePatterns: ['/node_modules/', '/.firebreak/'],
  modulePathIgnorePatterns: ['<rootDir>/.firebreak/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  transformIgnorePatterns: ['/node_modules/', '/wire/generated/'],
  ...extra,
});

const rooms =
  '{domain,wire,threshold,workflows,activities,plugins,validator,workers,telemetry,api,watchdog,cli,ops,devnet,toolchain,language,bench}';

export default {
  testTimeout: HUNG_MS,
  projects: [
    project('unit', [`${rooms}/**/*.test.ts`, 'test/{layout,removals}/**/*.test.ts']),
    project('removals', ['test/removals/*.removals.ts'], { runner: '<rootDir>/test/removals/rig/runner.mjs' }),
    project('vectors', ['test/vectors/**/*.test.ts']),
    project('compliance', ['test/compliance/**/*.test.ts']),
    project('workflow', ['test/workflow/**/*.test.ts']),
    project('replay', ['test/replay/**/*.test.ts']),
    project('end-to-end', ['test/e2e/**/*.test.ts']),
    project('faults', ['test/{faults,network}/**/*.test.ts']),
  ],
};
