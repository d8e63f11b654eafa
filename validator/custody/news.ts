import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { SignedEpoch } from '../../domain/committee/epoch.ts';
import type { SignedGrant } from '../../domain/committee/grant.ts';
import type { SignedGrantUse } from '../../domain/committee/grant-use.ts';
import type { SignedOrder } from '../../domain/committee/order.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { AnnouncementSchema } from '../../wire/generated/firebreak/v1/messages_pb.js';
import type { AgentLogger } from './dependencies.ts';

/** What this validator has newly obeyed, and tells all others: each proves itself. */
export type News =
  | { readonly kind: 'order'; readonly order: SignedOrder }
  /** With the order that it came after, for whoever has not heard of that yet. */
  | { readonly kind: 'use'; readonly grant: SignedGrant; readonly use: SignedGrantUse; readonly order?: SignedOrder }
  | { readonly kind: 'epoch'; readonly epoch: SignedEpoch };

export const announcementOf = (news: News): Uint8Array =>
  toBinary(AnnouncementSchema, create(AnnouncementSchema, fieldsOf(news)));

function fieldsOf(news: News): MessageInitShape<typeof AnnouncementSchema> {
  switch (news.kind) {
    case 'order':
      return { signedOrder: canonicalBytes(news.order) };
    case 'use':
      return {
        ...(news.order === undefined ? {} : { signedOrder: canonicalBytes(news.order) }),
        signedGrant: canonicalBytes(news.grant),
        signedGrantUse: canonicalBytes(news.use),
      };
    case 'epoch':
      return { signedEpochs: [canonicalBytes(news.epoch)] };
  }
}

/** It is obeyed already: somebody who fails to pass it on changes nothing about that. */
export function tellAll<T>(listeners: readonly ((news: T) => void)[], news: T, logger: AgentLogger): void {
  for (const listener of listeners) {
    try {
      listener(news);
    } catch (error) {
      logger.error({ err: error }, 'what was obeyed could not be passed on');
    }
  }
}
