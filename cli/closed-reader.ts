/** A pipe that nobody reads any more, and a terminal whose window was closed. */
const GONE: readonly (string | undefined)[] = ['EPIPE', 'EIO'];

/**
 * Whoever reads our words may stop, as `head` does: that is no failure of the verb, and least of all a reason to leave a network behind
 * without its supervisor. Anything else that goes wrong with a stream still ends the process.
 */
export function outliveReaders(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!GONE.includes(error.code)) throw error;
    });
  }
}
