import { FirebreakFailure } from '../../domain/errors/failure.ts';
import type { Notice } from '../../domain/notification/notice.ts';
import type { EffectContext } from '../../domain/ports/context.ts';
import type { DeliveryReceipt, Notifier } from '../../domain/ports/notifier.ts';
import type { TestTools } from './tools.ts';

/** One conversation as the other side holds it, whatever it was sent twice. */
export type Heard = {
  /** What people read, oldest first: its first line (subject, summary) and everything else. */
  readonly said: readonly { readonly headline: string; readonly text: string }[];
  /** Where the other side has such a thing: the alert is closed. */
  readonly over?: boolean;
};
/** How the other side behaves from now on. */
export type PeerMood = 'well' | 'throttling' | 'broken' | 'refusing' | 'locked' | 'silent';

/** A started notifier and the real peer that it speaks to, on this machine. */
export type NotifierUnderTest = {
  readonly notifier: Notifier;
  /** What its manifest says it can. */
  readonly capabilities: readonly string[];
  /** In the order in which they began. */
  readonly heard: () => Promise<readonly Heard[]>;
  /** `throttling` names two seconds, where the protocol can say so. Absent: there is no other side. */
  readonly become?: (mood: PeerMood) => Promise<void>;
  /** What of this would be more than plain text for whoever reads it there: markup, links, mentions, headers. */
  readonly hazards?: () => Promise<readonly string[]>;
  /** Credentials that no failure may hold. */
  readonly secrets: readonly string[];
  dispose(): Promise<void>;
};

export const complianceNotice = (change: Partial<Notice> = {}): Notice => ({
  thread: 'a1'.repeat(32),
  severity: 'SEV2',
  exercise: false,
  title: 'Validator 7 does not answer',
  body: 'What we see:\n- 14 of 15 answer\n\nNext: at 20:15 UTC',
  issuedAtMs: Date.UTC(2026, 10, 24, 20),
  ...change,
});

/** Words of a stranger that want to be more than words, in every language that a channel speaks. */
export const HOSTILE_WORDS = [
  'a\r\nBcc: everybody@example.org\r\n\r\nanother body',
  'a\nSubject: other\u2028X-Header: 1\u0085Y: 2',
  '<!channel> <@U123456> <!here|here> <#C123456>',
  '<https://evil.example/login|Log in to confirm> https://evil.example/?a=1&b=2',
  '[sign in](https://evil.example) ![pixel](http://evil.example/p.png) `code` *bold* _it_ ~no~',
  '<img src=x onerror=alert(1)><script>alert(1)</script><a href="javascript:alert(1)">x</a>',
  '\u001b[2J\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007 \u009b31m \u0008\u0008\u0007',
  '\u202egnp.exe \u200b\u2066hidden\u2069 \ufeff',
  '{{ secret }} {% include "/etc/passwd" %} ${HOME} $(id) %0d%0aBcc:x',
  '.\r\nQUIT\r\n',
  '"},"severity":"info","x":{"y":"',
] as const;

