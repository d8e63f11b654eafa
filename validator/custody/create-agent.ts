import { createPublicKey } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { committeeDigest } from '../../domain/committee/committee.ts';
import { toHex } from '../../domain/encoding/hex.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import type { ValidatorId } from '../../domain/network/network.ts';
import { AnnouncementSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { CustodyAgent } from './agent.ts';
import { Answering } from './answering.ts';
import { createCommittees } from './committees.ts';
import { ChainBrake } from './chain-brake.ts';
import { Counters } from './counters.ts';
import type { AgentDependencies } from './dependencies.ts';
import { createGrants } from './grants.ts';
import { createHearing } from './hearing.ts';
import type { KeysetRow } from './journal/journal.ts';
import { frozenBy } from './frozen-by.ts';
import { Keyring } from './keyring.ts';
import { createOrders } from './orders.ts';
import { LastKnown } from './last-known.ts';
import { createLocks } from './locks.ts';
import type { AgentParts } from './parts.ts';
import { sessionOf } from './sessions.ts';
import { hearStatus, Sightings } from './sightings.ts';
import { beginSpeaking } from './speaker.ts';
import { Standing } from './standing.ts';
import { statusStatement } from './status.ts';
import { Watching } from './watching.ts';

const SESSIONS_MAX = 1_000;

/**
 * The custody validator without transport. Opens nothing and owns nothing that needs closing; `stop` waits for what is being
 * answered. Throws `bug.agent-identity` when the host identity is not the one of the pinned roster.
 */
export function createAgent(dependencies: AgentDependencies): CustodyAgent {
  requireOwnIdentity(dependencies);
  const { genesis, self, journal, signer, clock, logger } = dependencies;
  const committees = createCommittees(dependencies);
  const parts: AgentParts = { ...dependencies, keyring: new Keyring(journal), authority: committees.authority };
  parts.keyring.settle();
  const startedAtMs = clock();
  const own = beginSpeaking(journal, startedAtMs);
  const sightings = new Sightings(dependencies, own);
  const standing = new Standing(() => sightings.twin());
  const known = new LastKnown(parts, standing);
  const counters = new Counters();
  const orders = createOrders(dependencies, committees);
  const grants = createGrants(dependencies, committees);
  const watching = new Watching(dependencies);
  const locks = createLocks(parts);
  const statement = () => statusStatement(parts, standing, known, own, sightings);
  const brake = new ChainBrake(dependencies, standing);
  const answering = new Answering(parts, {
    standing,
    counters,
    orders,
    grants,
    committees,
    watching,
    statement,
    sightings,
    locks,
  });
  const hearing = createHearing({ genesis, self, orders, grants, committees, sightings, clock });
  signer.onHalt((reason) => standing.halt(`unavailable.signer-stopped: ${reason}`));
  const watched = watching.resume();
  const lastBeforeMs = journal.releases.lastAtMs();

  return {
    handle(request, peer) {
      brake.look();
      return answering.handle(request, peer);
    },
    async hear(announcement) {
      const verdict = hearing.hear(announcement);
      return verdict === 'accept' || verdict === 'ignore' ? verdict : counters.drop(verdict);
    },
    hearStatus: (statement) => hearStatus(genesis, sightings, statement),
    hearLocks: (from, proposals, isFirst) => locks.hear(from, proposals, isFirst),
    isDoubted: () => standing.doubt !== undefined,
    announce() {
      brake.look();
      return toBinary(AnnouncementSchema, create(AnnouncementSchema, { liveness: statement() }));
    },
    async obey(order) {
      const obeyed = orders.obey(order);
      if (obeyed.ok) return obeyed.value.state;
      throw failureOf(obeyed.refusal);
    },
    setState(state, reasons) {
      brake.look();
      standing.set(state, reasons);
    },
    report() {
      brake.look();
      const { committee } = committees.authority();
      const ordered = known.orders();
      const keysets = known.keysets().map((row) => keysetReport(row, self));
      return {
        state: standing.state,
        reasons: standing.reasons,
        orders: ordered.state,
        ...frozenBy(ordered),
        committee: { epoch: committee.epoch, digest: committeeDigest(committee) },
        ...known.counts(),
        outflow: { signedSats: known.outflowSats(clock()), capSats: dependencies.policy.outflowCap.sats },
        keysets,
        counters: counters.report(answering.active),
        lastSignatureAtMs: answering.lastSignatureAtMs ?? lastBeforeMs,
        sightings: sightings.reports(),
      };
    },
    freezesLeft: () => known.freezesLeft(clock()),
    session: (ceremony) => sessionOf(journal, ceremony),
    sessions: (limit) =>
      journal.steps.ceremonies(Math.min(limit, SESSIONS_MAX)).flatMap((ceremony) => sessionOf(journal, ceremony) ?? []),
    onNews(listener) {
      orders.onNew((order) => listener({ kind: 'order', order }));
      grants.onNew((used) => listener({ kind: 'use', ...used }));
      committees.onNew((epoch) => listener({ kind: 'epoch', epoch }));
    },
    onBehind: (listener) => hearing.onBehind(listener),
    async stop() {
      standing.set('draining', ['stopping']);
      watching.stop();
      await watched;
      await answering.idle();
      logger.debug({}, 'the agent has stopped');
    },
  };
}

const keysetReport = ({ keyset, epoch, state, package: key }: KeysetRow, self: ValidatorId) => ({
  keyset,
  epoch,
  state,
  participants: key.participants,
  publicKeyShare: key.verifyingShares[key.participants.indexOf(self)] ?? '',
  combinedPublicKey: key.groupKey,
});

function requireOwnIdentity({ genesis, self, identity }: AgentDependencies): void {
  const listed = genesis.validators.find(({ id }) => id === self)?.identity;
  const { x } = createPublicKey(identity).export({ format: 'jwk' });
  if (listed !== undefined && toHex(new Uint8Array(Buffer.from(x ?? '', 'base64url'))) === listed) return;
  throw new FirebreakFailure(
    'bug.agent-identity',
    `the host identity is not that of validator ${self} in the pinned genesis`,
  );
}
