import { isFrozen } from '../../domain/committee/order.ts';
import { validatorName } from '../../domain/network/network.ts';
import type { AgentReport } from '../custody/agent.ts';
import { sessionBody } from './session.ts';
import type { ValidatorView } from './view.ts';

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

const API = '/api/v1';

/** Paths and fields are those of the specification (002 §9), with ours beside them. */
const ROUTES: ReadonlyMap<string, (view: ValidatorView) => Answer> = new Map([
  ['/health', health],
  [`${API}/health`, health],
  ['/can-sign', canSign],
  [`${API}/status`, status],
  [`${API}/key_share/public`, publicShare],
]);
const SESSION = `${API}/signing/session/`;

/** Every path that is answered, as docs/reference/http.md writes it. */
export const apiPaths: readonly string[] = [...ROUTES.keys(), `${SESSION}<ceremony>`];

/** One path of the read-only API; undefined is 404. */
export function answerPath(path: string, view: ValidatorView): Answer | undefined {
  const route = ROUTES.get(path);
  if (route !== undefined) return route(view);
  return path.startsWith(SESSION) ? session(path.slice(SESSION.length), view) : undefined;
}

/** 503 only when a person or a restart is needed: a validator that waits for its node is healthy. */
function health(view: ValidatorView): Answer {
  const { state, reasons } = view.report();
  const chain = view.chain();
  return {
    status: state === 'halted' || state === 'draining' ? 503 : 200,
    body: { status: state, reasons, bitcoin_synced: chain.synced, stacks_synced: null, ...tip(view) },
  };
}

function canSign(view: ValidatorView): Answer {
  const report = view.report();
  const reasons = whyNot(report, view);
  return {
    status: reasons.length === 0 ? 200 : 503,
    body: { can_sign: reasons.length === 0, state: report.state, reasons, ...tip(view) },
  };
}

function whyNot(report: AgentReport, view: ValidatorView): string[] {
  const reasons: string[] = [];
  // a degraded validator answers questions and joins key generations, but releases no partial signature
  if (report.state !== 'ready') reasons.push(`state is ${report.state}`, ...report.reasons);
  if (isFrozen(report.orders, view.clock() / 1000)) reasons.push(`payouts are frozen by ${brakeOf(report)}`);
  const key = activeKey(report);
  if (key === undefined) reasons.push('no active key');
  else if (!key.participants.includes(view.self)) reasons.push('no share of the active key');
  return reasons;
}

function status(view: ValidatorView): Answer {
  const report = view.report();
  const nowMs = view.clock();
  const at = report.lastSignatureAtMs;
  return {
    status: 200,
    body: {
      validator_id: validatorName(view.self),
      peer_count: view.transport.connected().length,
      last_signature: at === undefined ? null : new Date(at).toISOString(),
      uptime_seconds: Math.floor((nowMs - view.startedAtMs) / 1000),
      state: report.state,
      reasons: report.reasons,
      environment: view.genesis.environment,
      network: view.genesis.name,
      order_number: report.orders.number,
      frozen_until_seconds: isFrozen(report.orders, nowMs / 1000) ? report.orders.frozenUntilSeconds : null,
      frozen_by: isFrozen(report.orders, nowMs / 1000) ? (report.frozenBy ?? null) : null,
      freezes_left: view.freezesLeft(),
      committee_epoch: report.committee.epoch,
      committee_digest: report.committee.digest,
      grant_uses: report.grantUses,
      double_signed: report.doubleSigned,
      keysets: report.keysets.map(({ keyset, epoch, state, participants }) => ({
        keyset,
        epoch,
        state,
        share: participants.includes(view.self),
      })),
      identities_seen_twice: report.sightings.map(({ validator, addresses, journals, firstAtMs, lastAtMs }) => ({
        validator_id: validatorName(validator),
        addresses,
        journals,
        first_at: new Date(firstAtMs).toISOString(),
        last_at: new Date(lastAtMs).toISOString(),
      })),
      bitcoin_nodes: (view.chain().nodes ?? []).map(({ name, isInUse, tipHeight, says, code }) => ({
        node: name,
        in_use: isInUse,
        tip_height: tipHeight ?? null,
        says,
        code: code ?? null,
      })),
      version: view.version,
      ...tip(view),
    },
  };
}

function publicShare(view: ValidatorView): Answer {
  const report = view.report();
  const key = activeKey(report);
  if (key === undefined || !key.participants.includes(view.self))
    return { status: 404, body: { error: 'NoActiveKey', message: 'this validator holds no share of an active key' } };
  return {
    status: 200,
    body: {
      public_key_share: key.publicKeyShare,
      combined_public_key: key.combinedPublicKey,
      keyset: key.keyset,
      epoch: key.epoch,
    },
  };
}

function session(id: string, view: ValidatorView): Answer {
  const found = /^[a-z]+-[0-9a-f]{1,64}$/.test(id) ? view.session(id) : undefined;
  if (found === undefined) {
    return {
      status: 404,
      body: { error: 'SessionNotFound', message: 'this validator knows no ceremony of that name' },
    };
  }
  return { status: 200, body: sessionBody(found, view.genesis.threshold) };
}

function brakeOf({ orders, frozenBy }: AgentReport): string {
  if (frozenBy === undefined || frozenBy.kind === 'order') return `order ${orders.number}`;
  if (frozenBy.kind === 'own-chain')
    return `this validator itself until a lift above order ${frozenBy.number} names a block of the chain (${frozenBy.reason})`;
  return `${frozenBy.kind} ${frozenBy.number}, used by ${frozenBy.run} at ${frozenBy.step}`;
}

/** The newest key that gives addresses, whoever has shares of it. */
export const activeKey = (report: AgentReport) =>
  report.keysets.filter(({ state }) => state === 'active').sort((a, b) => b.epoch - a.epoch)[0];

/** Whoever states something about the chain says at which block. */
function tip(view: ValidatorView): { readonly tip_hash: string; readonly tip_height: number } {
  const { hash, height } = view.chain().tip;
  return { tip_hash: hash, tip_height: height };
}
