import { z } from 'zod';

type Labels = Readonly<Record<string, string | undefined>>;
type Route = {
  readonly receiver?: string | undefined;
  readonly matchers?: readonly string[] | undefined;
  readonly continue?: boolean | undefined;
  readonly routes?: readonly Route[] | undefined;
};

/** Strict: a key that this file knows nothing of could send an alert elsewhere. */
const routeSchema: z.ZodType<Route> = z.lazy(() =>
  z.strictObject({
    receiver: z.string().optional(),
    matchers: z.array(z.string()).optional(),
    continue: z.boolean().optional(),
    routes: z.array(routeSchema).optional(),
    group_by: z.array(z.string()).optional(),
    group_wait: z.string().optional(),
    group_interval: z.string().optional(),
    repeat_interval: z.string().optional(),
  }),
);
const settingsSchema = z.object({
  route: routeSchema,
  receivers: z.array(
    z.looseObject({ name: z.string(), webhook_configs: z.array(z.object({ url: z.string() })).optional() }),
  ),
});
export type AlertmanagerSettings = z.infer<typeof settingsSchema>;
export const alertmanagerSettingsFrom = (settings: unknown): AlertmanagerSettings => settingsSchema.parse(settings);

/** What becomes of an alert with these labels. */
export function deliveriesOf({ route, receivers }: AlertmanagerSettings, labels: Labels) {
  const reached = receivers.filter(({ name }) => receiversOf(route, labels).includes(name));
  const tells = (url: string): boolean => url.endsWith('/v1/alerts/prometheus');
  const isApi = (receiver: (typeof reached)[number]): boolean =>
    receiver.webhook_configs?.some(({ url }) => tells(url)) ?? false;
  return {
    recorded: reached.some(isApi),
    // A receiver without any configuration drops what it is given.
    pages: reached.some(
      (receiver) => !isApi(receiver) && Object.keys(receiver).some((key) => key.endsWith('_configs')),
    ),
  };
}

/** As Alertmanager walks its tree: the first child that matches, more of them after `continue`, and the node itself where none does. */
function receiversOf({ receiver = '', routes = [] }: Route, labels: Labels): readonly string[] {
  const reached: string[] = [];
  for (const child of routes) {
    if (!(child.matchers ?? []).every((matcher) => matches(matcher, labels))) continue;
    reached.push(...receiversOf({ ...child, receiver: child.receiver ?? receiver }, labels));
    if (child.continue !== true) break;
  }
  return reached.length > 0 ? reached : [receiver];
}

/** A label that is not there is empty. */
function matches(matcher: string, labels: Labels): boolean {
  const [, label = '', operator = '', value = ''] = /^(\w+)\s*(=~|!~|!=|=)\s*"([^"\\]*)"$/.exec(matcher) ?? [];
  if (label === '') throw new Error(`not understood: ${matcher}`);
  const said = labels[label] ?? '';
  const is = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(said) : said === value;
  return operator.startsWith('!') ? !is : is;
}
