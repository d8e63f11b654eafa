import { validatorId } from '../../domain/network/network.ts';
import { envelopeHex, putDocument } from '../documents.ts';
import { everyone } from '../gathering.ts';
import type { ActionBinding } from './binding.ts';
import { sightingStatements } from './sightings.ts';
import { statusOf } from './validators.ts';

/** A blob of what every validator that answers has signed now: about itself (state, tip, order, keysets), and about identities that it saw twice. */
export const evidenceActions: Readonly<Record<string, ActionBinding>> = {
  'evidence.gather': {
    effect: 'none',
    results: { blob: 'digest', validators: 'list<validator>' },
    perform: async ({ about, since }, { deps, attempt, untilMs }) => {
      const { accepted, refused, silent } = await statusOf(everyone(deps), { deps, attempt, untilMs });
      const blob = await putDocument(
        deps,
        {
          version: 1,
          kind: 'validator-statements',
          environment: deps.genesis.environment,
          network: deps.genesis.name,
          gatheredAtMs: deps.clock(),
          sinceMs: Number(since),
          ...(about === undefined ? {} : { about: Number(about) }),
          statements: [...accepted].map(([validator, opened]) => ({
            validator,
            envelope: envelopeHex(opened.envelope),
          })),
          sightings: await sightingStatements(about === undefined ? undefined : validatorId(Number(about)), {
            deps,
            attempt,
            untilMs,
          }),
          without: [...refused, ...silent].map(([validator, { code }]) => ({ validator, code })),
        },
        attempt,
      );
      return { blob: blob.digest, validators: [...accepted.keys()].sort((one, other) => one - other) };
    },
  },
};
