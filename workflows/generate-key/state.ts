import type { Saying } from '../../activities/gathering.ts';
import { familyOf, type Refusal } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import type { Change } from '../lib/track.ts';
import type { GenerateKeyPhase } from './messages.ts';

const PERCENT: Readonly<Record<GenerateKeyPhase, number>> = {
  commitments: 0,
  shares: 20,
  transcript: 40,
  certificate: 60,
  'self-test': 70,
  activation: 85,
  active: 100,
  failed: 100,
};

const MEANWHILE: Readonly<Record<GenerateKeyPhase, string>> = {
  commitments: 'nothing secret is kept yet: a validator that stops only costs this attempt',
  shares: 'shares are encrypted from validator to validator; one that restarts now ends this attempt',
  transcript: 'each validator seals its share before it signs; from then on it resumes after a crash',
  certificate: 'the key exists but nobody may use it before the self-test',
  'self-test': 'all participants sign together once, to prove that every share works',
  activation: 'each validator checks the self-test before it allows the key',
  active: 'addresses may come from this key',
  failed: 'nothing of a half-made key is usable',
};

/** What the page says when a phase begins: everyone must answer, since one missing share would be missing for good. */
export const entering = (phase: GenerateKeyPhase, validators: number, attempt: number): Change<GenerateKeyPhase> => {
  const over = phase === 'active' || phase === 'failed';
  return {
    phase,
    percent: PERCENT[phase],
    awaitingRole: over ? 'nobody' : 'validators',
    next: over ? 'nobody; the process is over' : `all ${validators} participants must answer (attempt ${attempt})`,
    meanwhile: MEANWHILE[phase],
    need: over ? 0 : validators,
  };
};

/** What one attempt heard that stood in its way. `proven`: at fault, by signed statements and nobody's word. */
export type Trouble = {
  readonly missing: readonly Saying[];
  readonly refused: readonly Saying[];
  readonly refusal: Refusal;
  readonly proven: readonly ValidatorId[];
};

/**
 * Who goes on with the next ceremony after this one failed: whoever neither stayed silent nor said no, and is not at fault. Words of one
 * against another put out the one who says them, since a round is over without an answer; a signed complaint puts out whoever it proves
 * to be at fault, its author or its dealer. When too few would be left, all are asked again.
 */
export function remaining(
  participants: readonly ValidatorId[],
  smallest: number,
  { missing, refused, refusal, proven }: Trouble,
): readonly ValidatorId[] {
  const refusers = refused.filter(({ code }) => code !== 'signer-fault.objection');
  const absent = [...missing, ...refusers].map(({ validator }) => validator);
  const out = new Set([...absent, ...culpritsOf(refusal), ...proven]);
  const left = participants.filter((id) => !out.has(id));
  return left.length >= smallest ? left : participants;
}

/** Named by the coordinator's own check of what all of them signed. */
function culpritsOf({ details }: Refusal): readonly ValidatorId[] {
  const culprits = details?.['culprits'];
  return Array.isArray(culprits) ? culprits.map((id) => Number(id) as ValidatorId) : [];
}

/** A ceremony that lost a participant can be tried afresh; one that was refused by rule, or for its epoch, cannot. */
export function mayTryAgain(refusal: Refusal): boolean {
  if (refusal.code === 'conflict.keygen-epoch') return false;
  const family = familyOf(refusal.code);
  return family !== 'input' && family !== 'policy' && family !== 'bug';
}
