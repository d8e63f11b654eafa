import { installDebianPackages } from './debian.mjs';
import { overrideVariable } from './recipes.mjs';
import { findTool } from './tools.mjs';

/** SoftHSM2 is two files: the PKCS#11 module and the program that makes tokens. */
const PARTS = ['softhsm2', 'softhsm2-util'];

/**
 * Finds or installs SoftHSM2. Where it cannot be had, the step says so, and key shares are sealed in files instead.
 *
 * @param {import('./progress.mjs').Progress} progress
 * @param {typeof installDebianPackages} [install]
 * @returns {Promise<Record<string, string>>} environment for child processes; empty when it is not here
 */
export async function prepareSoftHsm(progress, install = installDebianPackages) {
  const environment = await progress.step('SoftHSM2', async (step) => {
    const present = await locate();
    if (present) {
      step.done(`${Object.values(present)[0]}`);
      return present;
    }
    const { installed, detail } = await install(['softhsm2'], step);
    const found = installed ? await locate() : undefined;
    step.done(found ? detail : `not here, so key shares are sealed in files (to change that, ${detail})`);
    return found;
  });
  return environment ?? {};
}

/** @returns {Promise<Record<string, string> | undefined>} */
async function locate() {
  /** @type {Record<string, string>} */
  const environment = {};
  for (const part of PARTS) {
    const found = await findTool(part);
    if (!found) return undefined;
    environment[overrideVariable(part)] = found.path;
  }
  return environment;
}
