import { validatorIds } from '../../devnet/layout.ts';
import { expect } from '@jest/globals';
import type { KeygenEvidence, SigningEvidence } from '../../domain/ceremony/evidence.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { auditNonces, type NonceUse } from '../../threshold/verify/nonce-audit.ts';
import { GENERATE_KEY } from '../../workflows/generate-key/messages.ts';
import { PAY_OUT } from '../../workflows/pay-out/messages.ts';
import { liveTest } from '../e2e/rig/evidence.ts';
import type { LiveNetwork } from '../../devnet/live-network.ts';
import { secretsIn } from '../../devnet/verdict/secrets.ts';
import { on } from '../e2e/rig/operator.ts';
import { requestsIn, usesInEvidence, usesInJournals } from '../../devnet/nonce-uses.ts';

/** Whatever was killed, replayed, taken over or asked twice on this network: no nonce met two requests. */
export function nonceScenes(live: () => LiveNetwork): void {
  const scene = liveTest.bind(undefined, 'nonces');

  scene(
    'no nonce commitment of any journal or transcript was used twice, and a seeded reuse is caught',
    live,
    async (net) => {
      const requests = requestsIn(net.layout.blobs);
      const { uses: journalled, unknown } = usesInJournals(net.layout, requests);
      const { uses: exported, transcripts } = await usesInTranscripts(net);
      const audit = auditNonces([...journalled, ...exported]);
      process.stdout.write(
        `    ${audit.examined} commitments examined, ${audit.distinct} distinct: ${journalled.length} uses in ${validatorIds().length} journals, ` +
          `${exported.length} in ${transcripts} transcripts, ${requests.size} requests written down\n`,
      );
      expect(journalled.length).toBeGreaterThan(0);
      expect(exported.length).toBeGreaterThan(0);
      expect(audit.reused).toEqual([]);
      expect(unknown).toEqual([]);
      // What left a validator stood in its journal before: every use that a transcript shows is there.
      const burnt = new Set(journalled.map(nameOf));
      expect(exported.filter((use) => !burnt.has(nameOf(use)))).toEqual([]);

      const [first] = journalled;
      const other = journalled.find(({ request }) => request !== first?.request);
      if (first === undefined || other === undefined) throw new Error('a seeded reuse needs two requests');
      const seeded = auditNonces([...journalled, { ...first, request: other.request }]);
      expect(seeded.reused.map(({ commitment }) => commitment)).toEqual([
        toHex(first.nonces.hiding),
        toHex(first.nonces.binding),
      ]);
    },
  );

  scene(
    'no share follows from all partial signatures that journals and transcripts hold, and a planted one does',
    live,
    async (net) => {
      const verdict = secretsIn(net.layout, validatorIds(), 'regtest');
      process.stdout.write(
        `    ${verdict.equations} equations over ${verdict.commitments} nonce commitments, of ${verdict.requests} requests and ` +
          `${verdict.transcripts} transcripts\n`,
      );
      expect(verdict.equations).toBeGreaterThan(20);
      expect(verdict).toMatchObject({ reused: 0, unplaced: 0, recovered: 0, seededRecovered: 1 });
    },
  );
}

const nameOf = ({ validator, request, input, nonces }: NonceUse): string =>
  `${validator} ${request} ${input} ${toHex(nonces.hiding)}`;

async function usesInTranscripts(
  net: LiveNetwork,
): Promise<{ readonly uses: NonceUse[]; readonly transcripts: number }> {
  const uses: NonceUse[] = [];
  let transcripts = 0;
  const query = `ExecutionStatus = 'Completed' AND WorkflowType IN ('${GENERATE_KEY}', '${PAY_OUT}')`;
  for await (const { workflowId } of net.client.workflow.list({ query })) {
    const { code, data } = await on(net, 'ceremony', 'evidence', workflowId);
    if (code !== 0) continue; // refused runs leave none
    transcripts += 1;
    uses.push(...usesInEvidence(data as unknown as SigningEvidence | KeygenEvidence));
  }
  return { uses, transcripts };
}
