/** Jest imports runners of this kind only; the rest is TypeScript. */
export { RemovalRunner as default } from './removal-runner.ts';
