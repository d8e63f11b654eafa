import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { type EmergencyStage, handled, note } from './stage.ts';
import { typeVerb } from './type-verb.ts';

const timesSchema = z.array(
  z.object({ measure: z.string(), clock: z.string(), tookMs: z.number().optional(), targetMs: z.number().optional() }),
);
const verifiedSchema = z.object({
  state: z.object({
    records: z.number(),
    outcome: z.string(),
    keys: z.array(z.unknown()),
    sweeps: z.array(z.object({ swept: z.number() })),
  }),
  checks: z.array(z.looseObject({ name: z.string() })),
  times: timesSchema,
});
export type Times = z.infer<typeof timesSchema>;

/** The bundle leaves the network, and a process that has nothing but the file and the pinned network judges it. */
export async function exportedAndVerified(stage: EmergencyStage): Promise<string> {
  const { layout } = stage.network;
  const { incident } = handled(stage);
  mkdirSync(layout.evidence, { recursive: true, mode: 0o700 });
  const bundle = join(layout.evidence, `${incident.key}.json`);
  rmSync(bundle, { force: true });
  await typeVerb(layout.operator.dir, ['evidence', 'export', incident.key, '--out', bundle, '--data', layout.root]);
  const elsewhere = mkdtempSync(join(tmpdir(), 'firebreak-evidence-'));
  try {
    copyFileSync(bundle, join(elsewhere, 'evidence.json'));
    copyFileSync(layout.network, join(elsewhere, 'network.json'));
    const said = await typeVerb(elsewhere, ['evidence', 'verify', 'evidence.json', '--network', 'network.json']);
    note(stage, 'verifier', 'found the evidence whole');
    const { state, checks, times } = verifiedSchema.parse(said);
    const swept = state.sweeps.reduce((sum, one) => sum + one.swept, 0);
    // Whoever runs this network may have vaults of their own by now.
    if (state.outcome !== 'done' || state.keys.length !== 1 || swept < stage.held.length)
      throw new FirebreakFailure(
        'unknown-outcome.story',
        `the evidence knows ${state.keys.length} new keys and ${swept} swept vaults, outcome ${state.outcome}`,
      );
    stage.times = times;
    return `VALID, ${state.records} records, ${checks.length} checks, ${bundle}`;
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
}
