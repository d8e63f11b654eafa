import { create, toBinary } from '@bufbuild/protobuf';
import { type NetworkGenesis, validatorId } from '../../../domain/network/network.ts';
import { sealEnvelope } from '../../../wire/envelope.ts';
import { type Envelope, Round, ValidatorStatusSchema } from '../../../wire/generated/firebreak/v1/messages_pb.js';
import type { TestNetwork } from './network.ts';

/** A liveness statement as anyone with a host key could sign it; an id outside the roster signs with the first host's key. */
export function statusOf(
  network: TestNetwork,
  genesis: NetworkGenesis,
  id: number,
  atMs: number,
  round: Round = Round.STATUS,
): Envelope {
  const host = network.hosts[id - 1] ?? network.hosts[0];
  if (host === undefined) throw new Error('a test network has hosts');
  const payload = toBinary(
    ValidatorStatusSchema,
    create(ValidatorStatusSchema, { state: 'ready', atMs: BigInt(atMs) }),
  );
  return sealEnvelope(
    genesis,
    validatorId(id),
    host.key,
    { suite: 'any', keyset: '', epoch: 0, ceremony: '', round },
    payload,
  );
}
