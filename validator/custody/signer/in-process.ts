import type { SignerClient } from './client.ts';
import { createCustodian, type CustodianOptions } from './custodian.ts';

/** The same signer without a thread: for programs that run many validators in one process, such as tests and benches. */
export function inProcessSigner(options: CustodianOptions): SignerClient {
  const custodian = createCustodian(options);
  return {
    ...custodian,
    keystore: options.keystore.kind,
    onHalt: () => undefined,
    late: () => undefined,
    stop: async () => custodian.eraseAll(),
  };
}
