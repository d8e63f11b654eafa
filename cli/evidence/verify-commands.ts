import type { AuditFacts, AuditRecord } from '../../domain/audit/record.ts';
import { judgeCommand, type SignedCommand } from '../../domain/incident/command.ts';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import { require } from '../ceremony/checks.ts';
import { accepted, type Context, documentOf, runOf } from './context.ts';

type Check<Kind extends keyof AuditFacts> = (context: Context, facts: AuditFacts[Kind], record: AuditRecord) => void;

/** Anybody may call an incident worse; that it is less bad a member of the committee has signed. */
export const severityChanged: Check<'severity.changed'> = (context, { from, to, reason }, record) => {
  const isLowered = [from, context.severity].some((each) => SEVERITIES.indexOf(to) > SEVERITIES.indexOf(each));
  context.severity = to;
  if (!isLowered) return;
  const command = commandOf(context, record, record.incident);
  require(command.command === 'lower-severity' &&
    command.arguments.severity === to &&
    command.arguments.reason === reason, 'its command says something else');
};

/** Anybody may stop a run; to take it back or to go on past what failed is signed. */
export const runTold: Check<'run.told'> = (context, { run, what, reason }, record) => {
  runOf(context, run);
  if (what !== 'undo' && what !== 'resume') return;
  const command = commandOf(context, record, run);
  require(command.command === what && command.arguments.reason === reason, 'its command says something else');
};

/** The command of a record, judged again as whoever obeyed it did: a newer one than those before, signed by a member for this execution. */
function commandOf(context: Context, record: AuditRecord, execution: string): SignedCommand['command'] {
  const signed = documentOf(
    context,
    record,
    'command',
    (bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')) as SignedCommand,
  );
  const { command, signature } = signed;
  require(signature.member === record.by, 'somebody else has signed its command');
  const here = {
    incident: record.incident.slice(0, record.incident.lastIndexOf('/')),
    execution,
    lastNumber: context.commands.get(execution) ?? 0,
  };
  accepted(judgeCommand(signed, here, context.authority, record.atMs));
  context.commands.set(execution, command.number);
  return command;
}
