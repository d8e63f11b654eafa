import type { ReportedAlert } from '../../domain/alert/alert.ts';
import type { AlertDelivery, AlertSource } from '../../domain/ports/alert-source.ts';
import type { TestTools } from './tools.ts';

/** One started source, and a sender that knows its secret. */
export type AlertSourceUnderTest = {
  readonly source: AlertSource;
  /** The same source before its `start`, when it has one: it knows no secret yet. */
  readonly unstarted?: AlertSource;
  /**
   * An authentic delivery of one alert, sent at this time (Unix milliseconds), with the headers that prove it and no others. What a
   * sender of this kind cannot say (a severity, a label) is left out of it.
   */
  readonly deliver: (alert: ReportedAlert, atMs: number) => AlertDelivery;
  /** The signature covers the body: one changed byte is noticed. */
  readonly signed?: boolean;
  /** Seconds after which a delivery is too old; absent when the sender signs no time. */
  readonly windowSeconds?: number;
  dispose(): Promise<void>;
};

const NOW = Date.UTC(2026, 10, 24, 20);
const HOUR = 3_600_000;
const CANARY = 'canary-5f1d';
const UNAUTHENTICATED = 'policy.alert-unauthenticated';

export const complianceAlert = (change: Partial<ReportedAlert> = {}): ReportedAlert => ({
  status: 'firing',
  fingerprint: 'a1b2c3d4e5f60718',
  startedAtMs: NOW - HOUR,
  name: 'ValidatorOffline',
  severity: 'critical',
  summary: 'ValidatorOffline',
  labels: { alertname: 'ValidatorOffline', severity: 'critical' },
  ...change,
});

