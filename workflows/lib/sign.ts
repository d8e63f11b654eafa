import { patched } from '@temporalio/workflow';
import { signInTurn } from './sign-in-turn.ts';
import { signSideBySide } from './sign-side-by-side.ts';
import type { NotSigned, Signed, Signing } from './signing.ts';

export type { NotSigned, Signed } from './signing.ts';

/** Sessions until one is complete, each another ceremony with fresh nonces over the same transaction. */
export const sign = <Phase extends string>(signing: Signing<Phase>): Promise<Signed | NotSigned> =>
  patched('sessions-side-by-side') ? signSideBySide(signing) : signInTurn(signing);
