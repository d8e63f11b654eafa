import type { Change } from '../lib/track.ts';
import type { OpenVaultPhase } from './messages.ts';

const PERCENT: Readonly<Record<OpenVaultPhase, number>> = {
  'registering-terms': 0,
  certificate: 20,
  'holding-terms': 50,
  open: 100,
  refused: 100,
};

/** What the page says when a phase begins. */
export function entering(phase: OpenVaultPhase, need: number): Change<OpenVaultPhase> {
  const percent = PERCENT[phase];
  switch (phase) {
    case 'registering-terms':
      return { phase, percent, awaitingRole: 'nobody', next: 'nobody', meanwhile: 'the terms are checked and stored' };
    case 'certificate':
      return {
        phase,
        percent,
        need,
        awaitingRole: 'validators',
        next: `all ${need} participants must say that they hold the certificate of the key`,
        meanwhile: 'no address is shown, and nobody should pay in',
      };
    case 'holding-terms':
      return {
        phase,
        percent,
        need,
        awaitingRole: 'validators',
        next: `${need} validators must hold the terms and derive the same script`,
        meanwhile: 'no address is shown, and nobody should pay in',
      };
    case 'open':
      return {
        phase,
        percent,
        awaitingRole: 'depositor',
        next: 'the depositor may pay in',
        meanwhile: 'the process is over',
      };
    case 'refused':
      return {
        phase,
        percent,
        awaitingRole: 'operator',
        next: 'an operator must look',
        meanwhile: 'there is no address',
      };
  }
}
