import type { FailureTable } from '../../domain/errors/failure.ts';

export type PluginHostFailureCode =
  | 'input.config'
  | 'input.plugin-unknown'
  | 'input.plugin-import'
  | 'input.plugin-manifest'
  | 'input.plugin-kind'
  | 'input.plugin-contract'
  | 'input.plugin-port'
  | 'input.plugin-capability'
  | 'unavailable.plugin-hung'
  | 'unavailable.plugin-failed';

export const pluginsHostFailures: FailureTable<PluginHostFailureCode> = {
  'input.config': {
    meaning: 'A setting of a plug-in is missing, unknown or not valid.',
    remedy: 'The message names file, line and field, and says what to write there.',
  },
  'input.plugin-unknown': {
    meaning:
      'The configuration or the command names a plug-in that is neither built in nor installed, or a file that is not there.',
    remedy:
      'Check the spelling against `firebreak plugins list`, install the package beside the configuration, or correct the path: it counts from the configuration, or from this folder.',
  },
  'input.plugin-import': {
    meaning: 'The module of a plug-in could not be loaded.',
    remedy: 'Load it alone with `node --input-type=module -e "import(\'<name>\')"` and mend what it reports.',
  },
  'input.plugin-manifest': {
    meaning: 'A module does not export a plug-in with a complete manifest.',
    remedy: 'Compare with plugins/testkit/README.md; the message names the field.',
  },
  'input.plugin-kind': {
    meaning: 'A plug-in of one kind was named where another kind is needed.',
    remedy: 'Name a plug-in of the kind that the section is for.',
  },
  'input.plugin-contract': {
    meaning: 'The plug-in was made for another version of the contract between host and plug-ins.',
    remedy: 'Install the release of the plug-in that matches this release of Firebreak.',
  },
  'input.plugin-port': {
    meaning: 'What the plug-in created lacks a method that its kind promises.',
    remedy: 'Report it to the author; the compliance suite of the kind finds it.',
  },
  'input.plugin-capability': {
    meaning: 'Something needs a capability that the chosen plug-in does not declare.',
    remedy: 'Choose another plug-in, or leave out what needs the capability.',
  },
  'unavailable.plugin-hung': {
    meaning: 'A plug-in did not finish loading, starting or stopping in time. The others went on.',
    remedy: 'Look at the outside system that the plug-in talks to; the message names plug-in and step.',
  },
  'unavailable.plugin-failed': {
    meaning: 'A plug-in threw an error of its own while starting or stopping. The others went on.',
    remedy: 'The cause stands in the log; a plug-in should throw a failure with a code instead.',
  },
};
