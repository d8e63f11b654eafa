import { constants, createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { statSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { FirebreakFailure } from '../domain/errors/failure.ts';
import type { ClientCertificate } from '../domain/ports/alert-source.ts';
import { readText } from '../plugins/settings-file.ts';
import type { ApiConfig } from './config.ts';

const CHAIN_BYTES_MAX = 262_144;

/**
 * What the api shows, and what it asks of clients. A connection without a certificate is let through: which source needs one is for the
 * source to say. Nothing is resumed, so that whoever speaks has proved its key in this connection.
 */
export type Tls = Pick<
  ServerOptions,
  'cert' | 'key' | 'ca' | 'requestCert' | 'rejectUnauthorized' | 'minVersion' | 'secureOptions'
>;

/** Throws `input.api-tls` with the file; a key is named and never shown. */
export function readTls(files: NonNullable<ApiConfig['tls']>): Tls {
  const { certificateFile, keyFile, clientCaFile, asksClients } = files;
  const read = (file: string, what: string): string => readText(file, what, CHAIN_BYTES_MAX, 'input.api-tls');
  const cert = read(certificateFile, 'certificate of the api');
  const key = read(keyFile, 'key of the api');
  // Windows has no such bits.
  if (process.platform !== 'win32' && (statSync(keyFile).mode & 0o077) !== 0)
    throw refused(`${keyFile} may be read by others; run chmod 0400`);
  const ca = clientCaFile === undefined ? {} : { ca: read(clientCaFile, 'certificates that clients are issued by') };
  try {
    createSecureContext({ cert, key, ...ca });
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)))
      throw new Error('they do not belong together');
  } catch (error) {
    throw refused(`${certificateFile} and ${keyFile} cannot be used: ${reasonOf(error)}`);
  }
  return {
    cert,
    key,
    ...ca,
    requestCert: asksClients,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * Whose key the other side of this connection has proved to hold. Undefined without a certificate, with one that is not valid now, and, where
 * issuers are named, with one that none of them issued. Names in it are not looked at.
 */
export function clientOf(socket: Socket, tls: Tls | undefined, nowMs: number): ClientCertificate | undefined {
  if (tls === undefined || !(socket instanceof TLSSocket)) return undefined;
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined || (tls.ca !== undefined && !socket.authorized)) return undefined;
  if (!(nowMs >= shown.validFromDate.getTime() && nowMs <= shown.validToDate.getTime())) return undefined;
  return {
    certificateSha256: sha256(shown.raw),
    keySha256: sha256(shown.publicKey.export({ type: 'spki', format: 'der' })),
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const refused = (why: string): FirebreakFailure => new FirebreakFailure('input.api-tls', `listen.tls: ${why}`);
