import type { SuitePair } from './testkit/ceremony.ts';
import { keygenCompliance } from './testkit/keygen-compliance.ts';
import { signingCompliance } from './testkit/signing-compliance.ts';

/**
 * The compliance suite of threshold suites. Call it in a test file with any pair of the same id:
 * `suiteCompliance('BIP-445', { verifying, signing })`. The verifier must accept what the signer makes and nothing else.
 */
export function suiteCompliance(name: string, pair: SuitePair): void {
  signingCompliance(name, pair);
  keygenCompliance(name, pair);
}
