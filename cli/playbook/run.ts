import type { SignedOrder } from '../../domain/committee/order.ts';
import { failureOf, FirebreakFailure } from '../../domain/errors/failure.ts';
import { judgeEndorsement, type SignedEndorsement } from '../../domain/playbook/endorsement.ts';
import { requireListed } from '../../domain/playbook/listed.ts';
import { type Plan, planDigest } from '../../domain/playbook/plan.ts';
import type { BlobRef } from '../../domain/ports/blob-store.ts';
import { parseInputs } from '../../language/inputs.ts';
import { encodeDocument } from '../../wire/documents/index.ts';
import type { IncidentInput, IncidentResult } from '../../workflows/incident/messages.ts';
import { confirm } from '../ask.ts';
import { type CommitteeOptions, presentAuthority, readEpochs } from '../authority.ts';
import { writeBlob } from '../blobs.ts';
import { withClient } from '../coordinator.ts';
import { readOrder } from '../documents.ts';
import { readBounded } from '../files.ts';
import { type Operator, readOperator } from '../operator.ts';
import type { Outcome } from '../outcome.ts';
import { paint, type Screen } from '../screen.ts';
import { waitForResult } from '../waiting.ts';
import { readEndorsement } from './endorsement.ts';
import { openIncident } from './open.ts';
import { loadTree, type PlaybookOptions } from './sources.ts';
import { refusedPlaybook } from './validate.ts';

export type RunOptions = Omit<PlaybookOptions, 'network' | 'data'> &
  CommitteeOptions & {
    readonly input: readonly string[];
    readonly order: readonly string[];
    readonly title?: string;
    readonly key?: string;
    readonly yes?: boolean;
    readonly wait?: boolean;
    readonly json?: boolean;
  };

/**
 * Compiles a playbook here, puts the plan where workers find it by its digest, and opens an incident that runs it. Outside development
 * the change quorum has to have signed exactly this plan.
 */
export async function runPlaybookFile(screen: Screen, file: string, options: RunOptions): Promise<Outcome> {
  const operator = readOperator(options.data);
  const { loaded, inside } = loadTree(file, { ...options, network: operator.networkFile });
  if (!loaded.ok) return refusedPlaybook(loaded.problems);
  const { plan, digest } = loaded;
  const endorsement = endorsementFor(file, plan, options);
  const orders = options.order.map(readOrder);
  const inputs = parseInputs(plan, await Promise.all(options.input.map((text) => withDocument(operator, text))));
  requireListed(plan, inputs, operator.genesis);
  if (!options.json) {
    screen.out(
      `${paint(screen, 'strong', `${plan.severity} ${plan.name}: ${plan.title}`)}\n  plan    ${digest} (computed here)\n`,
    );
    for (const [name, value] of Object.entries(inputs)) screen.out(`  ${name.padEnd(7)} ${JSON.stringify(value)}\n`);
  }
  await confirm(screen, { text: 'Open an incident and run it?', flag: '--yes', given: options.yes === true });
  const input: IncidentInput = {
    network: operator.genesis.name,
    key: keyOf(options.key, plan),
    title: options.title ?? plan.title,
    severity: plan.severity,
    playbook: {
      name: plan.name,
      playbook: digest,
      plan: await put(operator, plan),
      library: await libraryOf(operator, inside),
      inputs,
      epochs: readEpochs(options),
      ...(orders.length === 0 ? {} : { orders: orders satisfies readonly SignedOrder[] }),
      ...(endorsement === undefined ? {} : { endorsement }),
    },
  };
  return withClient(operator, async (client) => {
    const { incident, isNew } = await openIncident(client, input, operator.temporal.taskQueue);
    const started = { incident, key: input.key, digest, isNew };
    const next = `incident show ${input.key}`;
    const said = isNew ? `opened ${incident}` : `${incident} is open already, with this plan and these inputs`;
    if (options.wait !== true) return { data: started, lines: [said], next };
    const handle = client.workflow.getHandle(incident);
    const result = await waitForResult<IncidentResult>(options.json ? undefined : screen, handle);
    const { outcome, result: ended } = result;
    if (ended?.outcome === 'failed') throw failureOf(ended.refusal);
    return { data: { ...started, ...result }, lines: [`${incident} is over: ${ended?.end ?? outcome}`], next };
  });
}

function endorsementFor(file: string, plan: Plan, options: RunOptions): SignedEndorsement | undefined {
  const authority = presentAuthority(options);
  const signed = readEndorsement(file);
  if (signed === undefined) {
    if (authority.environment === 'development') return undefined;
    throw new FirebreakFailure(
      'policy.endorsement-missing',
      `in ${authority.environment} the committee has to sign ${plan.name} first`,
    );
  }
  const verdict = judgeEndorsement(signed, authority, plan.name, planDigest(plan));
  if (!verdict.ok) throw failureOf(verdict.refusal);
  return signed;
}

const put = (operator: Operator, plan: Plan): Promise<BlobRef> => writeBlob(operator, encodeDocument(plan));

async function libraryOf(operator: Operator, inside: readonly Plan[]): Promise<Readonly<Record<string, BlobRef>>> {
  const entries: [string, BlobRef][] = [];
  for (const plan of inside) entries.push([planDigest(plan), await put(operator, plan)]);
  return Object.fromEntries(entries);
}

/** `release=@request.json`: the file is put where workers find it, and the input becomes its name. */
async function withDocument(operator: Operator, text: string): Promise<string> {
  const [, name, path] = /^([^=]+)=@(.+)$/.exec(text) ?? [];
  if (name === undefined || path === undefined) return text;
  const { digest, sizeBytes } = await writeBlob(operator, readBounded(path, `input ${name}`));
  return `${name}=${digest}:${sizeBytes}`;
}

/** Names are read aloud at three in the morning: the playbook, and the second at which it was started. */
function keyOf(given: string | undefined, { name }: Plan): string {
  const key = given ?? `${name}-${new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
  if (/^[a-z0-9][a-z0-9-]{0,79}$/.test(key)) return key;
  throw new FirebreakFailure('input.usage', '--key is up to 80 lower-case letters, digits and hyphens');
}
