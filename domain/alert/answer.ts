import { type Digest, documentDigest, TAGS } from '../encoding/digest.ts';
import type { Chosen } from './match.ts';

/** What an alert asks for: a playbook with its inputs. */
export type Answer = Pick<Chosen, 'playbook' | 'inputs'>;

/**
 * Which alerts share an incident: those of one network that ask for one playbook with equal inputs, whoever sends them and whatever they
 * are called. The version of the playbook is not in it: an open incident keeps its own.
 */
export const answerKey = (network: string, { playbook, inputs }: Answer): Digest =>
  documentDigest(TAGS.alertAnswer, { network, playbook, inputs });
