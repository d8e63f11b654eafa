import { FirebreakFailure } from '../errors/failure.ts';
import type { NetworkGenesis } from '../network/network.ts';
import type { Plan } from './plan.ts';
import type { Values } from './resolve.ts';
import { itemTypeOf } from './value.ts';

/**
 * Inputs name validators of this network, and no others: whoever typed a 99 meant another one, and every step about it would fail. Throws
 * `input.playbook-input`.
 */
export function requireListed(
  { inputs: declared }: Pick<Plan, 'inputs'>,
  inputs: Values,
  { name: network, validators }: Pick<NetworkGenesis, 'name' | 'validators'>,
): void {
  const listed = new Set<unknown>(validators.map(({ id }) => id));
  for (const [input, { type }] of Object.entries(declared)) {
    const value = inputs[input];
    if (value === undefined || (itemTypeOf(type) ?? type) !== 'validator') continue;
    const stranger = [value].flat().find((each) => !listed.has(each));
    if (stranger !== undefined)
      throw new FirebreakFailure(
        'input.playbook-input',
        `input ${input}: there is no validator ${JSON.stringify(stranger)} in ${network}, which has ${validators.length}`,
      );
  }
}
