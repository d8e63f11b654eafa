import type { Heard } from '../../plugins/testkit/notifier.ts';
import { httpPeer, type PeerAnswer, type PeerRequest } from '../../plugins/testkit/http-peer.ts';

export const SLACK_CHANNEL = 'C0123456789';
type Block = {
  readonly type: string;
  readonly text: { readonly type: string; readonly text: string; readonly emoji?: boolean };
};
type Post = {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly thread_ts?: string;
  readonly ts?: string;
  readonly metadata?: { readonly event_type: string; readonly event_payload: Record<string, unknown> };
  readonly [option: string]: unknown;
};
type Message = Post & { readonly ts: string };
const no = (error: string): PeerAnswer => ({ status: 200, body: { ok: false, error } });
const yes = (body: Record<string, unknown>): PeerAnswer => ({ status: 200, body: { ok: true, ...body } });

/** The four methods of Slack's Web API that the plug-in uses, as documented: 200 with `ok: false` for a no, blocks of at most 3,000 characters. */
export async function slackPeer(token: string, { mayRead = true, port = 0 } = {}) {
  const messages: Message[] = [];
  const methods: Readonly<Record<string, (post: Post, query: URLSearchParams) => PeerAnswer>> = {
    'chat.postMessage': (post) => {
      const wrong = problemOf(post);
      if (wrong !== undefined) return no(wrong);
      const ts = `1764${String(messages.length).padStart(6, '0')}.000100`;
      messages.push({ ...post, ts });
      return yes({ channel: post.channel, ts, message: { text: post.text } });
    },
    'chat.update': (post) => {
      const at = messages.findIndex(({ ts }) => ts === post.ts);
      const before = messages[at];
      if (before === undefined) return no('message_not_found');
      const wrong = problemOf(post);
      if (wrong !== undefined) return no(wrong);
      messages[at] = { ...before, ...post, ts: before.ts };
      return yes({ channel: post.channel, ts: before.ts });
    },
    'conversations.history': (_post, query) => read(query, () => true),
    'conversations.replies': (_post, query) => read(query, ({ thread_ts: thread }) => thread === query.get('ts')),
  };
  const read = (query: URLSearchParams, wanted: (message: Message) => boolean): PeerAnswer => {
    if (!mayRead) return no('missing_scope');
    if (query.get('channel') !== SLACK_CHANNEL) return no('channel_not_found');
    if (query.get('include_all_metadata') !== 'true') return yes({ messages: [] });
    return yes({ messages: messages.filter(wanted).map(({ ts, text, metadata }) => ({ ts, text, metadata })) });
  };
  const call = ({ path, headers, body }: PeerRequest): PeerAnswer => {
    const { pathname, searchParams } = new URL(path, 'http://slack');
    if (headers.authorization !== `Bearer ${token}`) return no('invalid_auth');
    const method = methods[pathname.replace('/api/', '')];
    if (method === undefined) return no('unknown_method');
    return method(body === '' ? ({} as Post) : (JSON.parse(body) as Post), searchParams);
  };
  const moods = {
    throttling: { status: 429, headers: { 'retry-after': '2' }, body: { ok: false, error: 'ratelimited' } },
    broken: no('internal_error'),
    refusing: no('channel_not_found'),
    locked: no('token_revoked'),
  };
  const peer = await httpPeer(call, moods, port);
  const shown = (message: Message) => {
    const [headline = '', ...text] = message.blocks.map((block) => block.text.text);
    return { headline, text: text.join('\n') };
  };
  return {
    ...peer,
    /** The first message is edited to the newest state; the thread has the rest of the story. */
    heard: async (): Promise<readonly Heard[]> =>
      messages
        .filter(({ thread_ts: thread }) => thread === undefined)
        .map((first) => ({
          said: [shown(first), ...messages.filter(({ thread_ts: thread }) => thread === first.ts).map(shown)],
        })),
    hazards: async (): Promise<readonly string[]> => messages.flatMap(hazardsOf),
  };
}

function problemOf({ channel, text, blocks, metadata }: Post): string | undefined {
  if (channel !== SLACK_CHANNEL) return 'channel_not_found';
  if (typeof text !== 'string' || !Array.isArray(blocks)) return 'no_text';
  if (blocks.length > 50) return 'invalid_blocks';
  const tooLong = (block: Block): boolean => block.text.text.length > 3_000 || block.text.text === '';
  if (blocks.some((block) => block.type !== 'section' || tooLong(block))) return 'invalid_blocks';
  if (metadata !== undefined && JSON.stringify(metadata).length > 16_384) return 'metadata_too_large';
  return undefined;
}

/** Slack reads `<…>` in `text` and in mrkdwn blocks; in `plain_text` it reads nothing. */
function hazardsOf({ text, blocks, ...options }: Message): readonly string[] {
  const found: string[] = [];
  if (/[<>]/.test(text)) found.push(`text has a control sequence: ${text}`);
  if (options['parse'] !== 'none' || options['link_names'] !== false) found.push('names and links in text are read');
  if (options['unfurl_links'] !== false || options['unfurl_media'] !== false) found.push('links are unfurled');
  for (const block of blocks) {
    if (block.text.type !== 'plain_text' || block.text.emoji !== false)
      found.push(`a block reads markup: ${block.text.text}`);
  }
  return found;
}
