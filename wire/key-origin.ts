import type { KeyOrigin } from '../domain/ceremony/ceremony.ts';
import type { Digest } from '../domain/encoding/digest.ts';
import type { KeygenParameters } from './generated/firebreak/v1/messages_pb.js';

/**
 * The origin of proposed parameters as it will stand in the key's package. Shape is not judged: it counts only where it is the same
 * as what votes name, and those have a strict reader.
 */
export function originOf({ origin }: Pick<KeygenParameters, 'origin'>): KeyOrigin | undefined {
  if (origin === undefined) return undefined;
  const { run, step, playbook } = origin;
  return { run, step, playbook: playbook as Digest };
}
