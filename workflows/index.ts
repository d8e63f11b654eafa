/** The bundle's only entry: what a worker can run. */
export { answerAlerts } from './answer-alerts/workflow.ts';
export { confirmDeposit } from './confirm-deposit/workflow.ts';
export { generateKey } from './generate-key/workflow.ts';
export { incident } from './incident/workflow.ts';
export { openVault } from './open-vault/workflow.ts';
export { payOut } from './pay-out/workflow.ts';
export { recordAlert } from './record-alert/workflow.ts';
export { roster } from './roster/workflow.ts';
export { runPlaybook } from './run-playbook/workflow.ts';
export { sweepVault } from './sweep-vault/workflow.ts';
export { sweepVaults } from './sweep-vaults/workflow.ts';
