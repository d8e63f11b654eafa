/**
 * One small violation per import rule, all in one throw-away tree. Each rule gets files of its own, so that a rule that lost its teeth
 * cannot hide behind another one's catch.
 */
export type Seed = { readonly file: string; readonly source: string };

const imports = (target: string) => `import '${target}';\nexport const seeded = true;\n`;
const exportsOnly = 'export type Thing = { readonly seeded: true };\nexport const thing = true;\n';

/** What the seeds import; none of these files breaks a rule. */
export const targets: readonly Seed[] = [
  'domain/words.ts',
  'language/load.ts',
  'playbooks/code.ts',
  'wire/envelope.ts',
  'threshold/suite.ts',
  'threshold/verify/check.ts',
  'threshold/session/secret.ts',
  'workflows/pay/workflow.ts',
  'workflows/pay/messages.ts',
  'activities/effect.ts',
  'plugins/registry.ts',
  'plugins/new-files.ts',
  'plugins/settings-file.ts',
  'plugins/chain/one/index.ts',
  'plugins/chain/two/index.ts',
  'plugins/testkit/chain.ts',
  'telemetry/log.ts',
  'api/server.ts',
  'ops/rules.ts',
  'validator/agent.ts',
  'workers/pool.ts',
  'cli/verb.ts',
  'devnet/node.ts',
  'test/support.ts',
].map((file) => ({ file, source: exportsOnly }));

/** Rule name → the file that must trip it. */
export const seeds: Readonly<Record<string, readonly Seed[]>> = {
  'no-cycle': [
    { file: 'telemetry/here.ts', source: imports('./there.ts') },
    { file: 'telemetry/there.ts', source: imports('./here.ts') },
  ],
  'no-unresolved': [{ file: 'telemetry/lost.ts', source: imports('./nowhere.ts') }],
  'no-dev-package': [{ file: 'telemetry/dev.ts', source: imports('fast-check') }],
  'domain-alone': [{ file: 'domain/schema.ts', source: imports('zod') }],
  'workflow-sandbox': [{ file: 'workflows/io.ts', source: imports('node:fs') }],
  'activities-by-type': [{ file: 'workflows/runtime.ts', source: imports('../activities/effect.ts') }],
  'threshold-is-maths': [{ file: 'threshold/clock.ts', source: imports('node:timers') }],
  'wire-imports': [{ file: 'wire/seed.ts', source: imports('../telemetry/log.ts') }],
  'threshold-imports': [{ file: 'threshold/seed.ts', source: imports('../wire/envelope.ts') }],
  'language-imports': [{ file: 'language/seed.ts', source: imports('../wire/envelope.ts') }],
  'playbooks-are-data': [{ file: 'language/shipped.ts', source: imports('../playbooks/code.ts') }],
  'language-outside-workflows': [{ file: 'workflows/parse.ts', source: imports('../language/load.ts') }],
  'telemetry-imports': [{ file: 'telemetry/seed.ts', source: imports('../wire/envelope.ts') }],
  'activities-imports': [{ file: 'activities/seed.ts', source: imports('../plugins/chain/one/index.ts') }],
  'plugins-imports': [{ file: 'plugins/chain/two/seed.ts', source: imports('../../../activities/effect.ts') }],
  'validator-imports': [{ file: 'validator/seed.ts', source: imports('../activities/effect.ts') }],
  'workers-imports': [{ file: 'workers/seed.ts', source: imports('../validator/agent.ts') }],
  'api-imports': [{ file: 'api/seed.ts', source: imports('../workflows/pay/workflow.ts') }],
  'watchdog-imports': [{ file: 'watchdog/seed.ts', source: imports('../activities/effect.ts') }],
  'ops-is-data': [{ file: 'telemetry/rules.ts', source: imports('../ops/rules.ts') }],
  'cli-imports': [{ file: 'cli/seed.ts', source: imports('../activities/effect.ts') }],
  'hostile-validators': [{ file: 'devnet/torture/hostile/seed.ts', source: imports('../../../cli/verb.ts') }],
  'devnet-imports': [{ file: 'devnet/seed.ts', source: imports('../workers/pool.ts') }],
  'toolchain-alone': [{ file: 'toolchain/seed.mjs', source: imports('pino') }],
  'secrets-stay-in-validators': [{ file: 'cli/secret.ts', source: imports('../threshold/session/secret.ts') }],
  'validator-host-in-root': [{ file: 'validator/plugged.ts', source: imports('../plugins/registry.ts') }],
  'plugins-are-islands': [{ file: 'plugins/chain/two/borrow.ts', source: imports('../one/index.ts') }],
  'plugins-know-no-temporal': [{ file: 'plugins/chain/two/durable.ts', source: imports('@temporalio/activity') }],
  'cli-to-messages': [{ file: 'cli/deep.ts', source: imports('../workflows/pay/workflow.ts') }],
  'roots-are-not-imported': [{ file: 'activities/root.ts', source: imports('../workers/pool.ts') }],
  'nobody-imports-tests': [{ file: 'telemetry/borrowed.ts', source: imports('../test/support.ts') }],
};

/** What the rules must let through: a rule that forbids everything proves nothing. */
export const allowed: readonly Seed[] = [
  { file: 'domain/fine.ts', source: imports('@noble/hashes/sha2.js') },
  { file: 'wire/fine.ts', source: imports('../domain/words.ts') },
  { file: 'language/fine.ts', source: imports('../domain/words.ts') },
  { file: 'cli/language.ts', source: imports('../language/load.ts') },
  { file: 'threshold/fine.ts', source: imports('../domain/words.ts') },
  {
    file: 'workflows/fine.ts',
    source: `import type { Thing } from '../activities/effect.ts';\nexport type Fine = Thing;\n`,
  },
  { file: 'workflows/sdk.ts', source: imports('@temporalio/workflow') },
  { file: 'activities/fine.ts', source: imports('../threshold/verify/check.ts') },
  { file: 'plugins/chain/two/fine.ts', source: imports('../../../domain/words.ts') },
  { file: 'plugins/chain/two/kit.ts', source: imports('../../testkit/chain.ts') },
  { file: 'plugins/list.ts', source: imports('./chain/one/index.ts') },
  { file: 'validator/fine.ts', source: imports('../threshold/session/secret.ts') },
  { file: 'validator/main.ts', source: imports('../plugins/registry.ts') },
  { file: 'validator/set-up.ts', source: imports('../plugins/new-files.ts') },
  { file: 'validator/settings.ts', source: imports('../plugins/settings-file.ts') },
  { file: 'workers/fine.ts', source: imports('../plugins/registry.ts') },
  { file: 'api/fine.ts', source: imports('../workflows/pay/messages.ts') },
  { file: 'watchdog/fine.ts', source: imports('../workflows/pay/messages.ts') },
  { file: 'cli/fine.ts', source: imports('../workflows/pay/messages.ts') },
  { file: 'devnet/fine.ts', source: imports('../plugins/chain/one/index.ts') },
  { file: 'devnet/torture/hostile/fine.ts', source: imports('../../../validator/agent.ts') },
  { file: 'toolchain/fine.mjs', source: imports('node:fs') },
  { file: 'telemetry/fine.test.ts', source: imports('fast-check') },
];
