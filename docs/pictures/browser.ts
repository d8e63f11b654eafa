import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const STARTED_MS = 20_000;
const REPLY_MS = 15_000;
const SEEN_MS = 6_000;
const LOOK_MS = 100;
/** A page that has drawn its words still moves things, and loads what stands in frames. */
const SETTLED_MS = 2_000;

type Reply = {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
};

/** Headless Chromium, spoken to by its own protocol: one page that goes where it is told and is photographed. */
export class Browser {
  readonly #process: ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #open = new Map<number, (reply: Reply) => void>();
  #last = 0;

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply;
      if (reply.id !== undefined) this.#open.get(reply.id)?.(reply);
    });
  }

  static async start(program: string): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'firebreak-pictures-'));
    const flags = ['--headless=new', '--no-sandbox', '--hide-scrollbars', '--force-device-scale-factor=1'];
    const started = spawn(
      program,
      [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const socket = new WebSocket(await pageOf(started));
    await once(socket, 'open');
    return new Browser(started, profile, socket);
  }

  /** Waits until the page shows such words, then writes it as a PNG. False: it did not, in time. */
  async photograph(url: string, words: RegExp, size: Size, file: string): Promise<boolean> {
    await this.#ask('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: false });
    await this.#ask('Page.navigate', { url });
    const deadline = Date.now() + SEEN_MS;
    while (!words.test(await this.#text())) {
      if (Date.now() > deadline) return false;
      await wait(LOOK_MS);
    }
    await wait(SETTLED_MS);
    if (!words.test(await this.#text())) return false;
    const { data } = await this.#ask('Page.captureScreenshot', { format: 'png' });
    writeFileSync(file, Buffer.from(String(data), 'base64'));
    return true;
  }

  async close(): Promise<void> {
    this.#socket.close();
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  async #text(): Promise<string> {
    const { result } = await this.#ask('Runtime.evaluate', { expression: 'document.body?.innerText ?? ""' });
    const { value } = { value: '', ...(result as object | undefined) };
    return value;
  }

  async #ask(method: string, params: object): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const late = setTimeout(() => reject(new Error(`the browser did not answer ${method}`)), REPLY_MS);
    this.#open.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise.finally(() => {
      clearTimeout(late);
      this.#open.delete(id);
    });
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
}

export type Size = { readonly width: number; readonly height: number };

/** The browser says its port on stderr, and the port which page it has. */
async function pageOf({ stderr }: ChildProcess): Promise<string> {
  const port = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the browser did not start')), STARTED_MS);
    let said = '';
    stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(said)?.[1];
      if (found === undefined) return;
      clearTimeout(late);
      resolve(found);
    });
  });
  const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as readonly {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const page = pages.find(({ type }) => type === 'page');
  if (page === undefined) throw new Error('the browser has no page');
  return page.webSocketDebuggerUrl;
}
