import { fewestParticipants, judgeParticipants } from '../../domain/ceremony/participants.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorId } from '../../domain/network/network.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { releaseRequestDigest } from '../../domain/vault/terms.ts';
import { parseKeyCertificate, parseSignedReleaseRequest } from '../../wire/documents/index.ts';
import { putDocument } from '../documents.ts';
import type { Doing, ProcessBinding } from './binding.ts';

/** The custody processes as playbooks start them. Their ids are the locks that a start by hand takes too. */
export const custodyProcesses: Readonly<Record<string, ProcessBinding>> = {
  generateKey: {
    effect: 'irreversible',
    prepare: async ({ epoch, purpose, participants, smallest }, { deps, attempt, asked }) => {
      const { run, step, playbook, proof } = asked;
      const origin = { run, step, playbook };
      const named = (Array.isArray(participants) ? participants : []).map((id) => validatorId(Number(id)));
      const allowed = judgeParticipants(named, origin, deps.genesis);
      if (!allowed.ok) throw wrong('participants', allowed.refusal.message);
      const fewest = fewestParticipants(deps.genesis.threshold);
      if (Number(smallest) < fewest || Number(smallest) > named.length)
        throw wrong('smallest', `takes a number from ${fewest} to the ${named.length} participants`);
      if (proof === undefined) throw wrong('participants', 'nobody voted for this key');
      const network = deps.genesis.name;
      return {
        type: 'generateKey',
        workflowId: `generateKey/${network}/${String(epoch)}`,
        input: {
          network,
          epoch,
          purpose,
          participants: named,
          smallest,
          origin,
          proof: await putDocument(deps, proof, attempt),
        },
      };
    },
  },
  payOut: {
    effect: 'irreversible',
    prepare: async ({ release, certificate, watchFromHeight }, doing) => {
      const network = doing.deps.genesis.name;
      const signed = parseSignedReleaseRequest(await document('release', release, doing), 'release request');
      const ref = refOf('certificate', certificate);
      const { package: key } = parseKeyCertificate(await document('certificate', certificate, doing), 'certificate');
      return {
        type: 'payOut',
        workflowId: `payOut/${network}/${releaseRequestDigest(signed.request)}`,
        input: {
          network,
          signedReleaseRequest: signed,
          key: { keyset: key.keyset, epoch: key.epoch, certificate: ref },
          watchFromHeight: Number(watchFromHeight),
        },
      };
    },
  },
  sweepVaults: {
    effect: 'irreversible',
    prepare: async ({ fromEpoch, toEpoch, certificate }, { deps, attempt, asked }) => {
      const { step, proof, epochs } = asked;
      if (proof === undefined) throw wrong('certificate', 'nobody voted for this sweep');
      const network = deps.genesis.name;
      const [from, to] = [Number(fromEpoch), Number(toEpoch)];
      if (to <= from) throw wrong('toEpoch', `coins go to a later key than that of epoch ${from}`);
      return {
        type: 'sweepVaults',
        workflowId: `sweepVaults/${network}/${from}-${to}`,
        input: {
          network,
          fromEpoch: from,
          toEpoch: to,
          certificate,
          step,
          proof: await putDocument(deps, proof, attempt),
          epochs: await putDocument(deps, epochs, attempt),
        },
      };
    },
  },
};

/** How playbooks name a document: `<SHA-256>:<bytes>`, which is what members see and sign. */
function refOf(argument: string, text: unknown): BlobRef {
  const [, digest, size] = /^([0-9a-f]{64}):([1-9][0-9]{0,8})$/.exec(String(text)) ?? [];
  if (digest === undefined) throw wrong(argument, 'is not the name of a document, `<SHA-256>:<bytes>`');
  return { digest: digest as BlobRef['digest'], sizeBytes: Number(size) };
}

const document = (
  argument: string,
  text: unknown,
  { deps, attempt }: Pick<Doing, 'deps' | 'attempt'>,
): Promise<Uint8Array> => deps.blobs.get(refOf(argument, text), attempt);

const wrong = (argument: string, why: string): FirebreakFailure =>
  new FirebreakFailure('input.capability-argument', `${argument}: ${why}`, { argument });
