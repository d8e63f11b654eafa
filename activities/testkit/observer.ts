import type { ActivityObserver } from '../dependencies.ts';

const unheard = (): void => undefined;

/** For a test that counts nothing. */
export const silentObserver: ActivityObserver = {
  attemptEnded: unheard,
  takenOver: unheard,
  validatorAnswered: unheard,
  partialsReceived: unheard,
  signaturesProduced: unheard,
};
