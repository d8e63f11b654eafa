import type { Stream } from '@libp2p/interface';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { MESSAGE_BYTES_MAX } from '../envelope.ts';
import type { StreamFailureCode } from './failures.ts';

/** Four bytes, big endian, before the payload: the reader knows the size before it keeps anything. */
const PREFIX_BYTES = 4;

/** The part of a libp2p stream that a frame needs; a test gives its own. */
export type FrameStream = Pick<
  Stream,
  'addEventListener' | 'removeEventListener' | 'send' | 'close' | 'abort' | 'onDrain' | 'readStatus' | 'status'
>;

/** Throws `input.frame-oversized` for a payload above `MESSAGE_BYTES_MAX`, `input.frame-malformed` for an empty one. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  checkLength(payload.length);
  const frame = new Uint8Array(PREFIX_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, PREFIX_BYTES);
  return frame;
}

/** Sends one frame and closes our end: nothing more will be said on this stream. */
export async function writeFrame(stream: FrameStream, payload: Uint8Array, signal: AbortSignal): Promise<void> {
  const frame = encodeFrame(payload);
  if (!stream.send(frame)) await stream.onDrain({ signal });
  await stream.close({ signal });
}

/**
 * Reads the one frame that the peer sends. The caller's signal is the deadline: when it fires, this rejects with
 * `unavailable.stream-silent` and the caller aborts the stream.
 */
export function readFrame(stream: FrameStream, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const gathered = new FrameBuffer();
    const settle = (act: () => void): void => {
      stream.removeEventListener('message', onMessage);
      stream.removeEventListener('end', onEnd);
      stream.removeEventListener('close', onEnd);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onMessage = (event: { readonly data: Uint8Array | { subarray(): Uint8Array } }): void => {
      try {
        const frame = gathered.add(event.data instanceof Uint8Array ? event.data : event.data.subarray());
        if (frame !== undefined) settle(() => resolve(frame));
      } catch (error) {
        settle(() => reject(error as Error));
      }
    };
    const onEnd = (): void =>
      settle(() =>
        reject(failure('unavailable.stream-ended', 'the peer ended the stream before its message was complete')),
      );
    const onAbort = (): void =>
      settle(() =>
        reject(failure('unavailable.stream-silent', 'the peer sent no complete message before the deadline')),
      );
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    stream.addEventListener('end', onEnd);
    stream.addEventListener('close', onEnd);
    stream.addEventListener('message', onMessage); // last: libp2p hands over what is already buffered
    if (stream.readStatus === 'closed') onEnd();
  });
}

/** Gathers pieces into one frame, and never holds more than the announced size. */
class FrameBuffer {
  private readonly prefix = new Uint8Array(PREFIX_BYTES);
  private prefixFilled = 0;
  private payload: Uint8Array | undefined;
  private filled = 0;

  /** The payload once it is complete. */
  add(piece: Uint8Array): Uint8Array | undefined {
    const rest = this.takePrefix(piece);
    if (this.payload === undefined) return undefined;
    if (rest.length > this.payload.length - this.filled) {
      throw failure('input.frame-malformed', 'the peer sent bytes after the end of its message');
    }
    this.payload.set(rest, this.filled);
    this.filled += rest.length;
    return this.filled === this.payload.length ? this.payload : undefined;
  }

  private takePrefix(piece: Uint8Array): Uint8Array {
    if (this.payload !== undefined) return piece;
    const take = Math.min(PREFIX_BYTES - this.prefixFilled, piece.length);
    this.prefix.set(piece.subarray(0, take), this.prefixFilled);
    this.prefixFilled += take;
    if (this.prefixFilled < PREFIX_BYTES) return new Uint8Array();
    const length = new DataView(this.prefix.buffer).getUint32(0);
    checkLength(length);
    this.payload = new Uint8Array(length);
    return piece.subarray(take);
  }
}

function checkLength(length: number): void {
  if (length > MESSAGE_BYTES_MAX) {
    throw failure('input.frame-oversized', `a message of ${length} bytes is above the limit of ${MESSAGE_BYTES_MAX}`);
  }
  if (length === 0) throw failure('input.frame-malformed', 'a message has no bytes');
}

const failure = (code: StreamFailureCode, message: string): FirebreakFailure => new FirebreakFailure(code, message);
