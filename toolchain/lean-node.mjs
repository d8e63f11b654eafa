/**
 * Node flags of a process of which there are many on one machine (15 validators on a laptop). Measured per validator: 212 MB without
 * them, 180 with the strip cache, 140 with both; and a fifth less processor time at start. A small young generation suits a process
 * that waits for messages: what it allocates while loading is collected early instead of being kept as head-room.
 */
export const leanNodeFlags = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  `--import=${new URL('strip-cache.mjs', import.meta.url).href}`,
];
