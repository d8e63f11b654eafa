import { Liquid } from 'liquidjs';
import { inertText } from '../../domain/alert/text.ts';
import { FirebreakFailure } from '../../domain/errors/failure.ts';

/** What templates may say. Anything else in one is an error when it is read. */
const TAGS = new Set(['if', 'for', 'include']);
const FILTERS = new Set(['upcase', 'join']);

const TEMPLATE_CHARACTERS_MAX = 10_000;
/** Far above what any of them takes: a busy machine must not lose a page. What loops meets the limit of memory long before. */
const RENDER_MS_MAX = 5_000;
const RENDER_MEMORY_MAX = 200_000;
const TEXT_CHARACTERS_MAX = 20_000;
const VALUE_CHARACTERS_MAX = 500;

export type Rendered = { readonly title: string; readonly body: string };
type Sources = Readonly<Record<string, string>>;
export type Renderer = (template: string, values: Readonly<Record<string, unknown>>) => Rendered;

/**
 * Reads every template now, so that a broken one stops the start and not an emergency. A template sees the values that it is given and
 * the other templates by name; no file, no clock, no prototype. The first line that it makes is the title. Every value becomes one
 * inert line on its way in: whoever wrote an alert's summary cannot add a line to a message, nor a control to a terminal.
 * Throws `input.notice-template`, and the renderer also `input.notice-too-long`; both name the template.
 */
export function createRenderer(sources: Sources): Renderer {
  const engine = new Liquid({
    templates: { ...sources }, // in place of a file system
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    lenientIf: false,
    dynamicPartials: true,
    cache: true,
    parseLimit: TEMPLATE_CHARACTERS_MAX,
    renderLimit: RENDER_MS_MAX,
    memoryLimit: RENDER_MEMORY_MAX,
    outputEscape: (value: unknown) => inertText(wordsOf(value), VALUE_CHARACTERS_MAX),
  });
  for (const tag of Object.keys(engine.tags)) if (!TAGS.has(tag)) delete engine.tags[tag];
  for (const filter of Object.keys(engine.filters)) if (!FILTERS.has(filter)) delete engine.filters[filter];
  const read = new Map(
    Object.entries(sources).map(([name, source]) => [
      name,
      attempting(sources, name, () => engine.parse(source, name)),
    ]),
  );
  return (name, values) => {
    const template = read.get(name);
    if (template === undefined) throw new FirebreakFailure('input.notice-template', `there is no template ${name}`);
    const text = String(attempting(sources, name, () => engine.renderSync(template, { ...values }) as unknown));
    if (text.length > TEXT_CHARACTERS_MAX)
      throw new FirebreakFailure('input.notice-too-long', `template ${name} makes ${text.length} characters`, {
        template: name,
      });
    const [title = '', ...body] = text.trim().split('\n');
    return { title, body: body.join('\n').trim() };
  };
}

/** A list or a group of values in the middle of a sentence is a mistake of the template. */
function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return '';
  throw new Error('a value that is no text, number or null stands in a sentence');
}

function attempting<T>(sources: Sources, template: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw templateFailure(sources, template, error);
  }
}

/** LiquidJS quotes the template around the place, never a value; only its first line is kept all the same. */
function templateFailure(sources: Sources, template: string, error: unknown): FirebreakFailure {
  const said = (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';
  const source = sourceOf(error);
  const part = Object.keys(sources).find((name) => sources[name] === source);
  const what = part === undefined || part === template ? said : `in ${part}: ${said}`;
  if (/limit exceeded/i.test(what))
    return new FirebreakFailure('input.notice-too-long', `template ${template}: ${what}`, { template });
  const variable = /undefined variable: ([\w.[\]"'-]{1,100})/.exec(what)?.[1];
  return new FirebreakFailure('input.notice-template', `template ${template}: ${what}`, {
    template,
    ...(variable === undefined ? {} : { variable }),
  });
}

/** The source in which it happened: LiquidJS's tokens hold the text, and not always its name. */
function sourceOf(error: unknown): unknown {
  const token = typeof error === 'object' && error !== null && 'token' in error ? error.token : undefined;
  return typeof token === 'object' && token !== null && 'input' in token ? token.input : undefined;
}
