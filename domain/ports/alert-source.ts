import type { ReportedAlert } from '../alert/alert.ts';
import type { Verdict } from '../errors/failure.ts';
import type { LifeCycle } from './context.ts';

/** One HTTP request as it came, already bounded in size. */
export type AlertDelivery = {
  /** Lower-case names; of a repeated header the values joined by a comma, as HTTP means them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Exactly the bytes that were signed, if they were. */
  readonly body: Uint8Array;
  /** Unix milliseconds of this machine. */
  readonly receivedAtMs: number;
  /** Absent without TLS, and where nobody showed a certificate that counts. */
  readonly client?: ClientCertificate;
};

/** Of a TLS client that has proved to hold the key, valid when it was received; SHA-256 in hexadecimal of DER. */
export type ClientCertificate = {
  readonly certificateSha256: string;
  /** Of its SubjectPublicKeyInfo. */
  readonly keySha256: string;
};

/** What was read out of one delivery. `leftOut`: alerts that the sender says it did not send along. */
export type AlertReport = { readonly alerts: readonly ReportedAlert[]; readonly leftOut: number };

/**
 * One kind of sender. Refusals are values: `policy.alert-unauthenticated`, `policy.alert-replayed`, `input.alert-body`.
 * Nothing of a body is looked into before `authenticate` has said yes to it, and a secret is compared in constant time.
 */
export type AlertSource = LifeCycle & {
  authenticate(delivery: AlertDelivery): Verdict<true>;
  parse(delivery: AlertDelivery): Verdict<AlertReport>;
};
