import { z } from 'zod';
import { inertText } from '../../domain/alert/text.ts';

/** Text of an alert as it is printed: it went through the same on its way in, but Temporal's database is not ours alone. */
export const shown = (max: number) => z.string().transform((text) => inertText(text, max));

/** `AlertMemo` (workflows/record-alert/messages.ts) as it is read back. */
export const alertMemo = z.object({
  alert: z.object({
    source: shown(60),
    name: shown(100),
    severity: shown(60),
    network: shown(100),
    summary: shown(200),
    startedAtMs: z.number(),
  }),
  playbook: shown(100).nullable(),
  first: z.enum(['firing', 'resolved']).default('firing'),
  losing: z.number(),
  reason: shown(300).nullable(),
});
