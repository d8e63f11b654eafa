import type { AuditEntry } from '../../domain/audit/record.ts';
import { EPOCHS_FOLLOWED_MAX, judgeEpoch, type SignedEpoch } from '../../domain/committee/epoch.ts';
import { effects, named } from '../lib/effects.ts';
import { committeeChanged, laterEpochs } from '../lib/following.ts';
import type { IncidentInput } from './messages.ts';
import { happened, type IncidentState } from './state.ts';

/** How an incident knows whose commands it obeys. */
export type Following = {
  /** Before anything else: the committee that this installation has pinned, and those that validators have followed since. */
  readonly begin: () => Promise<void>;
  /** Goes by the committee that validators follow now; when nobody can say, by the one that is known. */
  readonly again: () => Promise<void>;
};

export function followingOf(
  { network, playbook }: IncidentInput,
  state: IncidentState,
  record: (entry: AuditEntry) => void,
): Following {
  const given = playbook.epochs ?? [];
  const took = (signed: SignedEpoch): void => {
    state.epochs = [...(state.epochs ?? given), signed];
    record({ ...committeeChanged(signed), atMs: Date.now() });
  };
  return {
    begin: async () => {
      if (state.authority !== undefined) return;
      try {
        const { later = [], ...authority } = await effects.committeeNow.executeWithOptions(
          named('Ask who the committee is'),
          [{ network, epochs: given }],
        );
        state.authority = authority;
        for (const signed of later) took(signed);
      } catch {
        happened(state, 'run', 'platform', 'the committee could not be told: no command can be obeyed');
      }
    },
    again: async () => {
      state.lookedAtMs = Date.now();
      for (const signed of await laterEpochs(network, state.epochs ?? given)) {
        const { authority, epochs = given } = state;
        const next = authority && judgeEpoch(signed, { ...authority, former: new Set(authority.former) });
        // Two that looked at once have seen the same.
        if (next?.ok !== true || epochs.length >= EPOCHS_FOLLOWED_MAX) continue;
        state.authority = { ...next.value, former: [...next.value.former] };
        took(signed);
      }
    },
  };
}
