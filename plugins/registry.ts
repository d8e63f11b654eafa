import type { PluginKind } from '../domain/plugin/manifest.ts';

export type BuiltinPlugin = {
  readonly kind: PluginKind;
  readonly name: string;
  /** Nothing of a plug-in is loaded before a configuration chooses it. The module is checked like a stranger's. */
  load(): Promise<{ readonly plugin: unknown }>;
};

/** Every plug-in of this repository; `registry.test.ts` compares the list with the folders. */
export const builtinPlugins: readonly BuiltinPlugin[] = [
  { kind: 'alert-source', name: 'alertmanager', load: () => import('./alert-source/alertmanager/index.ts') },
  { kind: 'alert-source', name: 'memory', load: () => import('./alert-source/memory/index.ts') },
  { kind: 'alert-source', name: 'pagerduty', load: () => import('./alert-source/pagerduty/index.ts') },
  { kind: 'alert-source', name: 'signed-webhook', load: () => import('./alert-source/signed-webhook/index.ts') },
  { kind: 'blob', name: 'folder', load: () => import('./blob/folder/index.ts') },
  { kind: 'blob', name: 'memory', load: () => import('./blob/memory/index.ts') },
  { kind: 'chain', name: 'bitcoin', load: () => import('./chain/bitcoin/index.ts') },
  { kind: 'chain', name: 'memory', load: () => import('./chain/memory/index.ts') },
  { kind: 'keystore', name: 'memory', load: () => import('./keystore/memory/index.ts') },
  { kind: 'keystore', name: 'pkcs11', load: () => import('./keystore/pkcs11/index.ts') },
  { kind: 'keystore', name: 'sealed-file', load: () => import('./keystore/sealed-file/index.ts') },
  { kind: 'network', name: 'libp2p', load: () => import('./network/libp2p/index.ts') },
  { kind: 'network', name: 'memory', load: () => import('./network/memory/index.ts') },
  { kind: 'notifier', name: 'email', load: () => import('./notifier/email/index.ts') },
  { kind: 'notifier', name: 'memory', load: () => import('./notifier/memory/index.ts') },
  { kind: 'notifier', name: 'pagerduty', load: () => import('./notifier/pagerduty/index.ts') },
  { kind: 'notifier', name: 'slack', load: () => import('./notifier/slack/index.ts') },
  { kind: 'notifier', name: 'webhook', load: () => import('./notifier/webhook/index.ts') },
  { kind: 'terms', name: 'memory', load: () => import('./terms/memory/index.ts') },
  { kind: 'terms', name: 'signed-registry', load: () => import('./terms/signed-registry/index.ts') },
];
