import { z } from 'zod';
import { FirebreakFailure } from '../../domain/errors/failure.ts';
import { CONTRACT_VERSION, type Plugin, type PluginKind } from '../../domain/plugin/manifest.ts';

const words = z.array(z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)).max(100);

const manifestSchema = z.object({
  kind: z.string(),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  contractVersion: z.int(),
  summary: z.string().min(1).max(300),
  capabilities: words,
  irreversible: z.array(z.string().max(64)).max(100),
  configSchema: z.record(z.string(), z.unknown()),
});

/** What a port of each kind must be able to do; `part.method` where the port is made of parts. */
const PORT_METHODS: Readonly<Record<PluginKind, readonly string[]>> = {
  keystore: ['seal', 'unseal', 'destroy'],
  blob: ['put', 'get', 'has'],
  terms: ['add', 'get', 'list'],
  network: ['ask', 'askMany', 'connected'],
  'alert-source': ['authenticate', 'parse'],
  notifier: ['send', 'update', 'resolve'],
  chain: [
    'view.status',
    'view.watch',
    'view.outputs',
    'broadcaster.submit',
    'broadcaster.whatBecameOf',
    'fees.estimate',
    'codec.buildPayout',
  ],
};

/** The module's `plugin`, if it is one that this host can run for `kind`. `origin` is how the configuration names it. */
export function checkPlugin(module: unknown, kind: PluginKind, origin: string): Plugin {
  const candidate = isRecord(module) ? module['plugin'] : undefined;
  if (!isRecord(candidate)) throw refusal('input.plugin-manifest', origin, 'exports no `plugin`');
  const manifest = manifestSchema.safeParse(candidate['manifest']);
  if (!manifest.success) {
    const issue = manifest.error.issues[0];
    throw refusal('input.plugin-manifest', origin, `manifest.${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { contractVersion, kind: ofKind } = manifest.data;
  // The contract first: in another version the rest may mean something else.
  if (contractVersion !== CONTRACT_VERSION) {
    throw refusal(
      'input.plugin-contract',
      origin,
      `was made for contract ${contractVersion}, this host has ${CONTRACT_VERSION}`,
    );
  }
  if (ofKind !== kind)
    throw refusal('input.plugin-kind', origin, `is of kind ${ofKind}, a ${kind} plug-in is needed here`);
  for (const name of ['parse', 'create']) {
    if (typeof candidate[name] !== 'function')
      throw refusal('input.plugin-manifest', origin, `has no function ${name}`);
  }
  return candidate as Plugin;
}

/** Refuses what `create` gave unless it has every method of its kind: better now than in the middle of an incident. */
export function checkPort(port: unknown, kind: PluginKind, origin: string): void {
  for (const method of PORT_METHODS[kind]) {
    let at: unknown = port;
    for (const part of method.split('.')) at = isRecord(at) ? at[part] : undefined;
    if (typeof at !== 'function') throw refusal('input.plugin-port', origin, `its port has no method ${method}`);
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const refusal = (
  code: 'input.plugin-manifest' | 'input.plugin-contract' | 'input.plugin-kind' | 'input.plugin-port',
  origin: string,
  message: string,
) => new FirebreakFailure(code, `plug-in ${origin}: ${message}`, { plugin: origin });
