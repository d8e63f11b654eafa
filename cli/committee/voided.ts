import { join } from 'node:path';
import type { SignedGrant } from '../../domain/committee/grant.ts';
import { readGrant } from '../documents.ts';
import { nowInSeconds } from '../duration.ts';
import { grantNamesIn, GRANTS_MAX } from '../grant/folder.ts';
import { typed } from '../report.ts';
import type { IntakeReport } from '../status/intake.ts';

/** What an earlier committee had signed here and nobody has signed anew: it allows nothing any more. Names, in order. */
export type Voided = {
  /** Playbooks that alerts start; their runs are refused. */
  readonly playbooks: readonly string[];
  /** Numbers of standing orders: their playbooks ask the committee for a signed freeze. */
  readonly standingOrders: readonly number[];
};

/** Under the committee of `epoch`. `intake` is what the api says it has loaded, `grants` the folder of standing orders; each may be unknown. */
export function voidedAt(
  epoch: number,
  { intake, grants }: { readonly intake: IntakeReport | undefined; readonly grants: string | undefined },
  nowSeconds: number = nowInSeconds(),
): Voided {
  const signedBy = intake?.up ? intake.signedBy : {};
  const orders = standingOrdersIn(grants).filter(({ grant }) => grant.limits.validUntilSeconds > nowSeconds);
  const isServed = (playbook: string): boolean =>
    orders.some(({ grant }) => grant.committeeEpoch >= epoch && planOf(grant) === playbook);
  return {
    playbooks: Object.keys(signedBy)
      .filter((name) => (signedBy[name] ?? epoch) < epoch)
      .sort(),
    standingOrders: orders.flatMap(({ grant }) =>
      grant.committeeEpoch < epoch && !isServed(planOf(grant)) ? [grant.number] : [],
    ),
  };
}

const planOf = (grant: SignedGrant['grant']): string => (grant.kind === 'standing-order' ? grant.playbook : '');

/** What cannot be read is no standing order to anybody. */
function standingOrdersIn(folder: string | undefined): readonly SignedGrant[] {
  if (folder === undefined) return [];
  try {
    return grantNamesIn(folder)
      .slice(0, GRANTS_MAX)
      .flatMap((name) => {
        try {
          return [readGrant(join(folder, name))];
        } catch {
          return [];
        }
      });
  } catch {
    return [];
  }
}

/** One line for each kind, with what makes it allowed again; nothing when nothing is void. */
export const voidedLines = (epoch: number, { playbooks, standingOrders }: Voided): readonly string[] => [
  ...(playbooks.length === 0
    ? []
    : [
        typed(
          `  VOID       not signed by the committee of epoch ${epoch}, alerts start them in vain: ${playbooks.join(', ')}: \`firebreak playbook sign\` with --chain`,
        ),
      ]),
  ...(standingOrders.length === 0
    ? []
    : [
        typed(
          `  VOID       standing order ${standingOrders.join(', ')} of an earlier committee, its playbook asks for a signed freeze: \`firebreak grant make\`, sign and install with --chain`,
        ),
      ]),
];
