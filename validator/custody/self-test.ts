import { isCeremonyId, type KeyState } from '../../domain/ceremony/ceremony.ts';
import {
  certificateDigest,
  selfTestMessage,
  selfTestRequestDigest,
  selfTestTweak,
} from '../../domain/ceremony/digests.ts';
import { fromHex, toHex } from '../../domain/encoding/hex.ts';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { verifyingSuite } from '../../threshold/verify/suite.ts';
import {
  type ActivateKey,
  type Envelope,
  KeyActiveSchema,
  PartialSignaturesSchema,
  Round,
  SelfTestRequestSchema,
} from '../../wire/generated/firebreak/v1/messages_pb.js';
import { type Commitments, judgeSignerSet, readSignerSet } from './commitments.ts';
import type { KeysetRow } from './journal/journal.ts';
import type { AgentParts, Answer, StoredAnswer } from './parts.ts';
import { openFullRound } from './round.ts';
import { type AgreedSigning, release } from './signing.ts';
import { aboutKey, decode, say } from './statements.ts';
import { STEP } from './step-names.ts';

export type SelfTests = {
  give(request: Uint8Array): Promise<StoredAnswer>;
  activate(activation: ActivateKey): Answer;
};

/** An active one is there already: asking again is harmless. */
const ACTIVATABLE: ReadonlySet<KeyState> = new Set(['certified', 'tested', 'active']);

/**
 * All participants sign one message of ours on a derived output before the key gets addresses: a validator with a wrong share, or one
 * that another half of the network does not know, shows up here and not at the first payout. Whoever takes no part verifies the same
 * before it lets the key have addresses.
 */
export function createSelfTests(parts: AgentParts, commitments: Commitments): SelfTests {
  const { genesis, journal, keyring, clock } = parts;

  async function give(bytes: Uint8Array): Promise<StoredAnswer> {
    const stored = journal.releases.stored(selfTestRequestDigest(bytes));
    if (stored !== undefined) return accept(stored);
    const agreed = judge(bytes, (state) => state === 'certified', judgeSignerSet);
    return agreed.ok ? release(parts, commitments, agreed.value) : agreed;
  }

  function judge(
    bytes: Uint8Array,
    allowed: (state: KeyState) => boolean,
    read: typeof judgeSignerSet,
  ): Verdict<AgreedSigning> {
    const request = decode(SelfTestRequestSchema, bytes);
    if (request === undefined || !isCeremonyId(request.ceremony) || !request.ceremony.startsWith('selftest-')) {
      return refuse('input.request-malformed', 'the self-test request is not readable');
    }
    const { ceremony } = request;
    const keyset = keyring.require(request.keyset, allowed, 'be tested');
    if (!keyset.ok) return keyset;
    const key = keyset.value.package;
    const about = { key, ceremony, inputs: 1, need: key.participants.length, locked: '' };
    const signers = read(parts, request.commitments, about);
    if (!signers.ok) return signers;
    const input = {
      tweak: selfTestTweak(key),
      message: selfTestMessage(key, ceremony),
      signers: signers.value.signersOf(0),
      own: signers.value.ownOf(0),
    };
    const digest = selfTestRequestDigest(bytes);
    return accept({
      ceremony,
      digest,
      keyset: keyset.value,
      spend: undefined,
      signers: signers.value,
      inputs: [input],
    });
  }

  function activate({ request, partials, signature }: ActivateKey): Answer {
    const agreed = judge(request, (state) => ACTIVATABLE.has(state), readSignerSet);
    if (!agreed.ok) return agreed;
    const { keyset, ceremony } = agreed.value;
    if (keyset.state === 'active') return accept(activeOf(keyset, ceremony));
    if (keyset.state === 'certified') {
      const failed = verifyTest(agreed.value, partials, signature);
      if (failed !== undefined) return refuse('policy.self-test', `self-test of keyset ${keyset.keyset}: ${failed}`);
    }
    journal.atOnce(() => {
      if (keyset.state === 'certified') journal.keysets.test(keyset.keyset, signature);
      keyring.activate(keyset);
      journal.steps.record(`keygen-${keyset.keyset}`, STEP.keyActive, clock());
    });
    return accept(activeOf({ ...keyset, selfTestSignature: keyset.selfTestSignature ?? signature }, ceremony));
  }

  /** Undefined when every validator's own signed partial holds and their sum is the signature. */
  function verifyTest(test: AgreedSigning, partials: readonly Envelope[], signature: Uint8Array): string | undefined {
    const [input] = test.inputs;
    const key = test.keyset.package;
    const round = openFullRound(
      genesis,
      key.participants,
      partials,
      Round.SIGNING_PARTIAL,
      aboutKey(key, test.ceremony),
    );
    if (!round.ok) return round.refusal.message;
    if (input === undefined) return 'it has no input';
    const shares = new Map<ValidatorId, Uint8Array>();
    for (const [from, { payload }] of round.value) {
      const said = decode(PartialSignaturesSchema, payload);
      const [share] = said?.shares ?? [];
      if (said === undefined || share === undefined || toHex(said.requestDigest) !== test.digest) {
        return `the partial signature of validator ${from} is for something else`;
      }
      shares.set(from, share);
    }
    const wrong = verifyingSuite.wrongPartials(key, input.tweak, input.signers, input.message, shares);
    if (wrong.length > 0) return `the partial signature of validator ${wrong.join(', ')} does not verify`;
    const sum = verifyingSuite.aggregate(key, input.tweak, input.signers, input.message, shares);
    return Buffer.from(sum).equals(signature) ? undefined : 'its signature is not the sum of the partial ones';
  }

  const activeOf = ({ package: key, selfTestSignature }: KeysetRow, ceremony: string): Envelope =>
    say(parts, Round.KEY_ACTIVE, aboutKey(key, ceremony), KeyActiveSchema, {
      certificateDigest: fromHex(certificateDigest(key), 'certificate', 32),
      selfTestSignature: selfTestSignature ?? new Uint8Array(0),
    });

  return { give, activate };
}
