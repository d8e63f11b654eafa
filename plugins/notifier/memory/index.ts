import { z } from 'zod';
import { headlineOf, inertNotice, type Notice } from '../../../domain/notification/notice.ts';
import { CONTRACT_VERSION, type Plugin } from '../../../domain/plugin/manifest.ts';
import type { EffectContext } from '../../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../../domain/ports/notifier.ts';
import { parseSection } from '../../config-failure.ts';
import { failure } from '../http.ts';

const schema = z.strictObject({});
export type MemoryNotifierConfig = z.infer<typeof schema>;
/** Given by whoever wants to read what people would have read; bounded by its owner. */
export type MemoryNotifierComponents = { readonly told?: ToldMessage[] };

/** One conversation as a person sees it. */
export type ToldMessage = {
  readonly reference: string;
  readonly thread: string;
  readonly said: { readonly key: string; readonly headline: string; readonly body: string }[];
  over: boolean;
};

const CONVERSATIONS_MAX = 10_000;

class MemoryNotifier implements Notifier {
  readonly route = 'memory';
  readonly #told: ToldMessage[];

  constructor(told: ToldMessage[]) {
    this.#told = told;
  }

  async send(notice: Notice, context: EffectContext): Promise<DeliveryReceipt> {
    context.signal.throwIfAborted();
    const open = this.#told.find(({ thread, over }) => thread === notice.thread && !over);
    if (open !== undefined) return this.#say(open, notice, context);
    if (this.#told.length >= CONVERSATIONS_MAX) throw failure('unavailable.notifier-down', 'memory', 'is full');
    const begun = { reference: `memory-${this.#told.length + 1}`, thread: notice.thread, said: [], over: false };
    this.#told.push(begun);
    return this.#say(begun, notice, context);
  }

  async update(notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> {
    return this.#say(this.#find(first), notice, context);
  }

  async resolve(notice: Notice, first: DeliveryReceipt, context: EffectContext): Promise<DeliveryReceipt> {
    const known = this.#find(first);
    const receipt = this.#say(known, notice, context);
    known.over = true;
    return receipt;
  }

  #find({ reference }: DeliveryReceipt): ToldMessage {
    const known = this.#told.find((message) => message.reference === reference);
    if (known === undefined) throw failure('input.notifier-refused', 'memory', 'knows no such conversation');
    return known;
  }

  #say(message: ToldMessage, notice: Notice, context: EffectContext): DeliveryReceipt {
    context.signal.throwIfAborted();
    const { idempotencyKey: key } = context;
    const inert = inertNotice(notice);
    if (!message.said.some((one) => one.key === key))
      message.said.push({ key, headline: headlineOf(inert), body: inert.body });
    const { exercise } = notice;
    return { route: this.route, reference: message.reference, state: 'shown', exercise, atMs: Date.now(), missed: 0 };
  }
}

/** The reference that the compliance suite is read against; nobody is told anything. */
export const memory =
  (_config: MemoryNotifierConfig) =>
  ({ told = [] }: MemoryNotifierComponents): Notifier =>
    new MemoryNotifier(told);

export const plugin: Plugin<MemoryNotifierConfig, MemoryNotifierComponents, Notifier> = {
  manifest: {
    kind: 'notifier',
    name: 'memory',
    contractVersion: CONTRACT_VERSION,
    summary: 'Messages that stay in this process, for tests and for outside authors to compare with: it tells nobody',
    capabilities: ['deduplicates', 'updates', 'resolves'],
    irreversible: [],
    configSchema: z.toJSONSchema(schema, { io: 'input' }),
  },
  parse: (input, where) => parseSection(schema, input, where),
  create: memory,
};
