/** Journal steps of ceremonies, as timelines show them. */
export const STEP = {
  keygenBegun: 'commitments made',
  keygenShares: 'shares encrypted',
  keygenComplained: 'bad shares shown',
  keygenSealed: 'share sealed',
  certificateHeld: 'certificate held',
  keyActive: 'key active',
  commitmentsGiven: 'commitments given',
  /** Durable together with the nonces and locks, before the partial signature leaves. */
  partialReleased: 'partial signature',
} as const;
