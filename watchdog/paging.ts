import { type Notice, threadOf } from '../domain/notification/notice.ts';
import type { DeliveryReceipt, Notifier } from '../domain/ports/notifier.ts';
import type { Logger } from '../telemetry/log.ts';
import type { WatchdogConfig } from './config.ts';
import { type Page, PAGES_MAX } from './memory.ts';
import { within } from './looks.ts';

const SEND_MS_MAX = 15_000;
/** So many looks in a row it is tried; after them with every `SLOW_EVERY`th, for as long as it takes. */
const FAST_TRIES = 60;
const SLOW_EVERY = 20;
/** Of a page that stands for several. */
const BODY_CHARACTERS_MAX = 2_000;

export const newPage = (page: Omit<Page, 'receipts' | 'tries' | 'resolved'>): Page => ({
  ...page,
  receipts: {},
  tries: 0,
  resolved: [],
});

/**
 * One more page. When there is no room, the oldest that somebody was told of goes; if nobody was told of any, the newest one says this too,
 * because a page that nobody has read is never dropped.
 */
export function withPage(pages: readonly Page[], page: Page): Page[] {
  if (pages.length < PAGES_MAX) return [...pages, page];
  const told = pages.findIndex(({ receipts }) => Object.keys(receipts).length > 0);
  if (told >= 0) return [...pages.toSpliced(told, 1), page];
  return pages.map((each, at) =>
    at === pages.length - 1
      ? { ...each, body: `${each.body}\nand: ${page.title} (${page.what})`.slice(0, BODY_CHARACTERS_MAX) }
      : each,
  );
}

/**
 * Tells what is not told yet, and says that it is over where people were told that it began. What a channel did not take is tried again at
 * the next look under the same name, later ever less often, and never given up. True when nothing is left to do.
 */
export async function deliver(
  page: Page,
  notifiers: Readonly<Record<string, Notifier>>,
  config: Pick<WatchdogConfig, 'network' | 'environment'>,
  logger: Logger,
  nowMs: number,
): Promise<boolean> {
  const names = Object.keys(notifiers);
  const untold = names.filter((channel) => page.receipts[channel] === undefined);
  const unresolved = page.over
    ? names.filter((channel) => page.receipts[channel] !== undefined && !page.resolved.includes(channel))
    : [];
  if (untold.length > 0 || unresolved.length > 0) page.tries += 1;
  if (page.tries <= FAST_TRIES || page.tries % SLOW_EVERY === 0) {
    await Promise.all([
      ...untold.map(async (channel) => {
        const receipt = await one(page, channel, 'lost', notifiers, config, logger, nowMs);
        if (receipt !== undefined) page.receipts[channel] = receipt;
      }),
      ...unresolved.map(async (channel) => {
        if ((await one(page, channel, 'back', notifiers, config, logger, nowMs)) !== undefined)
          page.resolved.push(channel);
      }),
    ]);
  }
  if (page.once) return names.every((channel) => page.receipts[channel] !== undefined);
  if (!page.over) return false;
  return names.every((channel) => page.resolved.includes(channel));
}

async function one(
  page: Page,
  channel: string,
  event: 'lost' | 'back',
  notifiers: Readonly<Record<string, Notifier>>,
  { network, environment }: Pick<WatchdogConfig, 'network' | 'environment'>,
  logger: Logger,
  nowMs: number,
): Promise<DeliveryReceipt | undefined> {
  const notifier = notifiers[channel];
  if (notifier === undefined) return undefined;
  const subject = `watchdog/${page.what}/${page.sinceMs}`;
  const notice: Notice = {
    thread: threadOf(`${environment}/${network}`, subject),
    severity: 'SEV1',
    exercise: environment !== 'production',
    title: event === 'lost' ? `${network}: ${page.title}` : `${network}: over: ${page.title}`,
    body: event === 'lost' ? page.body : 'It is found well again. Look whether anything was missed meanwhile.',
    issuedAtMs: nowMs,
  };
  const context = {
    idempotencyKey: `${subject}/${event}/${channel}`,
    signal: AbortSignal.timeout(SEND_MS_MAX),
    deadlineMs: nowMs + SEND_MS_MAX,
  };
  const first = page.receipts[channel];
  try {
    return await within(SEND_MS_MAX, () =>
      event === 'lost' || first === undefined
        ? notifier.send(notice, context)
        : notifier.resolve(notice, first, context),
    );
  } catch (error) {
    logger.warn({ channel, what: page.what, err: error }, 'a page was not taken');
    return undefined;
  }
}
