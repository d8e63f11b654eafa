import { sign } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../../domain/errors/failure.ts';
import { validatorId } from '../../../domain/network/network.ts';
import { dealKeyset } from '../../../threshold/testkit/keyset.ts';
import { packageDigest } from '../../../threshold/verify/certificate.ts';
import { carrying } from '../testkit/carrying.ts';
import { TestJournals } from '../testkit/journals.ts';
import { type HostKey, hostKey, testNetwork } from '../testkit/network.ts';
import { importInto } from './import.ts';
import { interchangeOf, ownerIn } from './interchange.ts';

const journals = new TestJournals();
afterEach(() => journals.dispose());

const network = testNetwork(4, 3);
const { genesis } = network;
const self = validatorId(2);
const { partsOf } = carrying(genesis, self, 1_800_000_000_000);
const { key } = dealKeyset('imported', 4, 3);

/** An export with one key that is signed by these hosts. */
function importing(hosts: readonly HostKey[]) {
  const into = journals.open(journals.newFolder());
  const certificate = {
    package: key,
    signatures: key.participants.map((validator, at) => ({
      validator,
      signature: sign(null, packageDigest(key), (hosts[at] ?? hostKey()).key).toString('hex'),
    })),
  };
  const { keyset, epoch } = key;
  const text = Buffer.from(canonicalBytes(certificate)).toString();
  const keysets = [{ keyset, epoch, brake: 'compromised' as const, certificate: text }];
  const file = { ...interchangeOf(into, ownerIn(genesis, self)), remembered: { ...into.remembered.all(), keysets } };
  return { into, work: () => importInto(partsOf(into), file) };
}

test('a key that all its participants signed comes with an import, and one under the signature of somebody else does not', () => {
  const good = importing(network.hosts);
  good.work();
  expect(good.into.keysets.get(key.keyset)).toMatchObject({ state: 'compromised', sealedShare: undefined });

  const forged = importing([...network.hosts.slice(0, 3), hostKey()]);
  let code = 'none';
  try {
    forged.work();
  } catch (error) {
    code = error instanceof FirebreakFailure ? error.code : String(error);
  }
  expect(code).toBe('policy.interchange-document');
  expect(forged.into.keysets.list()).toEqual([]);
});
