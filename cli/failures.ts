import type { FailureTable } from '../domain/errors/failure.ts';

/** What the command line itself can refuse, and what the person at the keyboard does about it. */
export const cliFailures = {
  'input.usage': {
    meaning: 'The command, an option or an argument is not one that this tool knows.',
    remedy: 'Type the command with --help; it lists every option.',
  },
  'input.file': {
    meaning: 'A file named on the command line is missing, too large or not what the command expects.',
    remedy: 'Check the path and the content; the message names the file and the field.',
  },
  'input.file-exists': {
    meaning: 'A new file was to be written under a name that is taken. What exists is never written over.',
    remedy: 'Name another file with --out, or move the old one away when nobody needs it.',
  },
  'input.chain-epoch': {
    meaning: 'A signed hand-over was given where the chain of every hand-over since the pinned committee belongs.',
    remedy:
      'Write the chain with `firebreak committee verify <hand-over> --out chain.json`, from the second hand-over on with --chain and the chain before it, and give that file.',
  },
  'input.draft-later': {
    meaning: 'The draft of a committee was taken from a later committee than the files that were given lead to.',
    remedy:
      'Give the chain with --chain, as for `firebreak committee show`: a second successor of one committee is never wanted. Where there is no chain, or it is the newest, leave the epoch of `committee show` in the draft: the number of the next is filled in.',
  },
  'input.key-seatless': {
    meaning: 'The key is good, and no member or deputy of the committee that the message names has it.',
    remedy:
      '`firebreak committee show` lists who sits there: give the key of one of them with --key, or, when the committee has changed since, the new chain with --chain.',
  },
  'input.key-file': {
    meaning: 'A key file is not an unencrypted Ed25519 or secp256k1 key, or others can read it.',
    remedy: 'Keep it owner-readable only (chmod 600) and in the form that the message names.',
  },
  'input.release-key': {
    meaning: 'The key that was named is not the one whose signature releases the coins of this vault.',
    remedy: "Name the file of the release key: the owner's key, unless the vault was opened with --release-public-key.",
  },
  'input.question-without-terminal': {
    meaning: 'A question had to be asked and there is no terminal to ask it on.',
    remedy: 'Give the flag that the message names; every question has one.',
  },
  'input.data-folder': {
    meaning: 'The data folder holds no network that this command could speak to.',
    remedy:
      'Start one with `firebreak up`, name its folder with --data, or give --network where a verb has it, and --identity too where the verb speaks to validators.',
  },
  'input.evidence-bundle': {
    meaning: 'A file is not an evidence bundle in its one form, byte for byte.',
    remedy: 'Get the file again from whoever exported it, by a way that changes no byte; it must not be reformatted.',
  },
  'not-yet.evidence-unsigned': {
    meaning:
      'No head of the records of this incident is signed by enough validators yet, so that an export would prove nothing.',
    remedy:
      'Add --sign to `firebreak evidence export` and validators are asked now; else after ten minutes and at the end. `firebreak status` names those that do not answer.',
  },
  'input.unknown-process': {
    meaning: 'The workflow engine knows no process of this name.',
    remedy: '`firebreak ceremony list` shows every process and its name.',
  },
  'conflict.process-over': {
    meaning: 'The process that was to be changed, the run of an incident or the incident itself, has ended.',
    remedy:
      'Nothing in that process can be changed any more. `firebreak incident show` says what an incident still waits for, `firebreak ceremony show` what a ceremony came to.',
  },
  'input.unknown-incident': {
    meaning: 'No incident, and no run of one, has this name or begins with these 8 characters or more, or several do.',
    remedy: '`firebreak incident list` shows every incident with its whole key.',
  },
  'conflict.incident-open': {
    meaning: 'An incident of the name that was given with --key is open, and has something else to do.',
    remedy: 'Look at it with `firebreak incident show`; to open another one, give another --key, or none.',
  },
  'not-yet.nothing-asked': {
    meaning: 'A run asks for no vote, or has no form open, at this moment or at the step that was named.',
    remedy: 'Look with `firebreak incident show` what it waits for now, and whether it is over.',
  },
  'input.unknown-alert': {
    meaning: 'No recorded alert has this name or begins with these 8 characters or more, or several do.',
    remedy: '`firebreak alert list` shows every alert with the beginning of its name.',
  },
  'input.unknown-key': {
    meaning: 'There is no active key for the epoch that was asked for.',
    remedy: '`firebreak key list` shows every epoch; `firebreak key generate` makes a key.',
  },
  'input.unknown-vault': {
    meaning: 'No vault of this network has this id or begins with these 8 characters or more, or several do.',
    remedy: '`firebreak vault list` shows the whole id of every vault.',
  },
  'input.no-deposit': {
    meaning: 'Enough validators agree that nothing in this vault can be paid out now.',
    remedy:
      'Pay to the address of `firebreak vault show`, or wait for a deposit to be confirmed: `firebreak vault list`.',
  },
  'not-yet.evidence': {
    meaning: 'The process still runs, or ended without anything that could be proven.',
    remedy: 'See `firebreak ceremony show` for where it stands; export the evidence when it is over.',
  },
  'not-yet.fee-estimate': {
    meaning: 'Too few validators have nodes that can say what a payout costs now.',
    remedy: 'Wait for the nodes to see more transactions, or type the fee yourself with --fee.',
  },
  'unknown-outcome.process-ended': {
    meaning: 'A durable process ended without saying what became of it.',
    remedy: 'Look at it with `firebreak ceremony show`; what happened on the chain is what counts.',
  },
  'policy.not-confirmed': {
    meaning: 'The person at the keyboard said no.',
    remedy: 'Nothing was changed; type the command again when the answer is yes.',
  },
  'policy.not-yet-shown': {
    meaning: 'Too few validators vouch for a vault or its key, so its address stays hidden.',
    remedy: 'Coins sent now might be lost. Wait until enough validators hold the terms and all hold the certificate.',
  },
  'policy.evidence': {
    meaning: 'An exported ceremony does not prove what it claims.',
    remedy: 'Do not rely on it. Export it again from another coordinator; if it fails again, keep both files.',
  },
  'unavailable.coordinator': {
    meaning: 'The workflow engine does not answer.',
    remedy: 'See `firebreak status`; freezing works without it through `firebreak order send`.',
  },
  'unavailable.validators': {
    meaning: 'Too few validators answered.',
    remedy: 'See `firebreak status` for who is down, and try again.',
  },
  'unavailable.process': {
    meaning: 'A process that this command starts ended before it could be asked.',
    remedy: 'Read the log that the message names.',
  },
} as const satisfies FailureTable;
export type CliFailureCode = keyof typeof cliFailures;
