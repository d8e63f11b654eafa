import type { Removal } from './removal.ts';

const JOURNAL = 'validator/custody/journal/journal.test.ts';
const LOCKS = 'validator/custody/journal/locks.test.ts';
const RELEASE = 'validator/custody/policy/release.test.ts';

/** What a validator must not forget between two signatures, and between two processes. */
export const removals: readonly Removal[] = [
  {
    name: 'burning nonces',
    why: 'one nonce under two requests gives the key share away to whoever sees both partial signatures',
    file: 'validator/custody/journal/releases.ts',
    text: 'for (const commitment of release.commitments) nonces.insert({ commitment, ...about });',
    instead: '',
    noticedBy: [
      { file: JOURNAL, titles: ['a commitment is burnt once'] },
      { file: RELEASE, titles: ['a nonce that was used is never used again, and the attempt is recorded'] },
    ],
  },
  {
    name: 'looking for burnt nonces',
    why: 'a nonce that is on record as used would be used again',
    file: 'validator/custody/journal/releases.ts',
    text: "if (burnt !== undefined) return { kind: 'nonce-burnt', commitment: burnt };",
    instead: '',
    noticedBy: [{ file: RELEASE, titles: ['a nonce that was used is never used again, and the attempt is recorded'] }],
  },
  {
    name: 'taking a nonce out of memory before it is used',
    why: 'a request that fails after the signer has answered could be asked again with the same nonce for another message',
    file: 'validator/custody/signer/nonces.ts',
    text: 'const secret = this.#secrets.get(name);\n    this.#secrets.delete(name);',
    instead: 'const secret = this.#secrets.get(name);',
    noticedBy: [{ file: RELEASE, titles: ['a nonce is gone after a failed use, and after a restart'] }],
  },
  {
    name: 'locking outpoints',
    why: 'two transactions of one deposit would both be signed',
    file: 'validator/custody/journal/releases.ts',
    text: 'locks.insert({ outpoint, txid',
    instead: '((row: object) => row)({ outpoint, txid',
    noticedBy: [
      {
        file: JOURNAL,
        titles: ['an outpoint stays locked to its first transaction, and the same transaction may lock it again'],
      },
      {
        file: RELEASE,
        titles: [
          'an output is signed away once: a cheaper transaction is refused for ever, the same one may be signed by others too',
        ],
      },
    ],
  },
  {
    name: 'looking for locks',
    why: 'two transactions of one deposit would both be signed',
    file: 'validator/custody/journal/releases.ts',
    text: "if (holds !== undefined) return { kind: 'outpoint-locked', outpoint, txid: holds.txid };",
    instead: '',
    noticedBy: [
      {
        file: RELEASE,
        titles: [
          'an output is signed away once: a cheaper transaction is refused for ever, the same one may be signed by others too',
        ],
      },
    ],
  },
  {
    name: 'the rank of transactions that want one lock',
    why: 'a cheaper transaction would take the lock of one that others signed already',
    file: 'validator/custody/journal/releases.ts',
    text: 'held.every((outpoint) => wanted.outpoints.includes(outpoint)) && isAhead(wanted, lock, held.length)',
    instead: 'held.every((outpoint) => wanted.outpoints.includes(outpoint))',
    noticedBy: [
      {
        file: LOCKS,
        titles: ['the same outpoints may be signed away again for a higher fee, and never for an equal or a lower one'],
      },
    ],
  },
  {
    name: 'the rule that a replacement spends all that the holder of the lock spends',
    why: 'the transactions would share no output, and both could be in the chain',
    file: 'validator/custody/journal/releases.ts',
    text: 'held.every((outpoint) => wanted.outpoints.includes(outpoint)) && isAhead(wanted, lock, held.length)',
    instead: 'isAhead(wanted, lock, held.length)',
    noticedBy: [{ file: LOCKS, titles: ['a higher fee moves no lock when it leaves out an outpoint of the holder'] }],
  },
  {
    name: 'the depth at which a spend makes a lock hopeless',
    why: 'a reorg of one block would free the coins of a transaction that can still confirm',
    file: 'validator/custody/policy/locks.ts',
    text: ' && spentBy.confirmations >= view.policy.confirmationsRequired',
    instead: '',
    noticedBy: [
      {
        file: RELEASE,
        titles: ['a deposit that somebody else spent keeps the other one only until that spend is deep'],
      },
    ],
  },
  {
    name: 'the lock on the folder',
    why: 'two agents on one folder sign from one memory that neither reads again',
    file: 'validator/custody/journal/lock.ts',
    text: '; BEGIN EXCLUSIVE',
    instead: '',
    noticedBy: [{ file: JOURNAL, titles: ['a second agent on the folder is refused, in this process and in another'] }],
  },
  {
    name: 'the watermark',
    why: 'an older copy of the journal would open without complaint and sign what its later self has signed away',
    file: 'validator/custody/journal/database.ts',
    text: 'if (writes < watermark.value) {',
    instead: 'if (writes < 0) {',
    noticedBy: [{ file: JOURNAL, titles: ['a removed journal, an older copy and a removed watermark are refused'] }],
  },
  {
    name: 'raising the watermark',
    why: 'the mark would stand below an older copy, which then opens',
    file: 'validator/custody/journal/database.ts',
    text: 'if (here.binds) watermark.raise(writes);',
    instead: '',
    noticedBy: [{ file: JOURNAL, titles: ['a removed journal, an older copy and a removed watermark are refused'] }],
  },
  {
    name: 'the watermark of a journal that was there before',
    why: 'whoever removes the mark could put any older copy of the journal in place',
    file: 'validator/custody/journal/watermark.ts',
    text: "if (!exists && !mayCreate) throw damaged(file, 'its watermark file is missing');",
    instead: '',
    noticedBy: [{ file: JOURNAL, titles: ['a removed journal, an older copy and a removed watermark are refused'] }],
  },
  {
    name: 'one transaction around what is written at once',
    why: 'a crash between two writes would leave a lock without its answer, or an answer without its burnt nonce',
    file: 'validator/custody/journal/database.ts',
    text: "if (database.isTransaction) database.exec('ROLLBACK');",
    instead: "if (database.isTransaction) database.exec('COMMIT');",
    noticedBy: [
      {
        file: JOURNAL,
        titles: ['a release with a repeated commitment is written not at all, and the journal goes on'],
      },
    ],
  },
  {
    name: 'the checksum of each row',
    why: 'a flipped bit in a lock would free its outpoint',
    file: 'validator/custody/journal/database.ts',
    text: '  verifyRows(database, file);\n',
    instead: '',
    noticedBy: [{ file: JOURNAL, titles: ['every single flipped byte in the stored rows is noticed at open'] }],
  },
  {
    name: 'writing the answer down',
    why: 'the same request would be signed a second time, with whatever nonce comes along',
    file: 'validator/custody/signing.ts',
    text: 'const stored = parts.journal.releases.stored(digest);',
    instead: 'const stored = undefined as Uint8Array | undefined;',
    noticedBy: [
      { file: RELEASE, titles: ['a freeze stops payouts, also ones already answered, and a lift resumes them'] },
    ],
  },
  {
    name: 'the cap on what leaves in a window of time',
    why: 'whoever holds every release key could empty all vaults within a minute',
    file: 'validator/custody/journal/releases.ts',
    text: 'return spend === undefined ? undefined : outflowConflict(outflow, spend, wanted.atMs);',
    instead: 'return undefined;',
    noticedBy: [
      {
        file: 'validator/custody/policy/outflow.test.ts',
        titles: ['a payout above the cap of a whole window is refused for good, in other words'],
      },
    ],
  },
  {
    name: 'the signatures under imported orders',
    why: 'an export that somebody edited would lift a freeze',
    file: 'domain/committee/order.ts',
    text: "if (have < need) return refuse('policy.order-quorum', tooFew, { have, need, idle });",
    instead: '',
    noticedBy: [
      {
        file: 'validator/custody/interchange/import.test.ts',
        titles: ['an order that nobody signed is no memory, and takes everything else of its file with it'],
      },
    ],
  },
  {
    name: 'the signatures under an imported certificate',
    why: 'an export that somebody edited would bring a key that nobody made',
    file: 'validator/custody/interchange/import.ts',
    text: "demand(verifyCertificate(certificate, genesis), 'a certificate');",
    instead: '',
    noticedBy: [
      {
        file: 'validator/custody/interchange/forged-key.test.ts',
        titles: [
          'a key that all its participants signed comes with an import, and one under the signature of somebody else does not',
        ],
      },
    ],
  },
  {
    name: 'what two copies signed apart',
    why: 'two payouts of one output would be taken for one memory',
    file: 'validator/custody/interchange/union.ts',
    text: 'if (ours.has(lockName(their))) continue;',
    instead: 'if (their !== undefined) continue;',
    noticedBy: [
      {
        file: 'validator/custody/interchange/import.test.ts',
        titles: [
          'two payouts of one output that were signed apart stop the import with both transactions in the words',
        ],
      },
    ],
  },
];
