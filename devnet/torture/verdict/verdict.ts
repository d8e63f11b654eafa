import { readFileSync } from 'node:fs';
import type { PublicKeyPackage } from '../../../domain/ceremony/ceremony.ts';
import { readBlob } from '../../../cli/blobs.ts';
import { readOperator } from '../../../cli/operator.ts';
import { validatorName } from '../../../domain/network/network.ts';
import { outpointText } from '../../../domain/vault/terms.ts';
import { auditNonces } from '../../../threshold/verify/nonce-audit.ts';
import { parseKeyCertificate, parseNetworkGenesis } from '../../../wire/documents/index.ts';
import type { KeyRef } from '../../../workflows/generate-key/messages.ts';
import { leaksIn, rememberedBy, saidBy, writtenBy } from '../../canary/hay.ts';
import { secretsInFiles } from '../../canary/secrets.ts';
import { validatorIds } from '../../layout.ts';
import type { LiveNetwork } from '../../live-network.ts';
import { allSpendsSeenBy } from '../../spends-seen.ts';
import { type SeenPartial, solveForShares } from '../../verdict/linear-solver.ts';
import { partialsLeft } from '../../verdict/seen-partials.ts';
import { seededReuse } from '../../verdict/seeded-reuse.ts';
import { ATTRIBUTABLE, deedsIn } from '../hostile/acts.ts';
import type { Ledger } from '../ledger.ts';
import type { TorturedNetwork } from '../network.ts';
import { namedFaulty, provedFaulty, wrongAmong } from './accusations.ts';
import { heeded, seenAny } from './bounds.ts';
import { type ArrivedPartial, partialsIn } from './partials.ts';

/** One thing that was looked for, and what was found. */
export type Finding = {
  readonly name: string;
  /** What was looked at, in numbers: a check of nothing says nothing. */
  readonly looked: string;
  readonly violations: readonly string[];
};

/** What became of everything, read from chain, blobs, histories and files, and from no word of anybody who took part. */
export async function judge(
  net: TorturedNetwork,
  key: KeyRef,
  ledger: Ledger,
  violations: readonly string[],
): Promise<readonly Finding[]> {
  const { live } = net;
  const partials = partialsIn(live.layout.blobs, [await packageOf(live, key)], ledger.deposits);
  return [
    { name: 'every payout is done', looked: `${ledger.payouts.length} payouts`, violations },
    await spendsFinding(live, ledger),
    ...(await blameFindings(net, ledger, partials)),
    ...secretFindings(live, partials),
    await canaryFinding(live),
  ];
}

async function packageOf({ data }: LiveNetwork, key: KeyRef): Promise<PublicKeyPackage> {
  const bytes = await readBlob(readOperator(data), key.certificate);
  return parseKeyCertificate(bytes, 'certificate').package;
}

async function spendsFinding({ nodes }: LiveNetwork, { deposits }: Ledger): Promise<Finding> {
  const fromHeight = Math.min(...deposits.map((each) => each.fromHeight));
  const violations: string[] = [];
  for (const node of nodes) {
    const spends = await allSpendsSeenBy(node, fromHeight);
    for (const { outpoint, terms, state } of deposits) {
      const name = outpointText(outpoint);
      const found = spends.get(name) ?? [];
      if (found.length > 1) violations.push(`${name} is spent ${found.length} times at ${node.name}`);
      if (found.length === 0 && state === 'paid') violations.push(`${name} is paid out and not spent at ${node.name}`);
      for (const { scripts, txid } of found)
        if (scripts.join() !== terms.payoutScript) violations.push(`${name} goes to ${scripts.join()} in ${txid}`);
    }
  }
  const takenBack = deposits.filter(({ state }) => state === 'taken-back').length;
  const looked = `${deposits.length} deposits at ${nodes.length} nodes, ${takenBack} of them taken back by a reorg`;
  return { name: 'every deposit is spent at most once and only to its recorded script', looked, violations };
}

