import { TestEnvironment } from 'jest-environment-node';
import { isCalled } from '../removal.ts';

/** Node, in which only tests that are called by one of the given titles run, and none of them for long. */
export default class OnlyTheNamed extends TestEnvironment {
  #options;

  constructor(config, context) {
    super(config, context);
    this.#options = config.projectConfig.testEnvironmentOptions;
  }

  handleTestEvent(event, state) {
    if (event.name !== 'run_start') return;
    const { titles, testTimeoutMs } = this.#options;
    state.testNamePattern = { test: (fullName) => titles.some((title) => isCalled(fullName, title)) };
    state.testTimeout = testTimeoutMs;
  }
}
