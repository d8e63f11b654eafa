import { renderUnicodeCompact } from 'uqr';
import type { VaultEvidence } from '../../domain/ceremony/evidence.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { vaultIdOf } from '../../domain/vault/terms.ts';
import { canonicalBytes } from '../../domain/encoding/digest.ts';
import { transactionCodec } from '../../plugins/chain/bitcoin/codec.ts';
import { Round } from '../../wire/generated/firebreak/v1/messages_pb.js';
import { askEach, within } from '../asking.ts';
import { readBlobJson } from '../blobs.ts';
import { withClient } from '../coordinator.ts';
import { readCertificate, readTerms } from '../documents.ts';
import { evidenceFrom, readEvidence } from '../ceremony/document.ts';
import { pinnedGenesis, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { findVault, openedVault } from './find.ts';
import { envelopeFrom, showFrom, type VaultShown, type VaultStatements } from './statements.ts';

export type ShowVaultOptions = {
  readonly data: string;
  readonly network?: string;
  readonly terms?: string;
  readonly certificate?: string;
  readonly statements?: string;
  readonly qr?: boolean;
};

/**
 * Shows an address that was computed here. With `--statements` everything comes from files and nothing is asked;
 * otherwise terms and certificate are fetched from anywhere (both prove themselves) and every validator is asked anew.
 */
export async function showVault(options: ShowVaultOptions, id?: string): Promise<Outcome> {
  const genesis = pinnedGenesis(options);
  const statements =
    options.statements === undefined ? await asked(options, genesis, id) : fromFiles(options, options.statements);
  const shown = showFrom(genesis, statements, id);
  return present(shown, statements, genesis, options.qr !== false);
}

function fromFiles(options: ShowVaultOptions, file: string): VaultStatements {
  const evidence = readEvidence(file, 'vault') as VaultEvidence;
  return {
    terms: options.terms === undefined ? evidence.terms : readTerms(options.terms),
    certificate: options.certificate === undefined ? evidence.certificate : readCertificate(options.certificate),
    termsHeld: evidence.termsHeld.map(envelopeFrom),
    certificateHeld: evidence.certificateHeld.map(envelopeFrom),
  };
}

async function asked(
  options: ShowVaultOptions,
  genesis: NetworkGenesis,
  id: string | undefined,
): Promise<VaultStatements> {
  const operator = readOperator(options.data);
  if (id === undefined)
    throw new FirebreakFailure('input.usage', 'name a vault, or give --statements with an exported file');
  const { evidence, height } = await withClient(operator, async (client) => {
    const opened = await openedVault(client, operator, await findVault(client, operator, id));
    return {
      evidence: evidenceFrom(await readBlobJson(operator, opened.evidence), 'vault', 'vault evidence') as VaultEvidence,
      height: opened.watchFromHeight,
    };
  });
  const { terms, certificate } = evidence;
  const { connect } = await import('../connection.ts');
  const connection = await connect(options);
  try {
    const keyset = certificate.package.keyset;
    const vault = vaultIdOf(terms.terms);
    const [termsHeld, certificateHeld] = await Promise.all([
      askEach(
        connection.network,
        genesis,
        certificate.package.participants,
        {
          case: 'holdTerms',
          value: {
            $typeName: 'firebreak.v1.HoldTerms',
            signedTerms: canonicalBytes(terms),
            keyset,
            watchFromHeight: height,
          },
        },
        Round.TERMS_HELD,
        within(30, `hold-${vault}`),
      ),
      askEach(
        connection.network,
        genesis,
        certificate.package.participants,
        { case: 'sayKeyset', value: { $typeName: 'firebreak.v1.SayKeyset', keyset } },
        Round.KEYGEN_CERTIFICATE_HELD,
        within(30, `keyset-${keyset}`),
      ),
    ]);
    return {
      terms,
      certificate,
      termsHeld: termsHeld.flatMap((one) => (one.ok ? [one.opened.envelope] : [])),
      certificateHeld: certificateHeld.flatMap((one) => (one.ok ? [one.opened.envelope] : [])),
    };
  } finally {
    await connection.stop();
  }
}

function present(
  shown: VaultShown,
  { terms, certificate }: VaultStatements,
  genesis: NetworkGenesis,
  qr: boolean,
): Outcome {
  const { deposit, maximumFeeSats, purpose, refund } = terms.terms;
  return {
    data: { ...shown, epoch: certificate.package.epoch, terms: terms.terms },
    lines: [
      `vault ${shown.vault}`,
      `  address    ${shown.address}`,
      ...(qr ? addressQr(shown.address).map((line) => `  ${line}`) : []),
      `  purpose    ${purpose}`,
      `  deposit    ${deposit.amountSats} sat, late after block ${deposit.deadlineHeight}`,
      `  pays to    ${transactionCodec(terms.terms.bitcoinNetwork).addressOf(terms.terms.payoutScript)}, fee at most ${maximumFeeSats} sat`,
      refund === undefined ? '  refund     none' : `  refund     the owner alone after block ${refund.lockHeight}`,
      `  vouched    terms ${shown.termsHolders.length} of ${shown.participants}, certificate ${shown.certificateHolders.length} of ${shown.participants}`,
      '  computed here from the pinned genesis, the certificate and the terms',
    ],
  };
}

/** BIP21; upper case keeps a bech32 address in the dense QR mode. */
export const addressQr = (address: string): string[] =>
  renderUnicodeCompact(`BITCOIN:${address.toUpperCase()}`, { ecc: 'L', border: 2 }).split('\n');
