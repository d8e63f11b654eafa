import {
  type ConverterHint,
  DefaultPayloadConverter,
  type Payload,
  type SerializationContext,
} from '@temporalio/common';

/** Stands for bytes that nobody can read. It has no field, so that no handler takes it for what it waits for. */
class Unreadable {}

/**
 * The engine's converter, except that reading never throws: a throw in the middle of a message would park its workflow for good, before any
 * code of ours could refuse the message. What it writes is what clients and activities write.
 */
class TotalPayloadConverter extends DefaultPayloadConverter {
  override fromPayload<T>(payload: Payload, context?: SerializationContext, hint?: ConverterHint<T>): T {
    try {
      return super.fromPayload<T>(payload, context, hint);
    } catch {
      return new Unreadable() as T;
    }
  }
}

/** The name under which the bundle's runtime looks for it. */
export const payloadConverter: DefaultPayloadConverter = new TotalPayloadConverter();
