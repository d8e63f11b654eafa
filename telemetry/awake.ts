/** Longest wait of a Node timer; one firing in 24 days costs nothing. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Keeps this process from ending before `work` does. Deadlines and redials do not keep a process alive by themselves; when every
 * socket is closed at once while they wait, Node would end with code 13 in the middle of a verb instead of saying what did not answer.
 */
export async function awake<T>(work: Promise<T>): Promise<T> {
  const hold = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    return await work;
  } finally {
    clearInterval(hold);
  }
}
