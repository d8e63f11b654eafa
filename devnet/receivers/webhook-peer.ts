import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Heard } from '../../plugins/testkit/notifier.ts';
import { httpPeer, type PeerAnswer, type PeerRequest } from '../../plugins/testkit/http-peer.ts';

const WINDOW_SECONDS = 300;
type Message = Readonly<Record<'event' | 'key' | 'thread' | 'headline' | 'text', string>> & {
  readonly version: number;
};
type Conversation = {
  readonly thread: string;
  readonly keys: string[];
  readonly said: { headline: string; text: string }[];
  over: boolean;
};

/** A receiver that does what the README of the plug-in asks of one, written from that README. */
export async function webhookPeer(secret: string, port = 0) {
  const conversations: Conversation[] = [];
  const moods = {
    throttling: { status: 429, headers: { 'retry-after': '2' } },
    broken: { status: 500, body: { echo: secret } },
    refusing: { status: 422, body: { echo: secret } },
    locked: { status: 401 },
  };
  const peer = await httpPeer((request) => take(request, secret, conversations), moods, port);
  const heard = async (): Promise<readonly Heard[]> => conversations.map(({ said, over }) => ({ said, over }));
  return { ...peer, heard };
}

function take({ headers, body }: PeerRequest, secret: string, conversations: Conversation[]): PeerAnswer {
  const timestamp = String(headers['firebreak-timestamp']);
  const right = Buffer.from(`v1=${createHmac('sha256', secret).update(`v1:${timestamp}:${body}`).digest('hex')}`);
  const given = Buffer.from(String(headers['firebreak-signature']));
  if (given.length !== right.length || !timingSafeEqual(given, right)) return { status: 401 };
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > WINDOW_SECONDS) return { status: 401 };
  const message = JSON.parse(body) as Message;
  if (message.version !== 1 || !['send', 'update', 'resolve'].includes(message.event)) return { status: 400 };
  const { thread, key, headline, text, event } = message;
  let conversation = conversations.find((one) => one.thread === thread);
  if (conversation === undefined) {
    conversation = { thread, keys: [], said: [], over: false };
    conversations.push(conversation);
  }
  if (conversation.keys.includes(key)) return { status: 200 };
  conversation.keys.push(key);
  conversation.said.push({ headline, text });
  conversation.over ||= event === 'resolve';
  return { status: 200 };
}
