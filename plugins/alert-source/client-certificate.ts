import { z } from 'zod';
import { accept, refuse, type Verdict } from '../../domain/errors/failure.ts';
import type { AlertDelivery, ClientCertificate } from '../../domain/ports/alert-source.ts';
import { anySame } from './secret.ts';

const PINS_MAX = 10;

/** As `openssl x509 -fingerprint -sha256` prints it, or without the colons. */
const sha256 = () =>
  z
    .string()
    .transform((text) => text.replaceAll(':', '').toLowerCase())
    .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'write the 64 hexadecimal digits of a SHA-256, with or without colons'));
const pins = () => z.array(sha256()).min(1, 'name at least one').max(PINS_MAX, `at most ${PINS_MAX}`).optional();

/** By what a client certificate is known; one that fits is enough. Names in certificates decide nothing. */
export const clientFields = {
  client_certificate_sha256: pins().describe('SHA-256 of client certificates (DER) of this sender; needs [listen.tls]'),
  client_key_sha256: pins().describe(
    'SHA-256 of the public keys (DER of SubjectPublicKeyInfo) of such certificates, which stay when they are renewed',
  ),
} as const;

export type ClientPins = Readonly<Record<keyof ClientCertificate, readonly string[]>>;

/** Undefined when the section pins nothing: the sender proves itself in another way. */
export function clientPinsOf(section: z.infer<z.ZodObject<typeof clientFields>>): ClientPins | undefined {
  const { client_certificate_sha256: certificateSha256 = [], client_key_sha256: keySha256 = [] } = section;
  return certificateSha256.length + keySha256.length === 0 ? undefined : { certificateSha256, keySha256 };
}

/** Whether the settings of a source ask for client certificates: the server has to ask for them then. */
export const pinsClients = (settings: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(clientFields).some((field) => settings[field] !== undefined);

/** Whoever shows none is refused like whoever shows a wrong one. */
export function judgeClient({ client }: AlertDelivery, { certificateSha256, keySha256 }: ClientPins): Verdict<true> {
  const isKnown =
    client !== undefined &&
    (anySame([client.certificateSha256], certificateSha256) || anySame([client.keySha256], keySha256));
  return isKnown
    ? accept(true)
    : refuse(
        'policy.alert-unauthenticated',
        'the client certificate is missing, not valid now, or not one of this source',
      );
}
