import { type Authority, type MemberSignature, seatOf } from '../committee/committee.ts';
import { signedBy } from '../committee/member-key.ts';
import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import { accept, refuse, type Verdict } from '../errors/failure.ts';
import type { Environment } from '../network/network.ts';
import type { Severity } from '../playbook/plan.ts';

/** What nobody may do by reaching the workflow engine alone: each makes a response weaker, or takes it back. */
export type Commanded =
  | { readonly command: 'undo'; readonly arguments: { readonly reason: string } }
  | { readonly command: 'resume'; readonly arguments: { readonly step: string; readonly reason: string } }
  | {
      readonly command: 'lower-severity';
      readonly arguments: { readonly severity: Severity; readonly reason: string };
    };
export type CommandName = Commanded['command'];

/** One instruction to one execution. What is signed is its RFC 8785 form under its own tag. */
export type IncidentCommand = {
  readonly version: 1;
  readonly environment: Environment;
  readonly network: string;
  readonly incident: string;
  /** Who must obey, by workflow and first execution: an incident, or a run of its playbook as votes call it. */
  readonly execution: string;
  /** Grows with each command that an execution obeys: an older one is not obeyed after a newer one. */
  readonly number: number;
  /** Unix seconds. */
  readonly expiresAtSeconds: number;
} & Commanded;

/** One member's word is enough: nothing that a command does replaces the signatures that an effect needs. */
export type SignedCommand = { readonly command: IncidentCommand; readonly signature: MemberSignature };

/** A command is an answer to what somebody sees now. */
export const COMMAND_SECONDS_MAX = 3_600;
/** Numbers are Unix milliseconds; a clock may be ahead by this much. One far ahead would use up all that follow. */
const NUMBER_AHEAD_MS_MAX = 300_000;

export const commandDigest = (command: IncidentCommand): Digest => documentDigest(TAGS.incidentCommand, command);

export type CommandRefusal =
  | 'policy.command-environment'
  | 'policy.command-execution'
  | 'policy.command-expired'
  | 'policy.command-lifetime'
  | 'policy.command-stranger'
  | 'policy.command-revoked'
  | 'policy.command-signature'
  | 'input.command-number'
  | 'conflict.command-number';

/** What the one who is asked to obey knows by itself. */
export type Commandable = { readonly incident: string; readonly execution: string; readonly lastNumber: number };

/** Whether this execution obeys, now. The value is the name of the member who signed. */
export function judgeCommand(
  { command, signature }: SignedCommand,
  here: Commandable,
  { environment, network, committee, former }: Authority,
  nowMs: number,
): Verdict<string, CommandRefusal> {
  if (command.environment !== environment || command.network !== network)
    return refuse('policy.command-environment', `command is for ${command.environment}/${command.network}`);
  if (command.incident !== here.incident || command.execution !== here.execution)
    return refuse('policy.command-execution', `command is for ${command.execution}`);
  const nowSeconds = Math.floor(nowMs / 1_000);
  if (command.expiresAtSeconds <= nowSeconds) return refuse('policy.command-expired', 'the command has expired');
  if (command.expiresAtSeconds > nowSeconds + COMMAND_SECONDS_MAX)
    return refuse('policy.command-lifetime', `a command counts for at most ${COMMAND_SECONDS_MAX} seconds`);
  if (!Number.isSafeInteger(command.number) || command.number > nowMs + NUMBER_AHEAD_MS_MAX)
    return refuse(
      'input.command-number',
      'the number of a command is the Unix time in milliseconds at which it was made',
    );
  if (command.number <= here.lastNumber)
    return refuse('conflict.command-number', `command ${command.number} is not above ${here.lastNumber}`);
  const seat = seatOf(committee, signature.member);
  if (seat === undefined)
    return former.has(signature.member)
      ? refuse('policy.command-revoked', `${signature.member.slice(0, 8)} had a seat in an earlier committee only`)
      : refuse('policy.command-stranger', `${signature.member.slice(0, 8)} has no seat`);
  return signedBy(seat.key, commandDigest(command), signature.signature)
    ? accept(seat.key.name)
    : refuse('policy.command-signature', `signature of ${seat.key.name} does not fit this command`);
}
