import { setTimeout as wait } from 'node:timers/promises';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import type { ValidatorId } from '../../../domain/network/network.ts';
import type { SignerClient } from '../../../validator/custody/signer/client.ts';
import type { PartialInput } from '../../../validator/custody/signer/operations.ts';
import type { Act, Deed } from './acts.ts';

const SLOW_MS = 2_500;
const LOOK_MS = 100;

/** A signer that does what it is told, and the rest of the validator around it is the real one: it journals, signs and sends what comes out. */
export function hostileSigner(
  inner: SignerClient,
  self: ValidatorId,
  told: () => Act | undefined,
  did: (deed: Deed) => void,
  leave: () => void = () => process.kill(process.pid, 'SIGKILL'),
): SignerClient {
  return {
    ...inner,
    async sign(key, sealedShare, inputs, purpose) {
      const honestly = () => inner.sign(key, sealedShare, inputs, purpose);
      const act = told();
      if (act !== undefined) did({ act, ceremony: purpose });
      switch (act) {
        case undefined:
          return honestly();
        case 'silent':
          while (told() === 'silent') await wait(LOOK_MS);
          throw new FirebreakFailure('unavailable.signer-timeout', 'this signer said nothing for a while');
        case 'slow':
          await wait(SLOW_MS);
          return honestly();
        case 'wrong-partial':
          return (await honestly()).map(oneOff);
        case 'other-message':
          return inner.sign(
            key,
            sealedShare,
            inputs.map((input) => ({ ...input, message: oneOff(input.message) })),
            purpose,
          );
        case 'equivocates': {
          const others = await inner.commit(key, sealedShare, inputs.length, purpose);
          const changed = inputs.map((input, at): PartialInput => {
            const own = others[at] ?? input.own;
            const signers = input.signers.map((each) => (each.validator === self ? { ...each, nonces: own } : each));
            return { ...input, own, signers };
          });
          return inner.sign(key, sealedShare, changed, purpose);
        }
        case 'leaves':
          leave();
          return honestly();
      }
    },
  };
}

/** Another number or message of the same length. */
function oneOff(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  return changed;
}
