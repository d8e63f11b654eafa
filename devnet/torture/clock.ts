import { readFileSync } from 'node:fs';

/**
 * `--import` of this file shifts the clock of a process and its threads by as many milliseconds as a file says that is named by
 * FIREBREAK_DEVNET_CLOCK; the file may change while the process runs. A machine with a wrong clock, without touching the machine.
 */
const file = process.env['FIREBREAK_DEVNET_CLOCK'];
const LOOK_MS = 250;

if (file !== undefined) {
  const RealDate = Date;
  let shiftMs = 0;
  let lookAtMs = 0;
  const now = (): number => {
    const real = RealDate.now();
    if (real >= lookAtMs) {
      lookAtMs = real + LOOK_MS;
      try {
        shiftMs = Number(readFileSync(file, 'utf8')) || 0;
      } catch {
        shiftMs = 0;
      }
    }
    return real + shiftMs;
  };
  globalThis.Date = new Proxy(RealDate, {
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new RealDate(now()).toString(),
  });
}
