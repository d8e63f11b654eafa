import type { FailureTable } from '../../../domain/errors/failure.ts';

/** Every code that the Bitcoin plug-in makes; the trouble of `ChainView.status()` uses the same names. */
export const pluginsBitcoinFailures = {
  'input.address': {
    meaning: 'A text is not an address of the configured Bitcoin network, or its checksum does not match.',
    remedy:
      'Copy the address again; a regtest address starts with bcrt1, a testnet one with tb1, a mainnet one with bc1.',
  },
  'input.script': {
    meaning: 'Bytes are not a script that has an address.',
    remedy: 'Give the scriptPubKey in lower-case hex, e.g. 5120 and 32 bytes for Taproot.',
  },
  'input.transaction': {
    meaning: 'Bytes are not exactly one Bitcoin transaction, or it is larger than nodes relay.',
    remedy: 'Export the transaction again; nothing before or after its bytes is accepted.',
  },
  'input.prevouts': {
    meaning: 'The number or form of the previous outputs does not fit the inputs of the transaction.',
    remedy: 'Give one script and one amount per input, in the order of the inputs.',
  },
  'input.signature': {
    meaning: 'The number of signatures does not fit the inputs, or one of them is not 64 bytes long.',
    remedy: 'Give one BIP340 signature per input, in the order of the inputs.',
  },
  'input.payout': {
    meaning: 'A payout has no inputs, too many inputs, or an amount that is dust or not positive after the fee.',
    remedy: 'Lower the fee or pay out a larger deposit.',
  },
  'input.cursor': {
    meaning: 'Events were asked for from a block that the index does not know, neither as canonical nor as replaced.',
    remedy: 'Start from the tip that `status()` reports, or watch from the height of that block first.',
  },
  'input.node-credentials': {
    meaning: 'The Bitcoin node refused the user name and password or the cookie.',
    remedy: 'Check rpc_user and the environment variable named in rpc_password_env, or the path of rpc_cookie_file.',
  },
  'policy.wrong-network': {
    meaning: 'The node serves another Bitcoin network than the configured one: its block 0 differs.',
    remedy: 'Point rpc_urls at a node of the right network; nothing was read from this one.',
  },
  'policy.node-lies': {
    meaning: 'A block from the node contradicts itself: its hash, work, difficulty or merkle root is wrong.',
    remedy: 'The block was not used. Check the disk and the software of that node; prefer another node meanwhile.',
  },
  'policy.node-pruned': {
    meaning: 'The node has thrown away blocks that the index still needs.',
    remedy: 'Use a node that keeps blocks back to the oldest vault, or raise its prune size and let it sync again.',
  },
  'policy.checkpoint-old': {
    meaning:
      'A chain index would begin, and the block that this build knows of the network is more than 200,000 blocks (four years) below the tip of the node.',
    remedy:
      'Install a newer build, which knows a newer block. If there is none that is new enough, ask the node whether its height is right.',
  },
  'policy.reorg-too-deep': {
    meaning:
      'The node follows a branch that leaves ours deeper than the bound (max_reorg_depth in validator.toml, reorg_depth_max in coordinator.toml); nobody guesses what that means for payouts.',
    remedy:
      'Compare the branches with other operators (ops/runbooks/deep-reorg.md). A validator has frozen payouts and goes on in the chain whose block a lift names: order make lift --block <height>:<hash>.',
  },
  'unavailable.node-down': {
    meaning: 'No configured Bitcoin node answers.',
    remedy: 'Start the node or check its address; the view continues by itself.',
  },
  'unavailable.node-slow': {
    meaning: 'The Bitcoin node did not answer within rpc_timeout_ms.',
    remedy: 'Check the load of the node; the view continues by itself.',
  },
  'unavailable.node-garbled': {
    meaning: 'An answer of the node was cut off, too large or not what its method returns.',
    remedy: 'Check that rpc_urls points at a Bitcoin node and not at a proxy; the view tries again by itself.',
  },
  'unavailable.node-refused': {
    meaning: 'The node answered a read with an error.',
    remedy: 'Read the log of the node; the view tries again by itself.',
  },
  'unavailable.node-syncing': {
    meaning: 'The node is still downloading blocks that it has headers for.',
    remedy: 'Wait; the view is synced when the node is.',
  },
  'unavailable.node-behind': {
    meaning:
      'The tip of the node has not more work than a branch that was already seen, and differs from it; or an empty index finds less work above the checkpoint than the network is known to have.',
    remedy:
      'Wait for the node; if its operator invalidated a block on purpose, delete chain.sqlite after stopping the process.',
  },
  'unavailable.nodes-disagree': {
    meaning:
      'The configured nodes have reported different tips for longer than 60 s (disagreement_ms in coordinator.toml, not settable for a validator).',
    remedy:
      'Find out which node is cut off or on another branch; answers come from one of them only, named in the health.',
  },
  'unavailable.index': {
    meaning: 'The index file could not be read or written.',
    remedy:
      'Free disk space or repair the permissions of the data folder; the index is rebuilt from the node if it is damaged.',
  },
  'not-yet.chain-view': {
    meaning: 'The chain view has not seen a block yet.',
    remedy: 'Wait until the node answers; `status()` names what is missing.',
  },
  'not-yet.back-scan': {
    meaning: 'Scripts are watched, but the blocks since their height have not all been searched.',
    remedy: 'Ask again; the search goes on by itself and its results appear all at once.',
  },
  'unknown-outcome.broadcast': {
    meaning: 'The node did not confirm that it took the transaction, and does not know it when asked.',
    remedy:
      'Ask again what became of it and submit it again; submitting twice is harmless. The message has the reason of the node.',
  },
} as const satisfies FailureTable;

export type BitcoinFailureCode = keyof typeof pluginsBitcoinFailures;
