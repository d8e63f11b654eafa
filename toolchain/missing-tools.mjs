/**
 * Test files that are nothing without an outside program, as patterns of their paths. Others ask for what they need where they need it, and skip
 * themselves by name.
 *
 * @type {readonly { files: string, tools: readonly string[] }[]}
 */
const NEEDS = [
  { files: 'test/workflow/', tools: ['temporal'] },
  { files: 'test/(e2e|faults)/', tools: ['temporal', 'btcd', 'prometheus', 'alertmanager'] },
  { files: 'test/compliance/(chain|other-nodes)\\.test', tools: ['btcd'] },
  { files: 'test/vectors/vault-spends\\.test', tools: ['btcd'] },
  { files: 'test/compliance/bitcoin-core\\.test', tools: ['bitcoind', 'btcd'] },
  { files: 'test/vectors/vault-spends-core\\.test', tools: ['bitcoind'] },
];

/**
 * What cannot be run on a machine that lacks these tools, with the reason, so that it is counted and never missing in silence.
 *
 * @param {readonly string[]} missing names of tools
 * @returns {readonly { files: string, why: string }[]}
 */
export const withoutTools = (missing) =>
  NEEDS.flatMap(({ files, tools }) => {
    const lacks = tools.filter((tool) => missing.includes(tool));
    return lacks.length === 0 ? [] : [{ files, why: `${lacks.join(' and ')} could not be had` }];
  });

/**
 * @param {ReturnType<typeof withoutTools>} left
 * @returns {import('./tally.mjs').Tally}
 */
export const skippedTally = (left) => ({
  name: 'missing tools',
  passed: 0,
  failed: 0,
  skipped: left.map(({ files, why }) => `${files}: ${why}`),
  problems: [],
  durationMs: 0,
});
