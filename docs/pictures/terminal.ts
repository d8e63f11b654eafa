import { execFileSync } from 'node:child_process';

const SESSION = `firebreak-pictures-${process.pid}`;
const OVER = 'the command has ended';
const HISTORY_LINES = 5_000;
const COLUMNS = 160;
const ROWS = 50;
/** By SGR number; what is not named keeps its colour. */
const COLOURS: Readonly<Record<number, string>> = {
  31: '#ff7b72',
  32: '#7ee787',
  33: '#e3b341',
  34: '#79c0ff',
  35: '#d2a8ff',
  36: '#79c0ff',
  90: '#8b949e',
  91: '#ff7b72',
  92: '#7ee787',
  93: '#e3b341',
  94: '#79c0ff',
};
const LINE_PIXELS = 17;
const EDGE_PIXELS = 24;

/** A real terminal (tmux) with a command in it, so that the picture is what a person sees. */
export class Terminal {
  readonly #tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-L', SESSION, '-f', '/dev/null', ...args], { encoding: 'utf8', maxBuffer: 1 << 24 });

  constructor(command: string, folder: string) {
    this.#tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), '-c', folder, '-s', SESSION, 'cat');
    this.#tmux('set-option', '-g', 'history-limit', String(HISTORY_LINES));
    this.#tmux('new-window', '-c', folder, '-n', 'run', `trap : INT; ${command}; echo '${OVER}'; exec cat`);
  }

  isOver(): boolean {
    return this.read().some((line) => line.includes(OVER));
  }

  /** Everything that was printed, with its colours as escape sequences. */
  read(): readonly string[] {
    return this.#tmux('capture-pane', '-e', '-p', '-J', '-S', '-', '-t', `${SESSION}:run`)
      .replace(/\s+$/, '')
      .split('\n');
  }

  type(keys: string): void {
    this.#tmux('send-keys', '-t', `${SESSION}:run`, keys);
  }

  close(): void {
    this.#tmux('kill-server');
  }
}

const ESCAPE = String.fromCodePoint(27);
const SGR = new RegExp(`${ESCAPE}\\[([0-9;]*)m`);

export const plain = (line: string): string => line.split(new RegExp(`${ESCAPE}\\[[0-9;]*m`)).join('');

/** The lines as a page of the right size to be photographed. */
export function terminalPage(lines: readonly string[]): {
  readonly html: string;
  readonly size: { readonly width: number; readonly height: number };
} {
  const style =
    `body{margin:0;padding:${EDGE_PIXELS}px;background:#11151c;color:#d5dbe3;` +
    `font:13px/${LINE_PIXELS}px "DejaVu Sans Mono",monospace;white-space:pre}`;
  const widest = Math.max(...lines.map((line) => plain(line).length));
  return {
    html: `<!doctype html><meta charset="utf-8"><style>${style}</style><body>${lines.map(lineHtml).join('\n')}</body>`,
    size: { width: Math.ceil(widest * 7.83) + 2 * EDGE_PIXELS, height: lines.length * LINE_PIXELS + 2 * EDGE_PIXELS },
  };
}

function lineHtml(line: string): string {
  const [first = '', ...rest] = line.split(SGR);
  let html = escaped(first);
  let style = '';
  for (let at = 0; at < rest.length; at += 2) {
    style = styled(style, rest[at] ?? '');
    const text = escaped(rest[at + 1] ?? '');
    html += style === '' ? text : `<span style="${style}">${text}</span>`;
  }
  return html;
}

function styled(before: string, codes: string): string {
  let style = before;
  for (const code of codes.split(';').map(Number)) {
    if (code === 0 || code === 39) style = '';
    else if (code === 1) style += 'font-weight:bold;';
    else if (code === 2) style += 'opacity:.65;';
    else if (COLOURS[code] !== undefined) style = `color:${COLOURS[code]};`;
  }
  return style;
}

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
