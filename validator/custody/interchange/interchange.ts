import { epochDigest, type SignedEpoch } from '../../../domain/committee/epoch.ts';
import type { SignedGrant } from '../../../domain/committee/grant.ts';
import { grantUseDigest, isStricter, type SignedGrantUse } from '../../../domain/committee/grant-use.ts';
import { outranks, type SignedOrder } from '../../../domain/committee/order.ts';
import { accept, type Refusal, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import type { Environment, NetworkGenesis, ValidatorId } from '../../../domain/network/network.ts';
import type { ChainFreeze, Journal } from '../journal/journal.ts';
import type { Remembered } from '../journal/remembered.ts';
import { documentText } from '../journal/documents.ts';
import { unionOf } from './union.ts';

/** Whose memory it is: nobody else's folder takes it. */
export type Owner = {
  readonly environment: Environment;
  readonly network: string;
  readonly validator: ValidatorId;
  /** Ed25519 public key of the host, hex. */
  readonly identity: string;
};

/** What one journal must never contradict, as it leaves one folder for another. Nothing in it is secret. */
export type Interchange = {
  readonly owner: Owner;
  readonly remembered: Remembered;
  /** Signed by others; the reader judges them again. */
  readonly epochs: readonly SignedEpoch[];
  readonly order: SignedOrder | undefined;
  readonly uses: readonly Use[];
  /** Its own, of a reorganisation beyond the bound, while no lift has ended it. */
  readonly chainFreeze: ChainFreeze | undefined;
};
export type Use = { readonly grant: SignedGrant; readonly use: SignedGrantUse };

export const ownerIn = ({ environment, name, validators }: NetworkGenesis, validator: ValidatorId): Owner => ({
  environment,
  network: name,
  validator,
  identity: validators.find(({ id }) => id === validator)?.identity ?? '',
});

export const interchangeOf = (journal: Journal, owner: Owner): Interchange => ({
  owner,
  remembered: journal.remembered.all(),
  epochs: journal.epochs.list(),
  order: journal.orders.current()?.signedOrder,
  uses: journal.grants.all().map(({ signedGrant, signedUse }) => ({ grant: signedGrant, use: signedUse })),
  chainFreeze: freezeOf(journal),
});

function freezeOf(journal: Journal): ChainFreeze | undefined {
  const held = journal.chainFreezes.current();
  return held && { tip: held.tip, reason: held.reason, afterOrder: held.afterOrder };
}

/** Both together, the same whichever comes first; or why they cannot both be of one honest validator. */
export function mergeOf(one: Interchange, other: Interchange): Verdict<Interchange> {
  const stranger = judgeOwner(other.owner, one.owner);
  if (stranger !== undefined) return { ok: false, refusal: stranger };
  const remembered = unionOf(one.remembered, other.remembered);
  if (!remembered.ok) return remembered;
  const epochs = new Map(one.epochs.map((signed) => [numberOf(signed), signed]));
  for (const signed of other.epochs) {
    const known = epochs.get(numberOf(signed));
    if (known !== undefined && epochDigest(known.epoch) !== epochDigest(signed.epoch))
      return refuse('conflict.interchange-committee', `two committees of epoch ${numberOf(signed)}`);
    epochs.set(numberOf(signed), known ?? signed);
  }
  return accept({
    owner: one.owner,
    remembered: remembered.value,
    epochs: [...epochs].toSorted(([a], [b]) => a - b).map(([, signed]) => signed),
    order: laterOf(one.order, other.order),
    uses: strictestOf([...one.uses, ...other.uses]),
    chainFreeze: longerOf(one.chainFreeze, other.chainFreeze),
  });
}

/** Without a freeze that was ended in this journal. Any other holds until the agent has looked at its own chain. */
export const asFarAsHeld = (journal: Journal, interchange: Interchange): Interchange =>
  interchange.chainFreeze !== undefined && journal.chainFreezes.hasEnded(interchange.chainFreeze)
    ? { ...interchange, chainFreeze: undefined }
    : interchange;

export function judgeOwner(theirs: Owner, ours: Owner): Refusal | undefined {
  const differs = (['environment', 'network', 'validator', 'identity'] as const).find(
    (field) => theirs[field] !== ours[field],
  );
  if (differs === undefined) return undefined;
  return {
    code: 'policy.interchange-identity',
    message: `the export is of ${differs} ${theirs[differs]}, not ${ours[differs]}`,
  };
}

/** One of each step of each run, in the order of their digests. */
function strictestOf(uses: readonly Use[]): readonly Use[] {
  const byStep = new Map<string, Use>();
  for (const used of uses) {
    const { grant, run, step } = used.use.use;
    const name = JSON.stringify([grant, run, step]);
    const known = byStep.get(name);
    if (known === undefined || isStricter(used.use.use, known.use.use)) byStep.set(name, used);
  }
  const named = [...byStep.values()].map((used) => [grantUseDigest(used.use.use), used] as const);
  return named.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, used]) => used);
}

/** The one that fewer lifts end; a copy that knows such a lift ends it by itself, as soon as it sees the block. */
function longerOf(one: ChainFreeze | undefined, other: ChainFreeze | undefined): ChainFreeze | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.afterOrder !== other.afterOrder) return one.afterOrder > other.afterOrder ? one : other;
  return documentText(one) <= documentText(other) ? one : other;
}

const numberOf = ({ epoch }: SignedEpoch): number => epoch.committee.epoch;

function laterOf(one: SignedOrder | undefined, other: SignedOrder | undefined): SignedOrder | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one.order.number !== other.order.number) return one.order.number > other.order.number ? one : other;
  return outranks(other.order, one.order) ? other : one;
}
