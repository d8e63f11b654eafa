import type { Refusal, Verdict } from '../../domain/errors/failure.ts';
import type { Gathering } from '../../activities/gathering.ts';
import { askUntil } from '../lib/ask.ts';
import { effects, named } from '../lib/effects.ts';
import { verdictOf } from '../lib/refusal.ts';
import { trackProgress } from '../lib/track.ts';
import type { OpenVaultInput, OpenVaultPhase, OpenVaultResult } from './messages.ts';
import { entering } from './state.ts';

const PATIENCE_SECONDS_DEFAULT = 600;

/** Terms, certificate, quorum of holders, and only then an address. */
export async function openVault(input: OpenVaultInput): Promise<OpenVaultResult> {
  const { network, signedTerms, key, watchFromHeight } = input;
  const track = trackProgress<OpenVaultPhase>({
    phase: 'registering-terms',
    percent: 0,
    awaitingRole: 'nobody',
    next: 'nobody',
    meanwhile: 'the terms are checked and stored',
  });
  const refused = (refusal: Refusal): OpenVaultResult => {
    track.change({ ...entering('refused', 0), next: `an operator must look: ${refusal.message}`.slice(0, 400) });
    return { outcome: 'refused', refusal };
  };
  const ask = (phase: OpenVaultPhase, need: number, of: number, slice: Parameters<typeof askUntil>[0]['slice']) => {
    track.change(entering(phase, need));
    return askUntil({
      need,
      of,
      seconds: input.patienceSeconds ?? PATIENCE_SECONDS_DEFAULT,
      slice,
      onSlice: (heard) =>
        track.change({
          have: heard.have.length,
          missing: [...heard.refused, ...heard.missing].map((said) => said.validator),
        }),
    });
  };

  const registered = await verdictOf(
    effects.registerVault.executeWithOptions(named('Check and store the terms, derive the script'), [
      { network, signedTerms, key },
    ]),
  );
  if (!registered.ok) return refused(registered.refusal);
  const { vault, script, address, threshold, validators } = registered.value;

  const certificate = await ask('certificate', validators, validators, (slice) =>
    effects.askCertificateHeld.executeWithOptions(
      named('Ask all participants whether they hold the certificate', slice.seconds),
      [{ ...slice, key, mode: 'say' }],
    ),
  );
  if (!certificate.ok) return refused(certificate.refusal);

  // The slice waits for everyone and only its end counts the quorum: who is slow but up holds the terms too.
  const terms: Verdict<Gathering> = await ask('holding-terms', threshold, validators, (slice) =>
    effects.askTermsHeld.executeWithOptions(named('Hand the terms to all participants of the key', slice.seconds), [
      { ...slice, signedTerms, key, script, watchFromHeight },
    ]),
  );
  if (!terms.ok) return refused(terms.refusal);

  const evidence = await effects.recordVault.executeWithOptions(named('Write the signed statements down'), [
    { signedTerms, key, termsHeld: terms.value.collected, certificateHeld: certificate.value.collected },
  ]);
  track.change(entering('open', 0));
  return { outcome: 'open', vault, key, address, script, holders: terms.value.have, evidence, watchFromHeight };
}
