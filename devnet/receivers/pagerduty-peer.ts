import type { Heard } from '../../plugins/testkit/notifier.ts';
import { httpPeer, type PeerAnswer, type PeerRequest } from '../../plugins/testkit/http-peer.ts';

const BYTES_MAX = 512 * 1_024;
const SEVERITIES = ['critical', 'error', 'warning', 'info'];
const invalid = (...errors: string[]): PeerAnswer => ({
  status: 400,
  body: { status: 'invalid event', message: 'Event object is invalid', errors },
});

type Event = { routing_key?: unknown; event_action?: unknown; dedup_key?: unknown; payload?: Record<string, unknown> };
type Alert = { readonly key: string; readonly said: { headline: string; text: string }[]; over: boolean };

/**
 * PagerDuty's Events API v2 as its documentation has it: required fields, allowed values, 512 kB, `dedup_key` of at most 255 characters;
 * a trigger for an open alert joins it, one after a resolve opens another; a resolve without an open alert is dropped, with 202.
 */
export async function pagerdutyPeer(routingKey: string, port = 0) {
  const alerts: Alert[] = [];
  const moods = {
    throttling: { status: 429, headers: { 'retry-after': '2' } },
    broken: { status: 503 },
    refusing: invalid("'payload.summary' is blank"),
    locked: { status: 403 },
  };
  const peer = await httpPeer((request) => enqueue(request, routingKey, alerts), moods, port);
  const heard = async (): Promise<readonly Heard[]> => alerts.map(({ said, over }) => ({ said, over }));
  return { ...peer, heard };
}

function enqueue({ path, headers, body }: PeerRequest, routingKey: string, alerts: Alert[]): PeerAnswer {
  if (path !== '/v2/enqueue') return { status: 404 };
  if (headers['content-type'] !== 'application/json') return invalid('content type');
  if (body.length > BYTES_MAX) return { status: 413 };
  const event = JSON.parse(body) as Event;
  if (event.routing_key !== routingKey) return invalid('routing_key is invalid');
  const action = String(event.event_action);
  if (!['trigger', 'acknowledge', 'resolve'].includes(action)) return invalid('event_action is invalid');
  const key = event.dedup_key;
  if (typeof key !== 'string' || key.length > 255) return invalid('dedup_key is invalid');
  const wrong = action === 'trigger' ? problems(event.payload ?? {}) : [];
  if (wrong.length > 0) return invalid(...wrong);
  const open = alerts.find((alert) => alert.key === key && !alert.over);
  const { summary, custom_details: details } = event.payload ?? {};
  const words = { headline: String(summary), text: String((details as { text?: unknown } | undefined)?.text) };
  if (action === 'resolve' && open !== undefined) {
    open.said.push(words);
    open.over = true;
  }
  if (action === 'trigger') {
    if (open === undefined) alerts.push({ key, said: [words], over: false });
    // An alert shows each new thing that was said; the same words again are one line in its log.
    else if (open.said.at(-1)?.headline !== words.headline) open.said.push(words);
  }
  return { status: 202, body: { status: 'success', message: 'Event processed', dedup_key: key } };
}

function problems(payload: Record<string, unknown>): string[] {
  const found: string[] = [];
  const { summary, source, severity, timestamp } = payload;
  if (typeof summary !== 'string' || summary === '' || summary.length > 1_024) found.push('summary');
  if (typeof source !== 'string' || source === '') found.push('source');
  if (!SEVERITIES.includes(String(severity))) found.push('severity');
  if (timestamp !== undefined && (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp))))
    found.push('timestamp');
  return found;
}
