import type { FailureTable } from '../domain/errors/failure.ts';

export const devnetFailures = {
  'conflict.port-in-use': {
    meaning: 'A port that the devnet needs is taken by another process.',
    remedy: 'Stop what holds the port, as the message says, or start with the options that it names.',
  },
  'conflict.data-folder-in-use': {
    meaning: 'Another devnet already runs in this data folder.',
    remedy: 'Use the running one, stop it with `firebreak down`, or give another folder with --data.',
  },
  'input.not-a-data-folder': {
    meaning: 'The folder was not made by a devnet, so nothing in it is changed or deleted.',
    remedy: 'Check --data: name a folder of its own for a new network; delete this one by hand if it is really meant.',
  },
  'input.data-folder-unwritable': {
    meaning: 'The data folder, or a file in it, cannot be made or written.',
    remedy: 'Make room or mend the rights of the place that the message names, or give another folder with --data.',
  },
  'input.data-folder-damaged': {
    meaning: 'A file of the data folder cannot be read.',
    remedy: 'Remove the network with `firebreak down --purge` and start again; a devnet holds nothing of value.',
  },
  'input.not-a-devnet': {
    meaning: 'Coins can be handed out and blocks mined only on a devnet, and this folder holds none.',
    remedy: 'Name the folder of a devnet with --data; on any other network coins come from a wallet.',
  },
  'unavailable.devnet-not-running': {
    meaning: 'The devnet of this folder is not running, or still starting.',
    remedy: 'Start it with `npm start` (or `firebreak up --data <folder>`) and wait until it prints its addresses.',
  },
  'unavailable.devnet-chain': {
    meaning: 'The chain of the devnet did not do what was asked.',
    remedy: 'The message says why. When the faucet has too little, `firebreak devnet mine 100` ripens more coins.',
  },
  'unavailable.devnet-copy': {
    meaning: 'The devnet did not start or end the copy of a validator.',
    remedy:
      'The message says why. `firebreak devnet copy <validator>` starts a copy, and with --stop ends one that was started so.',
  },
  'policy.demonstration-frozen': {
    meaning: 'Payouts are frozen by an order, so the demonstration could not pay out.',
    remedy:
      'Wait until the freeze ends, or lift it: docs/operations/orders.md. `npm start` without --once stays up meanwhile.',
  },
  'unavailable.process-ended': {
    meaning: 'A process of the devnet ended before it was ready, or keeps ending.',
    remedy: 'Read the log that the message names; its last lines are shown.',
  },
  'unavailable.not-ready-in-time': {
    meaning: 'A process of the devnet runs but did not become ready in time.',
    remedy: 'Read the log that the message names; on a slow machine try again, everything done so far is kept.',
  },
  'unavailable.keystore-absent': {
    meaning: 'SoftHSM2 was asked for with --keystore hsm and cannot be had on this machine.',
    remedy: 'Install softhsm2 (see `firebreak doctor`), or use --keystore file.',
  },
  'unknown-outcome.story': {
    meaning: 'The demonstration did not reach its end.',
    remedy: 'Type `npm start` again: it resumes the same network.',
  },
} as const satisfies FailureTable;
