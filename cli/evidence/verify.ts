import { inertText } from '../../domain/alert/text.ts';
import { headOf, verifyChain } from '../../domain/audit/chain.ts';
import type { AuditRecord } from '../../domain/audit/record.ts';
import { replay, type Replayed } from '../../domain/audit/replay.ts';
import { timesOf } from '../../domain/audit/targets.ts';
import { seatsOf } from '../../domain/committee/committee.ts';
import { voterId } from '../../domain/committee/member-key.ts';
import { type Digest, documentDigest, TAGS } from '../../domain/encoding/digest.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { NetworkGenesis } from '../../domain/network/network.ts';
import { Checks, require } from '../ceremony/checks.ts';
import { EXIT } from '../exit.ts';
import { readBounded } from '../files.ts';
import { pinnedGenesis } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { type Bundle, bundleIn, documentBytes } from './bundle.ts';
import { accepted, freshContext } from './context.ts';
import { requireSigned } from './signed-head.ts';
import { unprovenIn } from './unproven.ts';
import { requireSurrounded } from './verify-runs.ts';
import { verifyRecord } from './verify-records.ts';
import { describeBundle } from './words.ts';

const CLAIM_CHARACTERS_MAX = 200;

export type VerifyOptions = { readonly data: string; readonly network?: string; readonly open?: boolean };

/** Checks a bundle with nothing but the pinned network file: no network, no database, no trust in who exported it. */
export function verifyFile(options: VerifyOptions, file: string): Outcome {
  const genesis = pinnedGenesis(options);
  const checks = new Checks();
  let failure: FirebreakFailure | undefined;
  let bundle: Bundle | undefined;
  let verified: Verified | undefined;
  const bytes = readBounded(file, 'evidence');
  try {
    bundle = checks.run('the file is one bundle, in its one form', () => {
      const read = bundleIn(bytes, file);
      return [read, `${read.records.length} records, ${read.documents.length} documents`];
    });
    verified = verifyRecords(genesis, bundle, checks, options.open === true);
  } catch (error) {
    if (!(error instanceof FirebreakFailure) || error.code !== 'policy.evidence') throw error;
    failure = error;
  }
  const valid = failure === undefined;
  const { claims } = checks;
  const state = verified?.state;
  return {
    data: {
      file,
      valid,
      checks: checks.done,
      // Of a file that does not hold nothing is read out.
      ...(state === undefined ? {} : { state, unproven: claims, times: timesOf(state) }),
      ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message, ...failure.details } }),
    },
    lines: [
      `evidence ${file}: ${valid ? 'VALID' : 'NOT VALID'}`,
      ...checks.done.map(({ name, ok, detail }) => `  ${ok ? 'ok  ' : 'FAIL'}  ${name}: ${detail}`),
      ...(bundle === undefined || verified === undefined ? [] : describeBundle(bundle, verified.state, verified.names)),
      ...claims.map((claim) => `  unproven   ${inertText(claim, CLAIM_CHARACTERS_MAX)}`),
    ],
    exitCode: valid ? EXIT.done : EXIT.refused,
  };
}

/** Throws `policy.evidence` at the first check that fails; of the records, it names the first that is wrong. The value is where they lead. */
export const verifyBundle = (genesis: NetworkGenesis, bundle: Bundle, checks: Checks, isOpen = false): Replayed =>
  verifyRecords(genesis, bundle, checks, isOpen).state;

type Verified = {
  readonly state: Replayed;
  /** By voter: members of every committee that the records lead to. */
  readonly names: ReadonlyMap<string, string>;
};

function verifyRecords(genesis: NetworkGenesis, bundle: Bundle, checks: Checks, isOpen: boolean): Verified {
  checks.run('it is about the pinned network', () => {
    const { environment, network } = bundle;
    require(environment === genesis.environment && network === genesis.name, `it is about ${environment}/${network}`);
    require(bundle.genesis === documentDigest(TAGS.networkGenesis, genesis), 'it names another network file');
    return [undefined, `${environment}/${network}`];
  });
  const states = checks.run('each record binds the one before it', () => {
    const { environment, network, incident, records } = bundle;
    return [accepted(verifyChain({ environment, network, incident }, records)), `${records.length} records`];
  });
  checks.run('enough validators have signed the last record, the count and the root', () => {
    const last = states.at(-1);
    const head = last === undefined ? undefined : headOf(bundle, last);
    require(head !== undefined && head.count === bundle.head.count, `they signed ${bundle.head.count} records`);
    require(head.head === bundle.head.head &&
      head.root === bundle.head.root &&
      bundle.head.incident === head.incident, 'they signed other records than these');
    const signers = requireSigned(genesis, head, bundle.head.statements);
    return [undefined, `${signers.length} of ${genesis.validators.length} validators, ${genesis.threshold} needed`];
  });
  const bytes = checks.run('every document is there, is what its digest says, and is named by a record', () => {
    const found = documentsOf(bundle);
    return [found, `${found.size} documents`];
  });
  const context = freshContext(genesis, bytes, states);
  checks.run('each record holds by itself and after those before it', () => {
    for (const record of bundle.records) verifyOne(() => verifyRecord(context, record), record);
    requireSurrounded(context);
    const certified = [...context.asked.values()].filter((asked) => asked.certified).length;
    return [undefined, `${certified} approvals, ${context.runs.size} runs`];
  });
  checks.run('the incident is closed', () => {
    require(context.closed ||
      isOpen, 'its records end before it does; --open accepts evidence of an incident that goes on');
    return [undefined, context.closed ? 'nothing follows' : 'it was open when this was exported'];
  });
  checks.claims.push(...unprovenIn(context, bundle.records));
  const seats = context.passed.flatMap(({ committee }) => seatsOf(committee));
  return { state: replay(bundle.records), names: new Map(seats.map(({ key }) => [voterId(key), key.name])) };
}

function verifyOne(check: () => void, { count, kind }: AuditRecord): void {
  try {
    check();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FirebreakFailure(
      'policy.evidence',
      `record ${count} (${kind}): ${why}`,
      { record: count },
      { cause: error },
    );
  }
}

function documentsOf({ documents, leftOut, records }: Bundle): ReadonlyMap<Digest, Uint8Array> {
  const found = new Map<Digest, Uint8Array>();
  let before = '';
  for (const document of documents) {
    require(document.digest > before, 'documents are not in their one order');
    before = document.digest;
    const bytes = documentBytes(document);
    require(bytes !== undefined, `document ${document.digest} is not what its digest says`);
    found.set(document.digest, bytes);
  }
  require([...leftOut].sort().join() === leftOut.join() &&
    new Set(leftOut).size === leftOut.length, 'left out documents are not in their one order');
  const missing = new Set(leftOut);
  const named = new Set<Digest>();
  for (const { count, documents: own } of records) {
    for (const { what, digest, sizeBytes } of own) {
      named.add(digest);
      const bytes = found.get(digest);
      require(bytes !== undefined ||
        (what === 'attachment' && missing.has(digest)), `record ${count} names a ${what} that is not there`);
      // The size of an attachment is what its note said.
      require(what === 'attachment' || bytes?.length === sizeBytes, `record ${count} names a ${what} of another size`);
    }
  }
  const stranger = [...found.keys(), ...missing].find((digest) => !named.has(digest));
  require(stranger === undefined, `no record names document ${stranger}`);
  return found;
}
