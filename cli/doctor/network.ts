import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { validatorId, validatorName } from '../../domain/network/network.ts';
import { SHORT_CONNECT_MS, withClient } from '../coordinator.ts';
import { type Operator, readOperator } from '../operator.ts';
import { remedyOf } from '../report.ts';
import { askReport } from '../status/reports.ts';
import { checkConfiguration } from './configuration.ts';
import type { Finding } from './doctor.ts';
import { findSecretFiles } from './secret-files.ts';

/** The network in the data folder: its files, and whether what they name answers. */
export async function checkNetwork(dataFolder: string): Promise<readonly Finding[]> {
  const folder = resolve(dataFolder);
  if (!existsSync(folder)) return [finding('data folder', 'ok', `${folder} is not there yet`, '')];
  const files = [checkSecrets(folder), ...(await checkConfiguration(folder))];
  let operator: Operator;
  try {
    operator = readOperator(folder);
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    return [...files, finding('network files', 'problem', error.message, remedyOf(error.code))];
  }
  const good = finding(
    'network files',
    'ok',
    `${operator.genesis.name}, ${operator.genesis.validators.length} validators`,
    '',
  );
  return [...files, good, await checkTemporal(operator), ...(await checkValidators(operator))];
}

function checkSecrets(folder: string): Finding {
  const { open, isCut } = findSecretFiles(folder);
  const [first] = open;
  if (first === undefined && isCut)
    return finding(
      'secret files',
      'warning',
      `${folder} holds more files than are looked at`,
      'move away what is not of this network',
    );
  return first === undefined
    ? finding('secret files', 'ok', 'readable by their owner only', '')
    : finding(
        'secret files',
        'problem',
        `${open.length} can be read by others, ${first}`,
        `chmod 600 ${open.slice(0, 3).join(' ')}`,
      );
}

async function checkTemporal(operator: Operator): Promise<Finding> {
  const { address } = operator.temporal;
  try {
    await withClient(operator, async (client) => client.workflowService.getSystemInfo({}), SHORT_CONNECT_MS);
    return finding('Temporal', 'ok', `answers at ${address}`, '');
  } catch {
    return finding(
      'Temporal',
      'warning',
      `does not answer at ${address}`,
      'npm start brings the network up; orders work without it',
    );
  }
}

async function checkValidators(operator: Operator): Promise<readonly Finding[]> {
  const reports = await Promise.all(operator.validators.map(askReport));
  if (reports.every((report) => !report.up)) {
    return [finding('validators', 'warning', 'none answers', 'npm start brings the network up')];
  }
  return reports.map((report, index) => {
    const name = validatorName(validatorId(index + 1));
    const log = join(operator.folder, name, 'validator.log');
    if (!report.up) return finding(name, 'problem', report.why, `read ${log}`);
    return report.state === 'ready'
      ? finding(name, 'ok', 'ready', '')
      : finding(name, 'warning', report.state, `read ${log}`);
  });
}

const finding = (name: string, state: Finding['state'], detail: string, remedy: string): Finding => ({
  name,
  state,
  detail,
  remedy,
});
