import { existsSync, writeFileSync } from 'node:fs';
import type { AuditRecord } from '../../domain/audit/record.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { TrailView } from '../../workflows/lib/messages.ts';
import { readBlob } from '../blobs.ts';
import { Checks } from '../ceremony/checks.ts';
import type { Connect } from '../connecting.ts';
import { EXIT } from '../exit.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { BUNDLE_BYTES_MAX, bundleIn, encodeBundle } from './bundle.ts';
import { coSigned } from './cosign.ts';
import { type Found, signedHeadInStore, signedHeadOf, trailNamed } from './find.ts';
import { gatherBundle, recordsUpTo } from './gather.ts';
import { verifyBundle } from './verify.ts';

export type ExportOptions = {
  readonly data: string;
  readonly out: string;
  readonly fromStore?: boolean;
  readonly sign?: boolean;
};

/** Writes everything about one incident, up to its newest signed head, into one file, and checks it as whoever gets it will. */
export async function exportEvidence(options: ExportOptions, id: string, connect: Connect): Promise<Outcome> {
  const { out } = options;
  if (existsSync(out)) throw new FirebreakFailure('input.file-exists', `evidence ${out} exists already`, { path: out });
  const operator = readOperator(options.data);
  const found = await findHead(operator, id, options, connect);
  const bundle = await gatherBundle(operator.genesis, (ref) => readBlob(operator, ref), found.signed);
  const bytes = encodeBundle(bundle);
  if (bytes.length > BUNDLE_BYTES_MAX) {
    throw new FirebreakFailure(
      'input.evidence-bundle',
      `the evidence has ${bytes.length} bytes, at most ${BUNDLE_BYTES_MAX} are written`,
    );
  }
  writeFileSync(out, bytes, { flag: 'wx' });
  const { valid, why } = checkedOf(operator, bytes);
  const { records, documents, leftOut, incident } = bundle;
  return {
    data: {
      file: out,
      incident,
      records: records.length,
      documents: documents.length,
      leftOut,
      unsigned: found.unsigned,
      bytes: bytes.length,
      valid,
      ...(why === undefined ? {} : { why }),
    },
    lines: [
      `evidence of ${incident}: ${valid ? 'VALID' : 'NOT VALID'}`,
      `  records    ${records.length}, signed by ${bundle.head.statements.length} validators`,
      `  documents  ${documents.length}${leftOut.length === 0 ? '' : `; ${leftOut.length} attachments are left out`}`,
      ...(found.unsigned === 0 ? [] : [`  not in it  ${found.unsigned} newer records that no head covers yet`]),
      ...(why === undefined ? [] : [`  why        ${why}`]),
      `written to ${out} (${bytes.length} bytes)`,
    ],
    next: `evidence verify ${out}${isClosed(records) ? '' : ' --open'} --network ${operator.networkFile}`,
    exitCode: valid ? EXIT.done : EXIT.refused,
  };
}

async function findHead(operator: Operator, id: string, options: ExportOptions, connect: Connect): Promise<Found> {
  if (options.fromStore === true) return signedHeadInStore(operator, id);
  const trail = await trailNamed(operator, id);
  return options.sign === true ? signNewest(operator, trail, connect) : signedHeadOf(operator, trail);
}

/** Everything that is written, signed by whoever answers now. */
export async function signNewest(operator: Operator, trail: TrailView, connect: Connect): Promise<Found> {
  const { page, count, waiting } = trail;
  if (page === undefined) throw new FirebreakFailure('not-yet.evidence-unsigned', 'no record is written yet');
  const records = await recordsUpTo((ref) => readBlob(operator, ref), page, count);
  const connection = await connect();
  try {
    return { signed: await coSigned(operator.genesis, connection.network, records, page), unsigned: waiting };
  } finally {
    await connection.stop();
  }
}

const isClosed = (records: readonly AuditRecord[]): boolean => records.at(-1)?.kind === 'incident.closed';

function checkedOf(operator: Operator, bytes: Uint8Array): { readonly valid: boolean; readonly why?: string } {
  try {
    verifyBundle(operator.genesis, bundleIn(bytes, 'evidence'), new Checks(), true);
    return { valid: true };
  } catch (error) {
    if (!(error instanceof FirebreakFailure)) throw error;
    return { valid: false, why: error.message };
  }
}
