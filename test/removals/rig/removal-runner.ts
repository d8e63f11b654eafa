import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type {
  CallbackTestRunnerInterface,
  OnTestFailure,
  OnTestStart,
  OnTestSuccess,
  Test,
  TestEvents,
  TestRunnerContext,
  TestRunnerOptions,
} from 'jest-runner';
import { type Notice, type Ran, removed, type Removal, unnoticed } from '../removal.ts';

/** Its types are those of the module that `require` gives. */
const { default: TestRunner } = createRequire(import.meta.url)('jest-runner') as typeof import('jest-runner');

type TestResult = TestEvents['test-file-success'][1];
type GlobalConfig = ConstructorParameters<typeof TestRunner>[0];
type Watcher = Parameters<InstanceType<typeof TestRunner>['runTests']>[1];

/** A test that hangs without its check has not failed on an assertion; one that has not come to it by then never will. */
const TEST_MS_MAX = 600_000;
const here = import.meta.dirname;

/** One list of removals, as jest sees it: a test file whose tests are the removals. */
type List = { readonly test: Test; readonly removals: readonly Removal[] };
/** One test file with or without one check. */
type Run = { readonly test: Test; readonly ran: Promise<Ran> };

/**
 * Runs the tests that a list of removals names: once as the product is, and once per removal with the named file changed on the way
 * into jest. A removal passes when the tests pass with the check and fail on an assertion without it. Nothing on disk is changed.
 */
export class RemovalRunner implements CallbackTestRunnerInterface {
  readonly supportsEventEmitters = false;
  readonly #config: GlobalConfig;
  readonly #context: TestRunnerContext;

  constructor(config: GlobalConfig, context: TestRunnerContext) {
    this.#config = config;
    this.#context = context;
  }

  async runTests(
    tests: Test[],
    watcher: Watcher,
    onStart: OnTestStart,
    onResult: OnTestSuccess,
    onFailure: OnTestFailure,
    _options: TestRunnerOptions,
  ): Promise<void> {
    const lists: List[] = [];
    for (const test of tests) {
      await onStart(test);
      try {
        lists.push({ test, removals: await removalsIn(test.path) });
      } catch (error) {
        await onFailure(test, asFailure(error));
      }
    }
    const runs = new Runs(lists);
    const results = lists.map(async (list) => onResult(list.test, await resultOf(list, runs)));
    const runner = new TestRunner(this.#config, this.#context);
    runner.on('test-file-success', ([test, result]) => runs.ended(test, ranOf(result)));
    runner.on('test-file-failure', ([test, error]) =>
      runs.ended(test, { kind: 'could-not-run', message: String(error.stack ?? error.message) }),
    );
    await runner.runTests([...runs.tests], watcher, { serial: this.#config.maxWorkers < 2 });
    await Promise.all(results);
  }
}

async function removalsIn(file: string): Promise<readonly Removal[]> {
  const { removals } = (await import(pathToFileURL(file).href)) as { readonly removals: readonly Removal[] };
  return removals;
}

/** Every test file once whole, with all titles that any removal names of it, and once per removal. */
class Runs {
  readonly #whole = new Map<string, Run>();
  readonly #without = new Map<Notice, Run>();
  readonly #ends = new Map<Test, (ran: Ran) => void>();

  constructor(lists: readonly List[]) {
    const named = lists.flatMap(({ test, removals }) =>
      removals.flatMap((removal) => removal.noticedBy.map((notice) => ({ test, removal, notice }))),
    );
    // Whatever is about one test file comes one after the other, and finds what it imports transformed.
    for (const [file, notices] of Map.groupBy(named, ({ notice }) => notice.file)) {
      const [first] = notices;
      if (first === undefined) continue;
      const titles = notices.flatMap(({ notice }) => titlesOf(notice));
      this.#whole.set(file, this.#run(first.test, file, titles, undefined));
      for (const { test, removal, notice } of notices)
        if (problemOf(test, removal) === undefined)
          this.#without.set(notice, this.#run(test, file, titlesOf(notice), removal));
    }
  }

  get tests(): Iterable<Test> {
    return this.#ends.keys();
  }

  ended(test: Test, ran: Ran): void {
    this.#ends.get(test)?.(ran);
  }

  async about(notice: Notice): Promise<{ readonly whole: Ran; readonly without: Ran }> {
    const whole = this.#whole.get(notice.file);
    const without = this.#without.get(notice);
    if (whole === undefined || without === undefined) throw new Error(`${notice.file} was not run`);
    return { whole: await whole.ran, without: await without.ran };
  }

  #run(list: Test, file: string, titles: readonly string[], removal: Removal | undefined): Run {
    const { config } = list.context;
    const test: Test = {
      path: path.join(config.rootDir, file),
      context: {
        ...list.context,
        config: {
          ...config,
          testEnvironment: path.join(here, 'environment.mjs'),
          testEnvironmentOptions: { titles, testTimeoutMs: TEST_MS_MAX },
          transform: config.transform.map(([pattern, _transformer, swc]) => [
            pattern,
            path.join(here, 'transform.mjs'),
            { swc, ...(removal === undefined ? {} : { removal }) },
          ]),
        },
      },
    };
    const { promise, resolve } = Promise.withResolvers<Ran>();
    this.#ends.set(test, resolve);
    return { test, ran: promise };
  }
}

const titlesOf = ({ titles, after = [] }: Notice): readonly string[] => [...after, ...titles];

function problemOf({ context }: Test, removal: Removal): string | undefined {
  const { rootDir } = context.config;
  try {
    const result = removed(removal, readFileSync(path.join(rootDir, removal.file), 'utf8'));
    return 'problem' in result ? result.problem : undefined;
  } catch (error) {
    return `the file of the removal cannot be read: ${String(error)}`;
  }
}

function ranOf({ testExecError, testResults }: TestResult): Ran {
  if (testExecError !== undefined)
    return { kind: 'could-not-run', message: String(testExecError.stack ?? testExecError.message) };
  return {
    kind: 'ran',
    tests: testResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ fullName, status, failureDetails, failureMessages }) => ({
        title: fullName,
        passed: status === 'passed',
        onAssertion: failureDetails.some(isAssertion) || failureMessages.some(isSaidByExpect),
        message: failureMessages.join('\n'),
      })),
  };
}

