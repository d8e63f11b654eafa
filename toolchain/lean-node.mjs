/**
 * Node flags of a process of which there are many on one machine (15 validators on a laptop). A small young generation suits a process
 * that waits for messages: what it allocates while loading is collected early instead of being kept as head-room. Measured per validator:
 * 180 MB without it, 140 with it.
 */
export const leanNodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1'];
