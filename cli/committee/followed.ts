import { fromBinary } from '@bufbuild/protobuf';
import type { Authority } from '../../domain/committee/committee.ts';
import { judgeEpoch } from '../../domain/committee/epoch.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import type { ValidatorNetwork } from '../../domain/ports/validator-network.ts';
import { parseSignedEpoch } from '../../wire/documents/index.ts';
import { CommitteeStateSchema, Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, type Heard, within } from '../asking.ts';
import { roster } from '../validators.ts';

const PATIENCE_SECONDS = 5;

/**
 * Throws when a validator proves that it follows a later committee than the files here lead to: what the former one signs would be
 * signed in vain. Only signed epochs count, so that one lying validator keeps nobody from making an order.
 */
export async function mustBePresent(
  genesis: NetworkGenesis,
  network: ValidatorNetwork,
  authority: Authority,
): Promise<void> {
  const here = authority.committee.epoch;
  const heard = await askEach(
    network,
    genesis,
    roster(genesis),
    { case: 'sayCommittee', value: { $typeName: 'firebreak.v1.SayCommittee', afterEpoch: here } },
    Round.COMMITTEE_STATE,
    within(PATIENCE_SECONDS, 'committee-state'),
  );
  const followed = Math.max(here, ...heard.map((one) => provenEpoch(one, authority)));
  if (followed > here) throw notPresent(here, followed);
}

export const notPresent = (here: number, followed: number): FirebreakFailure =>
  new FirebreakFailure(
    'policy.order-epoch',
    `validators follow epoch ${followed} of the committee, and what was given here leads to epoch ${here}: give --chain`,
    { here, followed },
  );

/** How far the epochs lead that a validator shows; an older build knows no epochs, and what proves nothing leads nowhere. */
function provenEpoch(heard: Heard, authority: Authority): number {
  let reached = authority;
  if (!heard.ok) return reached.committee.epoch;
  try {
    for (const bytes of fromBinary(CommitteeStateSchema, heard.opened.payload).signedEpochs) {
      const next = judgeEpoch(parseSignedEpoch(bytes, 'epoch of a validator'), reached);
      if (!next.ok) break;
      reached = next.value;
    }
  } catch {
    // as far as could be read
  }
  return reached.committee.epoch;
}