/** Compliance of a `Notifier`. */
export function notifierCompliance(name: string, tools: TestTools, begin: () => Promise<NotifierUnderTest>): void {
  const { expect } = tools;
  const scenario = (title: string, run: (under: NotifierUnderTest) => Promise<void>): void => {
    tools.test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        await run(under);
      } finally {
        await under.dispose();
      }
    });
  };
  const lastLine = async (under: NotifierUnderTest): Promise<string> =>
    (await under.heard()).at(-1)?.said.at(-1)?.headline ?? 'nothing';

  scenario('a notice is told with its severity and its words, and the receipt says by which route', async (under) => {
    const { notifier } = under;
    const receipt = await notifier.send(complianceNotice(), toldAs('one'));
    const [heard, ...more] = await under.heard();
    expect(more.length).toBe(0);
    expect(heard?.said[0]?.headline).toBe('[SEV2] Validator 7 does not answer');
    for (const words of ['What we see:', '- 14 of 15 answer', 'Next: at 20:15 UTC'])
      expect(heard?.said[0]?.text.includes(words)).toBe(true);
    expect(receipt.route).toBe(notifier.route);
    expect(/^[\x21-\x7e]{1,200}$/.test(notifier.route)).toBe(true);
    expect(/^[\x21-\x7e]{1,300}$/.test(receipt.reference)).toBe(true);
    expect([receipt.exercise, receipt.missed, ['accepted', 'shown'].includes(receipt.state)]).toEqual([false, 0, true]);
    expect(Math.abs(receipt.atMs - Date.now()) < 60_000).toBe(true);
  });

  scenario('a receipt survives being stored as JSON, and stays small', async ({ notifier }) => {
    const receipt = await notifier.send(complianceNotice(), toldAs('one'));
    const stored = JSON.stringify(receipt);
    expect(JSON.parse(stored)).toEqual(receipt);
    expect(stored.length < 1_000).toBe(true);
    await notifier.update(complianceNotice(), JSON.parse(stored) as DeliveryReceipt, toldAs('two'));
  });

  scenario('an exercise says so before anything else, in the message and in the receipt', async (under) => {
    const { exercise } = await under.notifier.send(complianceNotice({ exercise: true }), toldAs('one'));
    expect(exercise).toBe(true);
    expect((await lastLine(under)).startsWith('[EXERCISE] [SEV2]')).toBe(true);
  });

  scenario('a repeat with the same key is the same message, where the manifest promises it', async (under) => {
    const first = await under.notifier.send(complianceNotice(), toldAs('one'));
    const again = await under.notifier.send(complianceNotice(), toldAs('one'));
    if (!under.capabilities.includes('deduplicates')) return;
    expect(again.reference).toBe(first.reference);
    expect((await under.heard()).map(({ said }) => said.length)).toEqual([1]);
  });

  scenario('two incidents are two conversations', async (under) => {
    const { notifier } = under;
    await notifier.send(complianceNotice(), toldAs('one'));
    await notifier.send(complianceNotice({ thread: 'b2'.repeat(32), title: 'Another' }), toldAs('two'));
    expect((await under.heard()).map(({ said }) => said[0]?.headline)).toEqual([
      '[SEV2] Validator 7 does not answer',
      '[SEV2] Another',
    ]);
  });

  scenario('what follows stands in the same conversation, and resolving twice is harmless', async (under) => {
    const { notifier, capabilities } = under;
    const first = await notifier.send(complianceNotice(), toldAs('one'));
    await notifier.update(complianceNotice({ title: 'It answers again' }), first, toldAs('two'));
    expect(await lastLine(under)).toBe('[SEV2] It answers again');
    const over = complianceNotice({ title: 'Over' });
    await notifier.resolve(over, first, toldAs('three'));
    await notifier.resolve(over, first, toldAs('three'));
    const heard = await under.heard();
    expect(heard.length).toBe(1);
    expect(await lastLine(under)).toBe('[SEV2] Over');
    if (capabilities.includes('pages')) expect(heard[0]?.over).toBe(true);
  });

  scenario('hostile words stay words', async (under) => {
    const { notifier } = under;
    let told = 0;
    for (const words of HOSTILE_WORDS) {
      told += 1;
      const thread = String(told).padStart(64, '0');
      await notifier.send(complianceNotice({ thread, title: words, body: `We saw:\n${words}\nend` }), toldAs(thread));
    }
    const heard = await under.heard();
    expect(heard.length).toBe(HOSTILE_WORDS.length);
    for (const { said } of heard) {
      const { headline = '', text = '' } = said[0] ?? {};
      expect(UNSEEN.exec(headline)?.[0] ?? 'none').toBe('none');
      expect(UNSEEN.exec(text.replaceAll('\n', ''))?.[0] ?? 'none').toBe('none');
      expect(`${headline}\n${text}`.includes('://evil')).toBe(false);
    }
    expect((await under.hazards?.()) ?? []).toEqual([]);
  });

  scenario('the longest words are cut and told', async (under) => {
    const long = complianceNotice({ title: 'x'.repeat(100_000), body: `${'word '.repeat(50)}\n`.repeat(5_000) });
    await under.notifier.send(long, toldAs('one'));
    expect((await lastLine(under)).startsWith('[SEV2] xxx')).toBe(true);
  });

  for (const [mood, code] of FAILURES)
    scenario(`a peer that is ${mood} is ${code}, without a secret in it`, async ({ notifier, become, secrets }) => {
      if (become === undefined) return;
      await become(mood);
      const failure = await failureOf(() => notifier.send(complianceNotice(), toldAs('one')));
      expect(failure?.code ?? 'nothing').toBe(code);
      const shown = JSON.stringify([failure?.message, failure?.details]);
      for (const secret of secrets) expect(shown.includes(secret)).toBe(false);
      if (mood === 'throttling') expect(Number(failure?.details['retryAfterSeconds']) > 0).toBe(true);
      await become('well');
      await notifier.send(complianceNotice(), toldAs('one'));
    });

  scenario('a silent peer costs no more than the time that was given', async ({ notifier, become }) => {
    if (become === undefined) return;
    await become('silent');
    const began = Date.now();
    const late = { ...toldAs('one'), deadlineMs: began + 500 };
    const failure = await failureOf(() => notifier.send(complianceNotice(), late));
    expect(failure?.retryable ?? false).toBe(true);
    expect(Date.now() - began < 5_000).toBe(true);
  });

  scenario('a notice that nobody wants any more is not told', async (under) => {
    let threw = false;
    await under.notifier.send(complianceNotice(), toldAs('one', AbortSignal.abort())).catch(() => {
      threw = true;
    });
    expect(threw).toBe(true);
    expect((await under.heard()).length).toBe(0);
  });

  scenario('it says that it is well, and stops twice', async ({ notifier }) => {
    expect((await notifier.health?.())?.state ?? 'ok').toBe('ok');
    await notifier.stop?.();
    await notifier.stop?.();
  });
}

const FAILURES: readonly (readonly [PeerMood, string])[] = [
  ['throttling', 'unavailable.notifier-throttled'],
  ['broken', 'unavailable.notifier-down'],
  ['refusing', 'input.notifier-refused'],
  ['locked', 'policy.notifier-credentials'],
];

/** Drives a terminal, turns text round, or is not seen. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const toldAs = (key: string, signal: AbortSignal = new AbortController().signal): EffectContext => ({
  idempotencyKey: `compliance/${key}`,
  signal,
  deadlineMs: Date.now() + 20_000,
});

async function failureOf(run: () => Promise<unknown>): Promise<FirebreakFailure | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (error instanceof FirebreakFailure) return error;
    throw error;
  }
}
