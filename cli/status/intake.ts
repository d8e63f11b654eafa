import { z } from 'zod';
import { inertText } from '../../domain/alert/text.ts';
import { readJson, whySilent } from './reports.ts';

const REASONS_SHOWN_MAX = 3;
const REASON_CHARACTERS_MAX = 160;

const schema = z.looseObject({
  ready: z.boolean(),
  reasons: z.array(z.string()).max(1_000),
  /** Epoch of the committee that signed each playbook; nothing in an api of an older build. */
  signedBy: z.record(z.string().max(100), z.number()).default({}),
});

/** What an api says about itself, where alerts come in; a report only. */
export type IntakeReport =
  | { readonly up: false; readonly why: string }
  | ({ readonly up: true } & Readonly<z.infer<typeof schema>>);

/** `url` is the base of its metrics, without a path. One that is up and not ready answers too. Never throws. */
export async function askIntake(url: string): Promise<IntakeReport> {
  try {
    return { ...(await readJson(`${url}/health`, schema)), up: true };
  } catch (error) {
    return { up: false, why: whySilent(error) };
  }
}

/** One line for its state, and one for each thing that it complains of. */
export function intakeLines(report: IntakeReport): readonly string[] {
  if (!report.up) return [`  alerts in  DOWN: ${report.why}; senders keep what they cannot deliver`];
  const { ready, reasons } = report;
  const shown = reasons.slice(0, REASONS_SHOWN_MAX).map((reason) => `    ${inertText(reason, REASON_CHARACTERS_MAX)}`);
  const more = reasons.length > shown.length ? [`    and ${reasons.length - shown.length} more: its /health`] : [];
  return [`  alerts in  ${ready ? 'UP' : 'UP, TAKES NONE'}${reasons.length === 0 ? '' : ', but'}`, ...shown, ...more];
}
