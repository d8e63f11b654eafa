import { z } from 'zod';
import type { ConfigLocation } from '../../../domain/plugin/manifest.ts';
import { configFailure, parseSection } from '../../config-failure.ts';

const URL_REMEDY = 'write http://host:port or https://host:port of the RPC of a node, without user name and password';

const nodeUrl = z.string().refine(isNodeUrl, { message: URL_REMEDY });
const milliseconds = (least: number, most: number, usual: number) =>
  z.number().int().min(least).max(most).default(usual);

export const bitcoinConfigSchema = z.strictObject({
  rpc_url: nodeUrl.optional().describe('RPC address of one node'),
  rpc_urls: z
    .array(nodeUrl)
    .min(1)
    .max(8)
    .optional()
    .describe('RPC addresses of several nodes, the preferred one first'),
  rpc_user: z.string().min(1).optional(),
  rpc_password_env: z.string().min(1).optional().describe('Name of the environment variable that holds the password'),
  rpc_password_file: z.string().min(1).optional().describe('File that holds the password and nothing else'),
  rpc_cookie_file: z.string().min(1).optional().describe('The .cookie file that Bitcoin Core writes at each start'),
  rpc_timeout_ms: milliseconds(100, 120_000, 10_000),
  poll_interval_ms: milliseconds(20, 60_000, 1_000),
  reorg_depth_max: z.number().int().min(1).max(100).default(6).describe('A deeper reorganisation stops the view'),
  start_height: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Where an empty index begins; a day below the tip when absent, and never above the checkpoint'),
  fee_floor_sats_per_kvb: z.number().int().min(100).max(1_000_000).default(1_000),
  fee_cap_sats_per_kvb: z.number().int().min(100).max(10_000_000).default(200_000),
  disagreement_ms: milliseconds(100, 86_400_000, 60_000).describe('How long nodes may report different tips'),
});

type Parsed = z.output<typeof bitcoinConfigSchema>;
export type BitcoinConfig = Omit<Parsed, 'rpc_url' | 'rpc_urls'> & { readonly rpc_urls: readonly string[] };

/** Throws `input.config`; nothing is opened or asked. */
export function parseBitcoinConfig(input: unknown, where: ConfigLocation): BitcoinConfig {
  const { rpc_url, rpc_urls, ...rest } = parseSection(bitcoinConfigSchema, input, where);
  const urls = rpc_urls ?? (rpc_url === undefined ? [] : [rpc_url]);
  if (urls.length === 0)
    throw configFailure(where, ['rpc_urls'], 'name at least one node, e.g. ["http://127.0.0.1:18443"]');
  if (rpc_url !== undefined && rpc_urls !== undefined) {
    throw configFailure(where, ['rpc_url'], 'give either rpc_url or rpc_urls, not both');
  }
  if (new Set(urls).size !== urls.length) throw configFailure(where, ['rpc_urls'], 'name each node once');
  const ways = (['rpc_password_env', 'rpc_password_file', 'rpc_cookie_file'] as const).filter(
    (key) => rest[key] !== undefined,
  );
  if (ways.length > 1) throw configFailure(where, [ways[1] ?? ''], `give only one of ${ways.join(', ')}`);
  const needsUser = ways[0] !== undefined && ways[0] !== 'rpc_cookie_file';
  if (needsUser && rest.rpc_user === undefined) throw configFailure(where, ['rpc_user'], `is needed beside ${ways[0]}`);
  if (!needsUser && rest.rpc_user !== undefined) {
    throw configFailure(where, ['rpc_user'], 'needs rpc_password_env or rpc_password_file beside it');
  }
  if (rest.fee_cap_sats_per_kvb < rest.fee_floor_sats_per_kvb) {
    throw configFailure(where, ['fee_cap_sats_per_kvb'], 'must not be below fee_floor_sats_per_kvb');
  }
  return { ...rest, rpc_urls: urls };
}

/** Credentials inside a URL would reach logs. */
function isNodeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}