async function blameFindings(
  { live, cast }: TorturedNetwork,
  { strikes }: Ledger,
  partials: readonly ArrivedPartial[],
): Promise<readonly Finding[]> {
  const { layout, client } = live;
  const genesis = parseNetworkGenesis(readFileSync(layout.network, 'utf8'), layout.network);
  const named = await namedFaulty(client, layout.blobs);
  const proved = provedFaulty(genesis, layout.blobs);
  const wrong = wrongAmong(partials);
  const isHonest = (id: number): boolean => !cast.hostile.some((each) => each === id);
  const honest = [
    ...named
      .filter(({ validator }) => isHonest(validator))
      .map(({ validator, where }) => `${validatorName(validator)} in ${where}`),
    ...proved
      .filter(({ validator }) => isHonest(validator))
      .map(({ validator, kind }) => `${validatorName(validator)} by a ${kind} proof`),
    ...wrong
      .filter(({ validator }) => isHonest(validator))
      .map(({ validator, ceremony }) => `${validatorName(validator)} signed wrongly in ${ceremony}`),
  ];
  const proofs = new Set(proved.map(({ validator, request }) => `${validator} ${request}`));
  const unproved = wrong.filter(({ validator, request }) => !proofs.has(`${validator} ${request}`));
  const deeds = cast.hostile.flatMap((id) =>
    deedsIn(layout.validator(id).dir)
      .filter(({ act }) => ATTRIBUTABLE.has(act))
      .map(({ ceremony }) => `${id} ${ceremony}`),
  );
  const arrived = new Set(partials.map(({ validator, ceremony }) => `${validator} ${ceremony}`));
  const found = new Set(wrong.map(({ validator, ceremony }) => `${validator} ${ceremony}`));
  const unseen = deeds.filter((each) => arrived.has(each) && !found.has(each));
  return [
    {
      name: 'nobody honest is accused',
      looked: `${named.length} accusations, ${proved.length} proofs, ${partials.length} partial signatures`,
      violations: [...seenAny('partial signatures', partials.length), ...honest],
    },
    {
      name: 'every attributable fault is proved',
      looked: `${new Set(deeds).size} wrong acts, ${found.size} reached a coordinator, ${proved.length} proofs`,
      violations: [
        ...unproved.map(
          ({ validator, ceremony }) => `no proof that ${validatorName(validator)} signed wrongly in ${ceremony}`,
        ),
        ...unseen.map((each) => `a wrong act holds: ${each}`),
        ...heeded(strikes, deeds.length),
      ],
    },
  ];
}

/** What arrived, and what journals say: a folder that was put back has forgotten its answers, and one that nobody heard is in no blob. */
function secretFindings({ layout }: LiveNetwork, arrived: readonly ArrivedPartial[]): readonly Finding[] {
  const left = partialsLeft(layout, validatorIds(), 'regtest');
  const partials: readonly SeenPartial[] = [...arrived, ...left.partials];
  const uses = partials.flatMap(({ validator, request, input, signers }) => {
    const nonces = signers.find((each) => each.validator === validator)?.nonces;
    return nonces === undefined ? [] : [{ validator, request, input, nonces }];
  });
  const { examined, distinct, reused } = auditNonces(uses);
  const planted = seededReuse();
  const { equations, unknowns, recovered } = solveForShares([...partials, ...planted.partials]);
  const real = recovered.filter(({ shareHex }) => shareHex !== planted.shareHex);
  return [
    {
      name: 'no nonce met two requests',
      looked: `${examined} commitments, ${distinct} distinct`,
      violations: [
        ...seenAny('commitments under partial signatures', examined),
        ...reused.map(({ commitment, uses: where }) => `${commitment} of validator ${where[0]?.validator}`),
      ],
    },
    {
      name: 'no share follows from all partial signatures together',
      looked: `${equations} equations in ${unknowns} unknowns; a planted reuse gives its share away`,
      violations: [
        ...seenAny('partial signatures in journals and transcripts', left.partials.length),
        ...left.unplaced.map((each) => `nobody knows what this was signed for: ${each}`),
        ...real.map(({ validator }) => `the share of ${validatorName(validator)} can be computed`),
        ...(recovered.length > real.length ? [] : ['the planted reuse was not found: the check says nothing']),
      ],
    },
  ];
}

async function canaryFinding(live: LiveNetwork): Promise<Finding> {
  const { layout, client } = live;
  const needles = await secretsInFiles(layout);
  const hays = [...writtenBy(layout), ...(await saidBy(live)), ...(await rememberedBy(client))];
  const bytes = hays.reduce((sum, hay) => sum + hay.bytes.length, 0);
  const secrets = new Set(needles.map(({ secret }) => secret)).size;
  return {
    name: 'no secret is written anywhere',
    looked: `${secrets} secrets in ${needles.length} forms, ${(bytes / 1_048_576).toFixed(0)} MiB in ${hays.length} files, pages and histories`,
    violations: leaksIn(hays, needles),
  };
}
