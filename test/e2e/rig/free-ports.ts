import { randomInt } from 'node:crypto';
import { portPlan, takenPorts } from '../../../devnet/ports.ts';

const LOWEST = 11_000;
/** The plan reaches 3,000 above its base, and ports that the system hands out itself begin at 32,768. */
const HIGHEST = 29_500;
const ATTEMPTS = 30;

/** A base whose whole plan is free now. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const base = randomInt(LOWEST, HIGHEST);
    if ((await takenPorts(portPlan(base))).length === 0) return base;
  }
  throw new Error(`no free ports between ${LOWEST} and ${HIGHEST} in ${ATTEMPTS} attempts`);
}
