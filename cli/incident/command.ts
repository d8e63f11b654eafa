import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import {
  type Commanded,
  commandDigest,
  type IncidentCommand,
  judgeCommand,
  type SignedCommand,
} from '../../domain/incident/command.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority } from '../authority.ts';
import { readMemberKey, seatOfKey } from '../member-key.ts';
import { paint, type Screen } from '../screen.ts';

export type SigningOptions = CommitteeOptions & {
  readonly key?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
};

/** Within this a command has to arrive; it is made to be sent at once. */
const VALID_SECONDS = 600;

/** Shows what is commanded with the digest that is computed here, asks, and signs with the member's own key. */
export async function signCommand(
  screen: Screen,
  options: SigningOptions,
  target: { readonly incident: string; readonly execution: string },
  commanded: Commanded,
): Promise<SignedCommand> {
  if (options.key === undefined)
    throw new FirebreakFailure(
      'input.usage',
      `${commanded.command} is signed by a member of the committee: give --key`,
    );
  const authority = presentAuthority(options);
  using member = await readMemberKey(options.key);
  const { name } = seatOfKey(member, authority.committee, options.key).key;
  const nowMs = Date.now();
  const command: IncidentCommand = {
    version: 1,
    environment: authority.environment,
    network: authority.network,
    ...target,
    number: nowMs,
    expiresAtSeconds: Math.floor(nowMs / 1_000) + VALID_SECONDS,
    ...commanded,
  };
  const digest = commandDigest(command);
  if (options.json !== true) {
    screen.out(`${paint(screen, 'strong', `${command.command} ${target.execution}`)}\n`);
    for (const [argument, value] of Object.entries(command.arguments)) screen.out(`  ${argument.padEnd(8)} ${value}\n`);
    screen.out(`  digest   ${digest} (computed here)\n`);
  }
  await confirm(screen, { text: `Sign as ${name}?`, flag: '--yes', given: options.yes === true });
  const signed: SignedCommand = { command, signature: { member: member.voter, signature: member.sign(digest) } };
  const judged = judgeCommand(signed, { ...target, lastNumber: 0 }, authority, nowMs);
  if (!judged.ok) throw failureOf(judged.refusal);
  return signed;
}
