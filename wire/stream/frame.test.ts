import { expect, test } from '@jest/globals';
import { MESSAGE_BYTES_MAX } from '../envelope.ts';
import { encodeFrame, type FrameStream, readFrame } from './frame.ts';

/** A stream of which the test is the other end. */
class FakeStream extends EventTarget {
  readStatus = 'readable';
  status = 'open';
  send = (): boolean => true;
  abort = (): void => undefined;
  close = async (): Promise<void> => undefined;
  onDrain = async (): Promise<void> => undefined;

  deliver(data: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
}

function reading(signal = new AbortController().signal) {
  const stream = new FakeStream();
  return { stream, frame: readFrame(stream as unknown as FrameStream, signal) };
}

const payload = new Uint8Array(1_000).map((_, index) => index % 256);

test.each([1, 2, 3, 5, 999, 5_000])('a frame that arrives in pieces of %d bytes is read whole', async (size) => {
  const { stream, frame } = reading();
  const bytes = encodeFrame(payload);
  for (let at = 0; at < bytes.length; at += size) stream.deliver(bytes.subarray(at, at + size));
  expect(await frame).toEqual(payload);
});

test('a frame announced above the limit is refused at its prefix, before anything is kept', async () => {
  const { stream, frame } = reading();
  const prefix = new Uint8Array(4);
  new DataView(prefix.buffer).setUint32(0, MESSAGE_BYTES_MAX + 1);
  stream.deliver(prefix);
  await expect(frame).rejects.toMatchObject({ code: 'input.frame-oversized' });
});

test('the largest message fits, one byte more is not sent', () => {
  expect(encodeFrame(new Uint8Array(MESSAGE_BYTES_MAX))).toHaveLength(MESSAGE_BYTES_MAX + 4);
  expect(() => encodeFrame(new Uint8Array(MESSAGE_BYTES_MAX + 1))).toThrow('above the limit');
});

test('an empty message is neither sent nor read', async () => {
  expect(() => encodeFrame(new Uint8Array())).toThrow('no bytes');
  const { stream, frame } = reading();
  stream.deliver(new Uint8Array(4));
  await expect(frame).rejects.toMatchObject({ code: 'input.frame-malformed' });
});

test('bytes after the one message are refused', async () => {
  const { stream, frame } = reading();
  stream.deliver(new Uint8Array([...encodeFrame(payload), 0]));
  await expect(frame).rejects.toMatchObject({ code: 'input.frame-malformed' });
});

test.each(['end', 'close'])('a stream that reports %s before the message is complete is no answer', async (event) => {
  const { stream, frame } = reading();
  stream.deliver(encodeFrame(payload).subarray(0, 500));
  stream.dispatchEvent(new Event(event));
  await expect(frame).rejects.toMatchObject({ code: 'unavailable.stream-ended' });
});

test('silence ends with the signal, also when it had fired before', async () => {
  const cancel = new AbortController();
  const { frame } = reading(cancel.signal);
  cancel.abort();
  await expect(frame).rejects.toMatchObject({ code: 'unavailable.stream-silent' });
  await expect(reading(cancel.signal).frame).rejects.toMatchObject({ code: 'unavailable.stream-silent' });
});
