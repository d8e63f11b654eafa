/**
 * The import rules of the rooms (docs/structure.md) for dependency-cruiser. Each comment is advice to whoever trips the rule: the
 * message is the documentation. test/layout/rules.test.ts trips every one of them once.
 */
const ROOMS = require('./rooms.cjs');

const TESTS = '\\.test\\.ts$';
const ANY_ROOM = `^(${ROOMS.join('|')})/`;

/** Bans, named after what they protect. */
const ban = (name, comment, from, to) => ({ name, severity: 'error', comment, from, to });

/** `room` may import itself and what the patterns in `allowed` match; anything else of ours is an error. Tests may look further, and so may `except`. */
const mayImport = (room, allowed, comment, ...except) =>
  ban(
    `${room}-imports`,
    comment,
    { path: `^${room}/`, pathNot: [TESTS, ...except].join('|') },
    { path: ANY_ROOM, pathNot: `^(${[`${room}/`, ...allowed].join('|')})` },
  );

module.exports = {
  forbidden: [
    ban(
      'no-cycle',
      'Two files that need each other are one file, or hide a third.',
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
    ban(
      'no-unresolved',
      'This import leads nowhere: a missing file, or a package that package.json does not name.',
      { path: ANY_ROOM },
      {
        couldNotResolve: true,
      },
    ),
    ban(
      'no-dev-package',
      'What runs at a user needs a package from `dependencies`; devDependencies are for tests and checks.',
      {
        path: ANY_ROOM,
        pathNot: `${TESTS}|^(test|bench|docs)/|/testkit/`,
      },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),

    // Purity: name what is allowed and forbid the rest, so that an unresolved package is caught too.
    ban(
      'domain-alone',
      'Domain code runs in the workflow sandbox: no Node, no SDK, no schema library, no other room.',
      {
        path: '^domain/',
        pathNot: TESTS,
      },
      {
        pathNot:
          '^domain/|node_modules/(@noble/(hashes|curves|post-quantum)|canonicalize|@marcbachmann/cel-js|@bufbuild/re2)/',
      },
    ),
    ban(
      'workflow-sandbox',
      'Only domain code and the workflow SDK may enter the sandbox.',
      {
        path: '^workflows/',
        pathNot: TESTS,
      },
      { pathNot: '^(workflows|domain|activities)/|node_modules/@temporalio/(workflow|common)/' },
    ),
    ban(
      'activities-by-type',
      'A run-time import of an activity pulls its I/O into the sandbox; use `import type`.',
      {
        path: '^workflows/',
        pathNot: TESTS,
      },
      { path: '^activities/', dependencyTypesNot: ['type-only'] },
    ),
    ban(
      'threshold-is-maths',
      'Threshold code has no transport, file or clock; hand it the values instead.',
      {
        path: '^threshold/',
        pathNot: TESTS,
      },
      { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer)$' },
    ),

    mayImport('wire', ['domain/'], 'The wire knows the words it carries, not who sends them.'),
    mayImport('threshold', ['domain/'], 'The suites know the words, not the processes that use them.'),
    mayImport(
      'language',
      ['domain/'],
      'A front end turns text into a plan; whoever runs the plan is not its business.',
    ),
    ban(
      'playbooks-are-data',
      'A playbook is reviewed as data; code that it needs belongs to a plug-in.',
      { pathNot: '^test/' },
      { path: '^playbooks/' },
    ),
    ban(
      'language-outside-workflows',
      'A workflow executes a compiled plan by its digest; parsing and schemas stay outside the sandbox.',
      { path: '^(workflows|activities|domain|validator)/', pathNot: TESTS },
      { path: '^language/' },
    ),
    mayImport('telemetry', ['domain/'], 'Telemetry observes; it knows the words, not the machinery.'),
    mayImport(
      'activities',
      ['domain/', 'wire/', 'threshold/verify/', 'threshold/[^/]+$', 'telemetry/'],
      'Activities speak to ports; the worker hands them the plug-in.',
    ),
    mayImport(
      'plugins',
      ['domain/', 'wire/', 'telemetry/'],
      'A plug-in knows its port and its vendor, nothing of the platform.',
    ),
    mayImport(
      'validator',
      ['domain/', 'wire/', 'threshold/', 'telemetry/', 'plugins/'],
      'A validator obeys evidence: it must not even know the coordinator.',
    ),
    mayImport(
      'workers',
      ['domain/', 'wire/', 'threshold/', 'telemetry/', 'plugins/', 'activities/', 'workflows/'],
      'The coordinator reaches validators by the wire, never by their code.',
    ),
    mayImport(
      'api',
      [
        'domain/',
        'wire/documents/',
        'language/',
        'threshold/verify/',
        'telemetry/',
        'plugins/',
        'workflows/[^/]+/messages\\.ts',
        'workflows/settings\\.ts',
      ],
      'The api hands messages to durable processes; what they do with them is not its business.',
    ),
    mayImport(
      'watchdog',
      ['domain/', 'telemetry/', 'plugins/', 'workflows/[^/]+/messages\\.ts', 'workflows/settings\\.ts'],
      'The watchdog has to live when everything that it watches is gone: it shares words and plug-ins, no process.',
    ),
    ban(
      'ops-is-data',
      'Rules, runbooks and settings are read by other programs; code that needs them is a test or a tool.',
      { pathNot: '^(test|devnet)/' },
      { path: '^ops/' },
    ),
    mayImport(
      'cli',
      ['domain/', 'wire/', 'threshold/', 'language/', 'telemetry/', 'workflows/', 'plugins/', 'toolchain/'],
      'The command line speaks messages and starts validators, workers and the devnet as processes.',
    ),
    ban(
      'hostile-validators',
      "A hostile validator is put together from the agent's own parts; what it is told comes in a file.",
      { path: '^devnet/torture/hostile/', pathNot: TESTS },
      { path: ANY_ROOM, pathNot: '^(devnet/torture/hostile|domain|plugins|telemetry|validator)/' },
    ),
    mayImport(
      'devnet',
      [
        'domain/',
        'wire/',
        'threshold/',
        'telemetry/',
        'plugins/',
        'toolchain/',
        'cli/',
        'workflows/[^/]+/messages\\.ts',
        'workers/(config/|server\\.ts)',
        '(api|watchdog)/config/',
        'validator/(init|custody/journal/read)\\.ts',
      ],
      'The devnet supervises processes and plays the operator: of a process it knows the settings, of a workflow the messages.',
      '^devnet/torture/hostile/',
    ),
    ban(
      'toolchain-alone',
      'This room runs before anything is installed: plain Node 20, no package, no other room.',
      {
        path: '^toolchain/',
        pathNot: TESTS,
      },
      { pathNot: '^toolchain/', dependencyTypesNot: ['core'] },
    ),

    ban(
      'secrets-stay-in-validators',
      'threshold/session holds secret shares and nonces. Verification needs threshold/verify only.',
      {
        pathNot: `^(validator|threshold/session|test|bench)/|${TESTS}`,
      },
      { path: '^threshold/session/' },
    ),
    ban(
      'validator-host-in-root',
      'Only the roots wire plug-ins, main.ts of the agent and signer.ts of its signer thread; the rest speaks to ports.',
      {
        path: '^validator/',
        pathNot: `^validator/(main|signer)\\.ts$|/testkit/|${TESTS}`,
      },
      { path: '^plugins/', pathNot: '^plugins/(new|settings)-files?\\.ts$' },
    ),
    ban(
      'plugins-are-islands',
      'What two plug-ins share is a port, a testkit or a vendor client.',
      {
        path: '^plugins/([^/]+)/([^/]+)/',
        pathNot: '^plugins/(testkit|host)/',
      },
      { path: '^plugins/[^/]+/[^/]+/', pathNot: '^plugins/($1/$2|testkit/[^/]+|host/[^/]+)/' },
    ),
    ban(
      'plugins-know-no-temporal',
      'A plug-in must also run in a plain script.',
      { path: '^plugins/' },
      {
        path: '(^|/)@temporalio/',
      },
    ),
    ban(
      'cli-to-messages',
      'Outside the worker only message definitions of a workflow are public.',
      { path: '^cli/' },
      {
        path: '^workflows/',
        pathNot: '/messages\\.ts$|^workflows/lib/progress\\.ts$',
      },
    ),
    ban(
      'roots-are-not-imported',
      'Nothing imports a composition root; start it as a process.',
      {
        pathNot: '^(validator|workers|api|watchdog|cli|devnet|docs|bench|test)/',
      },
      { path: '^(workers|validator|api|watchdog|cli|devnet)/' },
    ),
    ban(
      'nobody-imports-tests',
      'Helpers worth sharing live in a testkit.',
      {
        pathNot: `^(test|bench)/|${TESTS}`,
      },
      { path: `^(test|bench)/|${TESTS}` },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.firebreak|reports)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
