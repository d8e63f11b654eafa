/**
 * @typedef {object} Finding
 * @property {string} name
 * @property {'ok' | 'warning' | 'problem'} state a warning names something that only part of the project needs
 * @property {string} detail
 * @property {string} remedy empty when ok
 */

/**
 * @param {string} name
 * @param {Finding['state']} state
 * @param {string} detail
 * @param {string} remedy
 * @returns {Finding}
 */
export const finding = (name, state, detail, remedy) => ({ name, state, detail, remedy: state === 'ok' ? '' : remedy });
