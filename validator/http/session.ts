import type { SessionReport } from '../custody/agent.ts';
import { STEP } from '../custody/step-names.ts';

/**
 * A ceremony as this one validator knows it. It sees the signer set once it was asked to sign, and its own partial signature; how
 * many partial signatures the coordinator holds, only the coordinator knows.
 */
export function sessionBody(session: SessionReport, threshold: number): Readonly<Record<string, unknown>> {
  const partials = session.steps.filter(({ step }) => step === STEP.partialReleased).length > 0 ? 1 : 0;
  const needed = session.signers?.length ?? threshold;
  return {
    session_id: session.ceremony,
    kind: session.kind,
    status: statusOf(session, partials),
    nonce_commitments: session.signers?.length ?? 0,
    partial_signatures: partials,
    progress: `${partials}/${needed}`,
    signers: session.signers ?? [],
    steps: session.steps.map(({ step, atMs, detail }) => ({
      step,
      at: new Date(atMs).toISOString(),
      ...(detail === undefined ? {} : { detail }),
    })),
  };
}

/** The specification knows `collecting_signatures`; what follows it here is the last journalled step. */
function statusOf({ kind, steps }: SessionReport, partials: number): string {
  if (kind !== 'keygen' && partials === 0) return 'collecting_signatures';
  return (steps.at(-1)?.step ?? 'opened').replaceAll(' ', '_');
}
