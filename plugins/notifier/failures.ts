import type { FailureTable } from '../../domain/errors/failure.ts';

export const pluginsNotifierFailures = {
  'unavailable.notifier-throttled': {
    meaning: 'The other side takes no message now because it was sent too many. It says when it takes the next.',
    remedy:
      'Nothing: it is sent again after the time that the answer names. If it happens often, ask for a higher limit.',
  },
  'unavailable.notifier-down': {
    meaning:
      'The other side of a channel cannot be reached, or says itself that it does not work. Nothing was delivered.',
    remedy: 'Look at its status page and at the way out of this network; tell people in another way meanwhile.',
  },
  'unknown-outcome.notifier-answer': {
    meaning: 'A message was handed over and no answer came, or one that says nothing: it may have been delivered.',
    remedy: 'Nothing: it is sent again under the same name, so that the other side can tell that it is the same.',
  },
  'input.notifier-refused': {
    meaning: 'The other side refuses the message as it is, or has no such addressee, room or conversation.',
    remedy: 'The message says why. Check the channel in coordinator.toml against what exists at the other side.',
  },
  'policy.notifier-credentials': {
    meaning: 'The other side does not accept the key, token or password of a channel, or it may not do this.',
    remedy: 'Put a valid one where coordinator.toml says, and give it the rights that the README of the plug-in lists.',
  },
  'input.notifier-secret': {
    meaning: 'The key, token or password of a channel is not where coordinator.toml says, or others may read it.',
    remedy: 'Put it there; a file must be readable by its owner only (chmod 0400).',
  },
} as const satisfies FailureTable;
export type NotifierFailureCode = keyof typeof pluginsNotifierFailures;
