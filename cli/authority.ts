import type { Authority } from '../domain/committee/committee.ts';
import { firstAuthority, judgeEpoch, type SignedEpoch, walkEpochs } from '../domain/committee/epoch.ts';
import { failureOf } from '../domain/errors/failure.ts';
import type { NetworkGenesis } from '../domain/network/network.ts';
import { readChain } from './documents.ts';
import { pinnedGenesis } from './operator.ts';

export type CommitteeOptions = { readonly data: string; readonly network?: string; readonly chain?: string };

/** Epochs after the pinned committee, oldest first; none when no file is given. */
export const readEpochs = (options: CommitteeOptions): readonly SignedEpoch[] =>
  options.chain === undefined ? [] : readChain(options.chain).epochs;

/** The present committee: from the pinned network, through every epoch of `--chain`, each checked here. */
export function presentAuthority(options: CommitteeOptions): Authority {
  const genesis = pinnedGenesis(options);
  if (options.chain === undefined) return firstAuthority(genesis);
  const walked = walkEpochs(genesis, readEpochs(options));
  if (!walked.ok) throw failureOf(walked.refusal);
  return walked.value;
}

/** The pinned network with the present committee in the place of the first one: what an order is judged by now. */
export const presentGenesis = (options: CommitteeOptions): NetworkGenesis => ({
  ...pinnedGenesis(options),
  committee: presentAuthority(options).committee,
});

/** Every committee of the walk, the pinned one first: an order of a former one still holds its number. */
export function everyCommittee(options: CommitteeOptions): readonly Authority[] {
  let authority = firstAuthority(pinnedGenesis(options));
  const passed = [authority];
  for (const signed of readEpochs(options)) {
    const next = judgeEpoch(signed, authority);
    if (!next.ok) throw failureOf(next.refusal);
    authority = next.value;
    passed.push(authority);
  }
  return passed;
}
