import type { SignedGrant } from '../committee/grant.ts';
import type { ReadContext } from './context.ts';

/** What the committee has allowed beforehand, as this installation was given it. Whoever uses a grant judges it; so does every validator. */
export type GrantSource = {
  list(context: ReadContext): Promise<readonly SignedGrant[]>;
};
