import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { SEVERITIES } from '../../domain/playbook/plan.ts';
import { commandIncident, raiseSeverity } from '../../workflows/incident/messages.ts';
import { withClient } from '../coordinator.ts';
import { readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import type { Screen } from '../screen.ts';
import { type SigningOptions, signCommand } from './command.ts';
import { incidentViewOf, mustBeIncident } from './find.ts';
import { sendSigned } from './following.ts';

export type SeverityOptions = SigningOptions & { readonly by: string; readonly reason: string };

/** Upwards on a word, downwards on a member's signature. */
export async function setSeverity(
  screen: Screen,
  options: SeverityOptions,
  id: string,
  given: string,
): Promise<Outcome> {
  const operator = readOperator(options.data);
  const severity = SEVERITIES.find((each) => each === given.toUpperCase());
  if (severity === undefined)
    throw new FirebreakFailure('input.usage', `a severity is one of ${SEVERITIES.join(', ')}`);
  const incident = mustBeIncident(operator, id);
  return withClient(operator, async (client) => {
    const handle = client.workflow.getHandle(incident);
    const { standing, execution } = await incidentViewOf(client, incident);
    const { by, reason } = options;
    const lower = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(standing.severity);
    const arguments_ = { severity, reason };
    const signed = lower
      ? await signCommand(
          screen,
          options,
          { incident, execution },
          { command: 'lower-severity', arguments: arguments_ },
        )
      : undefined;
    const receipt = await sendSigned(client, incident, () =>
      signed === undefined
        ? handle.executeUpdate(raiseSeverity, { args: [{ severity, by, reason }] })
        : handle.executeUpdate(commandIncident, { args: [signed], updateId: `command-${signed.command.number}` }),
    );
    return {
      data: { incident, before: standing.severity, severity: receipt.severity },
      lines: [`${incident}: ${standing.severity} becomes ${receipt.severity}`],
      next: `incident show ${id}`,
    };
  });
}
