import { z } from 'zod';
import { VALIDATORS_MAX } from '../../wire/documents/genesis.ts';

const port = (what: string) => z.int().min(1).max(65_535).describe(what);
const text = (what: string) => z.string().min(1).max(500).describe(what);
const file = (what: string) => text(`${what}; relative to this file`);
const httpUrl = z
  .string()
  .max(500)
  .refine((url) => /^https?:\/\/[^\s/]+/.test(url), 'write a URL that begins with http:// or https://')
  .refine(
    (url) => !/^https?:\/\/[^/]*@/.test(url),
    'do not put a user or password into the URL; use rpc_user and rpc_password_env',
  );

/**
 * `validator.toml`, literally (spec-checklist §2.5, with our additions). Unknown fields are refused, since a misspelt limit is a
 * missing limit. `docs/reference/configuration.md` is generated from the descriptions.
 */
export const validatorTomlSchema = z.strictObject({
  validator: z.strictObject({
    id: z
      .int()
      .min(1)
      .max(VALIDATORS_MAX)
      .describe("this validator's position in the roster, also its FROST participant number"),
    network: z.enum(['mainnet', 'testnet', 'regtest']).describe('the Bitcoin network'),
    environment: z.enum(['production', 'drill', 'development']).describe('bound into every order, vote and envelope'),
    data_dir: file('folder of the journal and the chain index').default('.'),
  }),
  bitcoin: z.strictObject({
    rpc_url: httpUrl.optional().describe("the operator's own Bitcoin node"),
    rpc_urls: z.array(httpUrl).min(1).max(8).optional().describe('several nodes, of which disagreement is noticed'),
    rpc_user: text('RPC user').optional(),
    rpc_password: text('RPC password in this file; accepted with a warning, prefer one of the next three').optional(),
    rpc_password_env: text('environment variable that holds the RPC password').optional(),
    rpc_password_file: file('file that holds the RPC password').optional(),
    rpc_cookie_file: file("Bitcoin Core's .cookie file").optional(),
    max_reorg_depth: z
      .int()
      .min(1)
      .max(100)
      .optional()
      .describe('a deeper reorganisation stops this validator; 6 when absent'),
    start_height: z
      .int()
      .min(0)
      .optional()
      .describe('where an empty chain index begins; a day below the tip when absent, and never above the checkpoint'),
    poll_interval_ms: z
      .int()
      .min(20)
      .max(60_000)
      .optional()
      .describe('how often the node is asked for its tip; 1000 when absent'),
    rpc_timeout_ms: z.int().min(100).max(120_000).optional().describe('bound of one RPC; 10000 when absent'),
    confirmations_required: z.int().min(1).max(1_000).default(3).describe('a deposit above this depth is not spent'),
  }),
  policy: z
    .strictObject({
      version: z
        .int()
        .min(1)
        .max(4_294_967_295)
        .default(1)
        .describe('refuses signing requests planned under another version'),
      min_fee_rate_sats_per_kvb: z.int().min(0).max(100_000_000).default(1_000).describe('cheaper payouts are refused'),
      fee_cap_sats: z.int().min(1).max(2_100_000_000_000_000).default(100_000).describe('no payout pays miners more'),
      outflow_cap_sats: z
        .int()
        .min(1)
        .max(2_100_000_000_000_000)
        .default(1_000_000_000)
        .describe('payouts above so many sats in one window wait; sweeps do not count'),
      outflow_window_seconds: z
        .int()
        .min(60)
        .max(2_592_000)
        .default(86_400)
        .describe('how long a signed payout counts against outflow_cap_sats'),
      anchor_depth_max: z
        .int()
        .min(1)
        .max(100_000)
        .default(144)
        .describe('a request planned on an older block is refused'),
    })
    .prefault({}),
  stacks: z
    .strictObject({
      rpc_url: httpUrl.optional(),
      contract_address: text('loan contract').optional(),
    })
    .optional()
    .describe('accepted and not used yet: comes with the cross-chain loans'),
  threshold: z
    .strictObject({
      scheme: z.literal('frost').default('frost'),
      total_validators: z
        .int()
        .min(2)
        .max(VALIDATORS_MAX)
        .default(15)
        .describe('must equal the roster, spares included'),
      threshold: z.int().min(2).max(VALIDATORS_MAX).default(10).describe('must equal the genesis'),
    })
    .prefault({}),
  key_storage: z.strictObject({
    type: z.enum(['hsm', 'file']).describe('PKCS#11 token, or sealed files (refused on mainnet)'),
    hsm_module: file('PKCS#11 library').optional(),
    hsm_slot: z.int().min(0).max(4_294_967_295).optional().describe('slot number of the token'),
    hsm_token_label: text('label of the token; survives a renumbering of slots').optional(),
    hsm_key_label: text('label of the AES key in the token').optional(),
    hsm_pin_env: text('environment variable that holds the PIN').optional(),
    hsm_pin_file: file('file that holds the PIN').optional(),
    passphrase_env: text('environment variable that holds the passphrase').optional(),
    passphrase_file: file('file that holds the passphrase').optional(),
    identity_file: file('age identity file, mode 0400, instead of a passphrase; not the host identity of [network]')
      .refine((path) => !/AGE-SECRET-KEY-/i.test(path), 'never write an identity here; write the path of its file')
      .optional(),
    recipients: z
      .array(z.string().regex(/^age1[a-z0-9]{10,4000}$/, 'write an age recipient (age1…)'))
      .max(10)
      .optional()
      .describe('further age recipients who can open what is sealed, for recovery; only with identity_file'),
  }),
  network: z
    .strictObject({
      p2p_listen: text('`host:port` or a libp2p multiaddr').default('0.0.0.0:9001'),
      identity_file: file('sealed host identity').default('identity.sealed'),
      genesis_file: file('the pinned network genesis').default('network.json'),
      bootstrap_peers: z
        .array(text('multiaddr'))
        .max(64)
        .default([])
        .describe('further addresses of roster members, each ending in /p2p/<peer>'),
      backup_addresses: z
        .array(text('multiaddr'))
        .max(64)
        .default([])
        .describe('as bootstrap_peers: tried like the addresses of the roster'),
      announce_seconds: z.number().min(0.2).max(300).default(5).describe('how often liveness is announced'),
    })
    .prefault({}),
  monitoring: z
    .strictObject({
      metrics_port: port('metrics, health and can-sign').default(9090),
      health_check_port: port('read-only API and health').default(8080),
      listen_host: text('address of both ports; anything but loopback is readable by whoever reaches it').default(
        '127.0.0.1',
      ),
      log_level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
    })
    .prefault({}),
  coordinator: z
    .strictObject({ enabled: z.boolean().optional(), coordinator_url: httpUrl.optional() })
    .optional()
    .describe('accepted and not used: coordinators dial validators, and are listed in the genesis'),
});

export type ValidatorToml = z.infer<typeof validatorTomlSchema>;
