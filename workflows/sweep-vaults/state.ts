import type { SweepVaultResult } from '../sweep-vault/messages.ts';
import type { Change } from '../lib/track.ts';
import type { SweepVaultsPhase, SweepVaultsState, VaultLeft } from './messages.ts';

/** Named in the page and in the result; every other one is found by its own process. */
const LEFT_MAX = 20;
/** Named for the records of an incident; the others are found through the process of their vault. */
const TRANSCRIPTS_MAX = 16;
/** With pauses of up to ten minutes this is three hours after the last vault that could be swept. */
const PASSES_MAX = 30;

export const FIRST: SweepVaultsState = {
  pass: 1,
  at: 0,
  swept: 0,
  sweptNow: 0,
  waiting: 0,
  refused: 0,
  left: [],
  transcripts: [],
};

/** One vault more is done. */
export function counted(state: SweepVaultsState, vault: string, result: SweepVaultResult): SweepVaultsState {
  switch (result.outcome) {
    case 'swept':
      return {
        ...state,
        swept: state.swept + 1,
        sweptNow: state.sweptNow + 1,
        transcripts: [...state.transcripts, result.evidence].slice(0, TRANSCRIPTS_MAX),
      };
    // Validators have seen coins that the worker does not see: the next list tells.
    case 'empty':
      return { ...state, waiting: state.waiting + 1 };
    case 'not-yet':
      return {
        ...state,
        waiting: state.waiting + 1,
        left: noted(state, { vault, code: 'not-yet.sweep', message: result.reason }),
      };
    case 'refused': {
      const { code, message } = result.refusal;
      return {
        ...state,
        refused: state.refused + 1,
        left: noted(state, { vault, code, message: message.slice(0, 200) }),
      };
    }
  }
}

const noted = ({ left }: SweepVaultsState, one: VaultLeft): readonly VaultLeft[] =>
  left.length < LEFT_MAX ? [...left, one] : left;

/** The pass after this one: what was left is looked at again. */
export const nextPass = ({ pass, swept, transcripts }: SweepVaultsState): SweepVaultsState => ({
  ...FIRST,
  pass: pass + 1,
  swept,
  transcripts,
});

/**
 * Whether another pass can help: coins that only wait will be deep enough, and where some were swept others may have come. A pass in
 * which every vault was refused would be refused again.
 */
export const goesOn = ({ pass, sweptNow, waiting }: SweepVaultsState): boolean =>
  pass < PASSES_MAX && (sweptNow > 0 || waiting > 0);

/** Between two questions to validators of which too few answered. */
export const listPauseMs = (look: number): number => Math.min(2_000 * 1.5 ** look, 300_000);

/** Between two passes: at once when something was swept, else longer and longer. */
export const passPauseMs = ({ pass, sweptNow }: SweepVaultsState): number =>
  sweptNow > 0 ? 1_000 : Math.min(3_000 * 1.5 ** pass, 600_000);

type Words = Pick<Change<SweepVaultsPhase>, 'awaitingRole' | 'next' | 'meanwhile'>;

const WORDS: Readonly<Record<SweepVaultsPhase, Words>> = {
  listing: {
    awaitingRole: 'validators',
    next: 'validators say which vaults hold coins under the old key',
    meanwhile: 'payouts are as they were; nothing is signed',
  },
  sweeping: {
    awaitingRole: 'validators',
    next: 'validators of the old key sign, blocks bury what is broadcast',
    meanwhile: 'a vault that is refused is recorded and the others go on',
  },
  pausing: {
    awaitingRole: 'chain',
    next: 'blocks must bury the coins that are left; then another pass looks again',
    meanwhile: 'what was swept is safe',
  },
  swept: {
    awaitingRole: 'nobody',
    next: 'nobody',
    meanwhile: 'the old key holds nothing that is worth a transaction',
  },
  incomplete: {
    awaitingRole: 'operator',
    next: 'an operator must look at the vaults that are left',
    meanwhile: 'their coins stay under the old key',
  },
  refused: { awaitingRole: 'operator', next: 'an operator must look', meanwhile: 'the process is over' },
};

export function entering(phase: SweepVaultsPhase, state: SweepVaultsState): Change<SweepVaultsPhase> {
  const need = state.list?.count ?? 0;
  const over = phase === 'swept' || phase === 'incomplete' || phase === 'refused';
  const percent = over ? 100 : need === 0 ? 0 : Math.floor((state.at / need) * 99);
  return { phase, ...WORDS[phase], percent, need, have: state.at, ...tell(phase, state) };
}

/** Which vault needs a person, and why: the first one stands for its kind. */
function tell(phase: SweepVaultsPhase, state: SweepVaultsState): Partial<Words> {
  const [first] = state.left;
  const kept = state.waiting + state.refused;
  if (first === undefined || kept === 0) return {};
  const words = `${kept} vaults are left in pass ${state.pass}; ${first.vault.slice(0, 12)}: ${first.code}: ${first.message}`;
  const short = words.slice(0, 400);
  return phase === 'incomplete' ? { next: `an operator must look: ${short}` } : { meanwhile: short };
}