/** Bodies that are no delivery of anybody. */
const BROKEN: readonly (readonly [string, string | Uint8Array])[] = [
  ['nothing', ''],
  ['no JSON', `{"${CANARY}`],
  ['no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])],
  ['null', 'null'],
  ['a number', '1e999'],
  ['a list of nothing', `[null, 1, "${CANARY}"]`],
  ['an object of another form', `{"version":"9","alerts":"${CANARY}","event":{"data":"${CANARY}"}}`],
  ['deep nesting', '['.repeat(100_000)],
  ['a prototype', `{"__proto__":{"alerts":[]},"constructor":{"prototype":"${CANARY}"}}`],
];

/** Compliance of an `AlertSource`. */
export function alertSourceCompliance(
  name: string,
  tools: TestTools,
  begin: () => Promise<AlertSourceUnderTest>,
): void {
  const { expect } = tools;
  const scenario = (title: string, run: (under: AlertSourceUnderTest) => void): void => {
    tools.test(`${name}: ${title}`, async () => {
      const under = await begin();
      try {
        run(under);
      } finally {
        await under.source.stop?.();
        await under.dispose();
      }
    });
  };
  const judged = (source: AlertSource, delivery: AlertDelivery): string => {
    const verdict = source.authenticate(delivery);
    return verdict.ok ? 'yes' : verdict.refusal.code;
  };
  const identity = (source: AlertSource, delivery: AlertDelivery): unknown => {
    const report = source.parse(delivery);
    if (!report.ok) return report.refusal;
    return report.value.alerts.map(({ status, fingerprint, startedAtMs }) => ({ status, fingerprint, startedAtMs }));
  };

  scenario('an authentic delivery is accepted, twice, and its alert comes out', ({ source, deliver }) => {
    const alert = complianceAlert();
    const delivery = deliver(alert, NOW);
    expect([judged(source, delivery), judged(source, delivery)]).toEqual(['yes', 'yes']);
    const report = source.parse(delivery);
    const [first] = report.ok ? report.value.alerts : [];
    expect(report.ok && report.value.leftOut).toBe(0);
    expect([first?.name, first?.summary, first?.labels['alertname']]).toEqual([alert.name, alert.summary, alert.name]);
    expect(identity(source, delivery)).toEqual([
      { status: 'firing', fingerprint: alert.fingerprint, startedAtMs: alert.startedAtMs },
    ]);
  });

  scenario('a repeat and a resolution are the same alert, another firing is not', ({ source, deliver }) => {
    const { fingerprint, startedAtMs } = complianceAlert();
    const later = NOW + HOUR;
    const same = { status: 'firing', fingerprint, startedAtMs };
    expect(identity(source, deliver(complianceAlert(), later))).toEqual([same]);
    const resolved = complianceAlert({ status: 'resolved' });
    expect(identity(source, deliver(resolved, later))).toEqual([{ ...same, status: 'resolved' }]);
    const again = complianceAlert({ startedAtMs: NOW });
    expect(identity(source, deliver(again, later))).toEqual([{ ...same, startedAtMs: NOW }]);
  });

  scenario(
    'without a credential nothing is accepted, and neither with a wrong one of any length',
    ({ source, deliver }) => {
      const delivery = deliver(complianceAlert(), NOW);
      expect(judged(source, { ...delivery, headers: {} })).toBe(UNAUTHENTICATED);
      for (const [header, value] of Object.entries(delivery.headers)) {
        const last = value.endsWith('1') ? '2' : '1';
        for (const wrong of [
          '',
          ' ',
          'x',
          `${value}1`,
          value.slice(0, -1),
          `${value.slice(0, -1)}${last}`,
          'é'.repeat(9_000),
        ])
          expect([
            header,
            wrong,
            judged(source, { ...delivery, headers: { ...delivery.headers, [header]: wrong } }),
          ]).toEqual([header, wrong, UNAUTHENTICATED]);
      }
    },
  );

  scenario('before it has read its secret it accepts nobody', ({ unstarted, deliver }) => {
    if (unstarted === undefined) return;
    const delivery = deliver(complianceAlert(), NOW);
    expect(judged(unstarted, delivery)).toBe(UNAUTHENTICATED);
    expect(judged(unstarted, { ...delivery, headers: {} })).toBe(UNAUTHENTICATED);
  });

  scenario('a refusal repeats neither credential nor body', ({ source, deliver }) => {
    const delivery = deliver(complianceAlert({ name: CANARY }), NOW);
    for (const [header, value] of Object.entries(delivery.headers)) {
      const verdict = source.authenticate({
        ...delivery,
        headers: { ...delivery.headers, [header]: `${value}${CANARY}` },
      });
      const said = verdict.ok ? 'accepted' : JSON.stringify(verdict.refusal);
      expect([said.includes(CANARY), said.includes(value), verdict.ok]).toEqual([false, false, false]);
    }
  });

  scenario('where the body is signed, every changed byte is noticed', ({ source, deliver, signed }) => {
    if (signed !== true) return;
    const delivery = deliver(complianceAlert(), NOW);
    const changed = Uint8Array.from(delivery.body);
    for (const at of changed.keys()) {
      changed[at] = (changed[at] ?? 0) ^ 1;
      if (judged(source, { ...delivery, body: changed }) !== UNAUTHENTICATED) expect(`byte ${at}`).toBe('noticed');
      changed[at] = (changed[at] ?? 0) ^ 1;
    }
    for (const body of [delivery.body.slice(0, -1), Uint8Array.from([...delivery.body, 32]), new Uint8Array()])
      expect(judged(source, { ...delivery, body })).toBe(UNAUTHENTICATED);
  });

  scenario('where time is signed, an old or early delivery is a replay, and a forged one still a forgery', (under) => {
    const { source, deliver, windowSeconds } = under;
    if (windowSeconds === undefined) return;
    const delivery = deliver(complianceAlert(), NOW);
    const at = (seconds: number): string => judged(source, { ...delivery, receivedAtMs: NOW + seconds * 1_000 });
    expect([at(windowSeconds - 1), at(-windowSeconds + 1)]).toEqual(['yes', 'yes']);
    expect([at(windowSeconds + 1), at(-windowSeconds - 1)]).toEqual(['policy.alert-replayed', 'policy.alert-replayed']);
    const body = new Uint8Array([123, 125]);
    expect(judged(source, { ...delivery, body, receivedAtMs: NOW + windowSeconds * 9_000 })).toBe(UNAUTHENTICATED);
  });

  scenario('what is no delivery is refused by name, quickly, and not repeated', ({ source, deliver }) => {
    const { headers } = deliver(complianceAlert(), NOW);
    for (const [what, text] of BROKEN) {
      const body = typeof text === 'string' ? new TextEncoder().encode(text) : text;
      const verdict = source.parse({ headers, body, receivedAtMs: NOW });
      expect([what, verdict.ok ? 'accepted' : verdict.refusal.code]).toEqual([what, 'input.alert-body']);
      expect([what, JSON.stringify(verdict).includes(CANARY)]).toEqual([what, false]);
    }
    expect(Object.hasOwn(Object.prototype, 'alerts')).toBe(false);
  });

  scenario(
    'hostile text comes out as the data that it is, and the delivery is left as it was',
    ({ source, deliver }) => {
      const title = '\u001b[2J$(reboot) {{config}} [x](javascript:alert(1)) \u202eevil <script>`';
      const delivery = deliver(complianceAlert({ name: title, summary: title, labels: { alertname: title } }), NOW);
      const before = [...delivery.body];
      expect(judged(source, delivery)).toBe('yes');
      const report = source.parse(delivery);
      expect(report.ok && report.value.alerts[0]?.name).toBe(title);
      expect([...delivery.body]).toEqual(before);
    },
  );
}