/** `expect` leaves its result on the error, and an error that crossed from a worker has nothing else of itself left. */
const isAssertion = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  ('matcherResult' in error || ('code' in error && error.code === 'ERR_ASSERTION'));

/** What `expect` was given was not even of the kind that it compares. */
const isSaidByExpect = (message: string): boolean => /^(\w*Error: )?expect\(/.test(stripVTControlCharacters(message));

async function resultOf({ test, removals }: List, runs: Runs): Promise<TestResult> {
  const start = Date.now();
  const testResults = await Promise.all(
    removals.flatMap((removal) =>
      removal.noticedBy.map(async (notice) => {
        const problem =
          problemOf(test, removal) ??
          (await runs.about(notice).then(({ whole, without }) => unnoticed(notice, whole, without)));
        const title = `without ${removal.name} ${notice.file} fails`;
        return {
          ancestorTitles: [],
          title,
          fullName: title,
          status: problem === undefined ? ('passed' as const) : ('failed' as const),
          duration: null,
          failureDetails: [],
          failureMessages: problem === undefined ? [] : [`without ${removal.name}: ${removal.why}\n${problem}`],
          numPassingAsserts: problem === undefined ? 1 : 0,
          invocations: 1,
          location: null,
        };
      }),
    ),
  );
  const failed = testResults.filter(({ status }) => status === 'failed');
  const end = Date.now();
  return {
    leaks: false,
    numFailingTests: failed.length,
    numPassingTests: testResults.length - failed.length,
    numPendingTests: 0,
    numTodoTests: 0,
    openHandles: [],
    perfStats: {
      start,
      end,
      runtime: end - start,
      slow: false,
      loadTestEnvironmentEnd: end,
      loadTestEnvironmentStart: start,
      setupAfterEnvEnd: end,
      setupAfterEnvStart: start,
      setupFilesEnd: end,
      setupFilesStart: start,
    },
    skipped: false,
    snapshot: { added: 0, fileDeleted: false, matched: 0, unchecked: 0, uncheckedKeys: [], unmatched: 0, updated: 0 },
    testFilePath: test.path,
    testResults,
    ...(failed.length === 0
      ? {}
      : { failureMessage: failed.map(({ failureMessages }) => failureMessages.join('\n')).join('\n\n') }),
  };
}

function asFailure(error: unknown): Parameters<OnTestFailure>[1] {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, type: 'Error' };
}
