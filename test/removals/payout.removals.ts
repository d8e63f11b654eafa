import type { Removal } from './removal.ts';

const POLICY = 'validator/custody/policy/policy.test.ts';
const RELEASE = 'validator/custody/policy/release.test.ts';
const DOCUMENTS = 'domain/vault/verify.test.ts';
const MESSAGES = 'validator/custody/messages.test.ts';

const refusedFor = (...rules: readonly string[]) => [
  { file: POLICY, titles: rules.map((rule) => `a partial signature is refused for ${rule}`) },
];

/** What a validator looks at before it signs coins away. */
export const removals: readonly Removal[] = [
  {
    name: 'the environment of a signing request',
    why: 'a request that was agreed on in a drill would be signed in production',
    file: 'validator/custody/policy/request.ts',
    text: ' || request.environment !== genesis.environment',
    instead: '',
    noticedBy: refusedFor('another environment'),
  },
  {
    name: 'the network of a signing request',
    why: 'a request of another network with the same validators would be signed here',
    file: 'validator/custody/policy/request.ts',
    text: ' || request.network !== genesis.name',
    instead: '',
    noticedBy: refusedFor('another network'),
  },
  {
    name: 'the environment at the door',
    why: 'whatever is asked in a drill would be done in production',
    file: 'validator/custody/answering.ts',
    text: 'request.environment !== environment || request.network !== name',
    instead: 'request.environment === undefined',
    noticedBy: [
      {
        file: MESSAGES,
        titles: [
          'requests of strangers, of other networks and versions, oversized and malformed ones are refused at the door and counted',
        ],
      },
    ],
  },
  {
    name: 'the list of who may ask',
    why: 'anybody on the network could spend nonces and learn what is locked',
    file: 'validator/custody/answering.ts',
    text: "if (!this.#listed.has(peer)) return refuse('policy.peer-unlisted', 'this validator does not know who asks');",
    instead: '',
    noticedBy: [
      {
        file: MESSAGES,
        titles: [
          'requests of strangers, of other networks and versions, oversized and malformed ones are refused at the door and counted',
        ],
      },
    ],
  },
  {
    name: 'the difference between a validator and a coordinator',
    why: 'one hostile validator could make the others spend nonces and begin keys',
    file: 'validator/custody/answering.ts',
    text: '!FOR_PEERS.has(request.body.case) && !this.#parts.genesis.coordinators.includes(peer)',
    instead: 'request.body.case === undefined',
    noticedBy: [
      {
        file: MESSAGES,
        titles: [
          'a validator is not a coordinator: it cannot make others spend nonces, begin keys or search the chain',
        ],
      },
    ],
  },
  {
    name: 'the state in which ceremonies are answered',
    why: 'a validator that cannot see the chain would sign by what it saw last',
    file: 'validator/custody/answering.ts',
    text: 'if (allowed === undefined || allowed.includes(state)) return',
    instead: 'if (allowed !== null || state === undefined) return',
    noticedBy: refusedFor('a validator that is not ready'),
  },
  {
    name: 'the version of the policy',
    why: 'validators that judge by different rules would sign one request',
    file: 'validator/custody/policy/request.ts',
    text: 'request.policyVersion !== policy.policyVersion',
    instead: 'request.policyVersion === undefined',
    noticedBy: refusedFor('another policy version'),
  },
  {
    name: 'the epoch of the key',
    why: 'a request that was agreed on under an earlier key of this id would be signed',
    file: 'validator/custody/policy/request.ts',
    text: 'if (request.epoch === epoch) return keyset;',
    instead: 'if (request.epoch !== undefined) return keyset;',
    noticedBy: refusedFor('another epoch'),
  },
  {
    name: 'the look at the own node',
    why: 'a validator whose node is behind or in trouble would judge deposits by an old chain',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (status.synced && status.trouble === undefined) return undefined;',
    instead: 'if (status !== undefined) return undefined;',
    noticedBy: refusedFor('an own node that is behind', 'an own node in trouble'),
  },
  {
    name: 'the anchor in the chain',
    why: 'a request that was planned on another branch would be signed',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (!chain.isCanonical({ hash, height })) {',
    instead: 'if (hash === undefined) {',
    noticedBy: refusedFor('an anchor that is not canonical'),
  },
  {
    name: 'the age of the anchor',
    why: 'a request of last year would be as good as one of today',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (depth <= depthMax) return undefined;',
    instead: 'if (depth <= Number.POSITIVE_INFINITY) return undefined;',
    noticedBy: refusedFor('an anchor of long ago'),
  },
  {
    name: 'the signature of the release request',
    why: 'a coordinator could pay out any vault, to its recorded script and at any time',
    file: 'domain/vault/verify-release.ts',
    text: 'if (!verifiesBip340(signed.signature, digest, terms.releaseKey)) {',
    instead: 'if (digest === undefined) {',
    noticedBy: [
      ...refusedFor('a release request of a stranger'),
      { file: DOCUMENTS, titles: ['the owner key does not release unless it is also the release key'] },
      { file: DOCUMENTS, titles: ['changing any field after the signature is refused'] },
    ],
  },
  {
    name: 'judging the release request',
    why: 'a request that is not signed, has expired or is for another network would pay out',
    file: 'validator/custody/policy/payout.ts',
    text: 'if (!released.ok) return released;',
    instead: '',
    noticedBy: refusedFor(
      'a release request of a stranger',
      'a release request that has expired',
      'a release request of another environment',
    ),
  },
  {
    name: 'the expiry of the release request',
    why: 'a payout that its owner gave up long ago could be made by whoever kept the request',
    file: 'domain/vault/verify-release.ts',
    text: ' || request.expiresAtSeconds <= here.nowSeconds',
    instead: '',
    noticedBy: refusedFor('a release request that has expired', 'an expiry that has come meanwhile'),
  },
  {
    name: 'the environment of the release request',
    why: 'a payout that was practised would be made',
    file: 'domain/vault/verify-release.ts',
    text: 'request.environment !== here.environment || request.network !== here.network',
    instead: 'request.environment === undefined',
    noticedBy: refusedFor('a release request of another environment'),
  },
  {
    name: 'the digest of the terms in the release request',
    why: 'a release for one vault of an owner would release another vault with the same release key',
    file: 'domain/vault/verify-release.ts',
    text: 'if (request.vault !== vault) {',
    instead: 'if (request.vault === undefined) {',
    noticedBy: [
      {
        file: DOCUMENTS,
        titles: [
          'a release request with {"vault":"abababababababababababababababababababababababababababababababab"} is refused as policy.release-vault even when the release key signed it',
        ],
      },
    ],
  },
  {
    name: 'the digest of the terms in the address',
    why: 'vaults with other terms would share one address, and the coins of one could be paid out by the terms of another',
    file: 'threshold/verify/vault-script.ts',
    text: "vaultId: fromHex(vaultIdOf(terms), 'vault id', 32),",
    instead: 'vaultId: new Uint8Array(32).fill(vaultIdOf(terms).length),',
    noticedBy: refusedFor('a deposit on the script of another vault'),
  },
  {
    name: "the owner's signature under the digest of the terms",
    why: 'anybody could write terms with a payout script of their own',
    file: 'domain/vault/verify-terms.ts',
    text: 'if (!verifiesBip340(signed.signature, vault, terms.ownerKey)) {',
    instead: 'if (vault === undefined) {',
    noticedBy: [
      { file: DOCUMENTS, titles: ['terms that the owner did not sign, or that changed after, are refused'] },
      { file: RELEASE, titles: ['terms are held only when their owner signed them for this network'] },
    ],
  },
  {
    name: 'the environment of terms',
    why: 'a vault of a drill would be held, and paid to, in production',
    file: 'domain/vault/verify-terms.ts',
    text: 'terms.environment !== genesis.environment ||',
    instead: '',
    noticedBy: [
      {
        file: DOCUMENTS,
        titles: [
          'terms with {"environment":"production"} are refused as policy.terms-network even when the owner signed them',
        ],
      },
    ],
  },
  {
    name: 'the outpoints of the release request',
    why: 'a coordinator could choose which coins a release spends',
    file: 'validator/custody/policy/rules.ts',
    text: 'named.length !== spent.length || named.some((outpoint, at) => outpoint !== spent[at])',
    instead: 'named.length === 0',
    noticedBy: refusedFor('outputs that were not released'),
  },
  {
    name: 'the sum of the release request',
    why: 'the owner would release an amount that is not what the coins hold',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (sum === request.amountSats) return undefined;',
    instead: 'if (sum !== undefined) return undefined;',
    noticedBy: refusedFor('a released amount that is not the sum'),
  },
  {
    name: 'the script that coins go to',
    why: 'a released payout could go anywhere',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (output.script !== script) return { ok: false, refusal: otherwise };',
    instead: '',
    noticedBy: refusedFor('another payout script'),
  },
  {
    name: 'the count of outputs',
    why: 'a second output could take whatever the fee allows',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (output === undefined || outputs.length !== 1)',
    instead: 'if (output === undefined)',
    noticedBy: refusedFor('two outputs'),
  },
  {
    name: 'the cap on fees',
    why: 'a payout could go to miners whole',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (feeSats > capSats) return',
    instead: 'if (feeSats > Number.MAX_SAFE_INTEGER) return',
    noticedBy: refusedFor('a fee above the operator’s cap'),
  },
  {
    name: 'the largest fee of the terms',
    why: 'the release key alone could give to miners what the owner did not allow',
    file: 'domain/vault/verify-release.ts',
    text: 'if (feeSats > terms.maximumFeeSats) {',
    instead: 'if (feeSats < 0) {',
    noticedBy: [
      ...refusedFor('a fee above the maximum of the terms'),
      {
        file: DOCUMENTS,
        titles: [
          'a release request with {"feeSats":5001} is refused as policy.release-fee even when the release key signed it',
        ],
      },
    ],
  },
  {
    name: 'the lowest fee',
    why: 'coins would be locked in a transaction that no node passes on',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (feeSats < floorSats) return',
    instead: 'if (feeSats < 0) return',
    noticedBy: refusedFor('a fee below the relay floor'),
  },
  {
    name: 'the fee that the release key signed',
    why: 'a coordinator could choose the fee, and would have two transactions of one release',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (ladder.includes(feeSats)) return undefined;',
    instead: 'if (ladder.length > 0) return undefined;',
    noticedBy: refusedFor('a lower fee than the release key signed', 'a higher fee than the release key signed'),
  },
  {
    name: 'building the transaction again',
    why: 'version, lock time and sequences of the coordinator would be signed: a payout that cannot confirm for years',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (Buffer.from(codec.buildPayout(plan).transaction).equals(bytes)) return undefined;',
    instead: 'if (plan !== undefined) return undefined;',
    noticedBy: refusedFor('another transaction version'),
  },
  {
    name: 'the depth of a deposit',
    why: 'a deposit that a reorg takes back would have been paid out with the coins of others',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (output.confirmations < policy.confirmationsRequired) {',
    instead: 'if (output.confirmations < 0) {',
    noticedBy: refusedFor('a deposit that is not deep enough'),
  },
  {
    name: 'the look for a spend of the deposit',
    why: 'coins that are gone would be signed away again',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (output.spentBy !== undefined) {',
    instead: 'if (output.spentBy === null) {',
    noticedBy: refusedFor('a deposit that is spent'),
  },
  {
    name: 'the script of the deposit in the own chain',
    why: 'coins of one vault would be paid out on the release of another',
    file: 'validator/custody/policy/rules.ts',
    text: 'if (output.script !== vaultScript)',
    instead: 'if (output.script === undefined)',
    noticedBy: [
      {
        file: 'validator/custody/policy/own-view.test.ts',
        titles: [
          'a coin that lies on the script of another vault is refused, also where the request says truly that it lies there',
        ],
      },
    ],
  },
  {
    name: 'the amount of the deposit in the own chain',
    why: 'a coordinator that lies about amounts would get signatures that hide the fee from other signers',
    file: 'validator/custody/policy/deposits.ts',
    text: 'if (prevout?.amountSats !== BigInt(seen.amountSats)) {',
    instead: 'if (prevout?.amountSats === undefined) {',
    noticedBy: refusedFor('an amount that the own view contradicts'),
  },
  {
    name: 'what the request says about each input',
    why: 'other signers would be shown other coins than those that are signed away',
    file: 'validator/custody/policy/deposits.ts',
    text: 'claim?.index !== at || claim.vault !== vault || !isSameOutpoint(claim, outpoint)',
    instead: 'claim === undefined',
    noticedBy: refusedFor('an input with another index', 'an input of another vault', 'an input with another outpoint'),
  },
];
