import { accept, refuse, type Verdict } from '../../../domain/errors/failure.ts';
import type { AlertDelivery } from '../../../domain/ports/alert-source.ts';
import { anySame, hmacHex } from '../secret.ts';

export const TIMESTAMP_HEADER = 'firebreak-timestamp';
export const SIGNATURE_HEADER = 'firebreak-signature';
const SIGNATURES_MAX = 4;

/** What is signed: version, time and body, so that no part can be exchanged for that of another delivery. */
export const signatureOf = (secret: string, timestampSeconds: number, body: Uint8Array): string =>
  hmacHex(secret, `v1:${timestampSeconds}:`, body);

/**
 * The signature first and the clock second: whoever has no secret learns nothing about our clock. Within the window a delivery can be
 * repeated, which is harmless, because it is the same alert.
 */
export function judgeSignature(
  { headers, body, receivedAtMs }: AlertDelivery,
  secrets: readonly string[],
  windowSeconds: number,
): Verdict<true> {
  const timestamp = /^[1-9][0-9]{8,10}$/.exec(headers[TIMESTAMP_HEADER] ?? '')?.[0] ?? '0';
  const given = (headers[SIGNATURE_HEADER] ?? '')
    .split(',', SIGNATURES_MAX)
    .map((each) => /^\s*v1=([0-9a-f]{64})\s*$/.exec(each)?.[1] ?? '');
  const right = secrets.map((secret) => signatureOf(secret, Number(timestamp), body));
  if (!anySame(given, right))
    return refuse(
      'policy.alert-unauthenticated',
      `the headers ${TIMESTAMP_HEADER} and ${SIGNATURE_HEADER} do not sign this body`,
    );
  const ageSeconds = receivedAtMs / 1_000 - Number(timestamp);
  if (Math.abs(ageSeconds) > windowSeconds)
    return refuse(
      'policy.alert-replayed',
      `the delivery was signed ${Math.round(Math.abs(ageSeconds))} s ${ageSeconds < 0 ? 'in the future' : 'ago'}, at most ${windowSeconds} s are allowed`,
    );
  return accept(true);
}
