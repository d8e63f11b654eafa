/** Codes of the room `toolchain`; plain JavaScript, because they are needed before anything is installed. */
export const toolchainFailures = /** @type {const} */ ({
  'input.tool-override': {
    meaning: 'A variable FIREBREAK_TOOL_<NAME> names a file that is missing, cannot be run, or is too old.',
    remedy: 'Correct the path or unset the variable; the tool is then looked for and built as usual.',
  },
  'input.tool-name': {
    meaning: 'A program was asked for that has no recipe in toolchain/recipes.mjs.',
    remedy: 'Use one of the names that `npm run firebreak -- doctor` lists.',
  },
  'unavailable.tool-missing': {
    meaning: 'An outside program is neither on this machine nor can this machine build it.',
    remedy: 'Install what the message names, or point FIREBREAK_TOOL_<NAME> at a copy of the program.',
  },
  'unavailable.tool-build': {
    meaning: 'Building an outside program from its pinned recipe failed.',
    remedy:
      'Read the log named in the message; the usual causes are no network and a full disk. Then run the command again.',
  },
  'policy.tool-source': {
    meaning: 'The sources of an outside program are not the ones that its recipe pins; nothing of them was built.',
    remedy:
      'Remove the file that the message names and run the command again. If it comes back, ask who serves it: do not build it.',
  },
  'unavailable.packages': {
    meaning: 'Installing the npm packages of the lock file failed.',
    remedy:
      'Read the log named in the message; check the network and the npm registry setting, then run the command again.',
  },
  'conflict.build-lock': {
    meaning: 'Another process has been building the same thing for too long.',
    remedy: 'Wait for it or stop it; the lock is freed by itself half a minute after its holder is gone.',
  },
});

/** @typedef {keyof typeof toolchainFailures} ToolchainCode */

/** An expected way for a tool, a package or a build to be missing. The message says what to do about it. */
export class ToolchainFailure extends Error {
  /**
   * @param {ToolchainCode} code
   * @param {string} message
   * @param {{ log?: string, cause?: unknown }} [more] `log`: path of the whole log of the failed step
   */
  constructor(code, message, more = {}) {
    super(message, { cause: more.cause });
    this.name = 'ToolchainFailure';
    this.code = code;
    this.log = more.log;
  }

  get remedy() {
    return toolchainFailures[this.code].remedy;
  }
}
