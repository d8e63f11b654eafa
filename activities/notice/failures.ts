import type { FailureTable } from '../../domain/errors/failure.ts';

export const activitiesNoticeFailures = {
  'input.notice-template': {
    meaning: 'A template of a notice cannot be read, or uses a variable, filter or tag that it is not given.',
    remedy:
      'The message names template, line and variable. Nothing was sent: a message with a gap is worse than a late one.',
  },
  'input.notice-too-long': {
    meaning: 'A template makes more text, or takes more time, than a notice may.',
    remedy: 'Shorten the template or the words that it is given.',
  },
  'input.notice-channel': {
    meaning: 'A notice names a channel that coordinator.toml does not have.',
    remedy: 'Add the section `[channels.<name>]`, or name one that is there.',
  },
  'bug.notifier-receipt': {
    meaning: 'A notifier said that it delivered a message and gave no receipt of the shape that its port has.',
    remedy: 'It counts as silent. Tell the author of the plug-in, who finds it with the compliance suite of notifiers.',
  },
} as const satisfies FailureTable;
