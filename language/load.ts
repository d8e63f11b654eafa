import type { Digest } from '../domain/encoding/digest.ts';
import type { Catalogue, CommitteeShape } from '../domain/playbook/catalogue.ts';
import { type Plan, planDigest } from '../domain/playbook/plan.ts';
import { checkPlan } from './check/plan.ts';
import { playbookFailures } from '../domain/playbook/failures.ts';
import { fieldText, type Finding, type Problem } from './problem.ts';
import { playbookDocument } from './yaml/document.ts';
import { findingsOf, namingFields } from './yaml/issues.ts';
import { lower } from './yaml/lower.ts';
import { type Placed, readYaml, type SourceText } from './yaml/read.ts';

/** What the playbook will meet: an installation, and the committee that would vote today (not judged when nobody says which). */
export type Surroundings = { readonly catalogue: Catalogue; readonly committee?: CommitteeShape };
export type Loaded =
  | { readonly ok: true; readonly plan: Plan; readonly digest: Digest }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Text to plan: reads, checks and compiles a playbook. It is refused as a whole, with every problem that was found. `file` is only what
 * the problems name.
 */
export function loadPlaybook(bytes: Uint8Array, file: string, { catalogue, committee }: Surroundings): Loaded {
  const read = readYaml(bytes);
  if (!read.ok) return { ok: false, problems: read.findings.map((finding) => problemOf(finding, file)) };
  const { source } = read;
  const parsed = playbookDocument.safeParse(source.value, namingFields);
  if (!parsed.success) return refused(findingsOf(parsed.error, source.value), file, source);
  const findings: Finding[] = [];
  const plan = lower(parsed.data, catalogue, findings);
  findings.push(...checkPlan(plan, catalogue, committee));
  if (findings.length > 0) return refused(findings, file, source);
  return { ok: true, plan, digest: planDigest(plan) };
}

const refused = (findings: readonly Finding[], file: string, source: SourceText): Loaded => ({
  ok: false,
  problems: findings
    .map((finding) => problemOf({ ...finding, place: source.place(finding.path, finding.within) }, file))
    .sort((one, other) => one.line - other.line || one.column - other.column),
});

const problemOf = ({ code, path, message, place, remedy }: Placed, file: string): Problem => ({
  code,
  file,
  line: place?.line ?? 1,
  column: place?.column ?? 1,
  field: fieldText(path),
  message,
  remedy: remedy ?? playbookFailures[code].remedy,
});
