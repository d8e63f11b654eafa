import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { Heard, PeerMood } from '../../plugins/testkit/notifier.ts';

export type Mail = {
  readonly to: readonly string[];
  /** Header lines with their continuations unfolded, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly text: string;
};
const WANTED = [
  'from',
  'to',
  'subject',
  'message-id',
  'date',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
];
const OURS = ['auto-submitted', 'x-firebreak-exercise', 'x-firebreak-severity', 'in-reply-to', 'references'];

/** A real SMTP server. A mailbox shows one mail per Message-ID, and those that answer another as one conversation. */
export async function smtpPeer(
  { user, password }: { readonly user: string; readonly password: string },
  wantedPort = 0,
) {
  const mails: Mail[] = [];
  let mood: PeerMood = 'well';
  let refusedAddress: string | undefined;
  const refusal = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });
  const server = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onAuth: (auth, _session, done) => {
      if (mood === 'silent') return;
      if (mood !== 'locked' && auth.username === user && auth.password === password) done(null, { user });
      else done(refusal(535, `no such login ${auth.password}`));
    },
    onMailFrom: (_address, _session, done) => {
      if (mood === 'throttling') done(refusal(451, 'slow down'));
      else if (mood === 'broken') done(refusal(421, 'closing'));
      else done();
    },
    onRcptTo: ({ address }, _session, done) =>
      mood === 'refusing' || address === refusedAddress ? done(refusal(550, `no mailbox ${address}`)) : done(),
    onData: (stream, session, done) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        mails.push(
          read(
            Buffer.concat(parts).toString('utf8'),
            session.envelope.rcptTo.map(({ address }) => address),
          ),
        );
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(wantedPort, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  const name = (mail: Mail): string => headerOf(mail, 'message-id');
  const distinct = (): readonly Mail[] =>
    mails.filter((mail, at) => mails.findIndex((one) => name(one) === name(mail)) === at);
  return {
    port,
    mails,
    become: async (next: PeerMood): Promise<void> => {
      mood = next;
    },
    refuseAddress: (address: string): void => {
      refusedAddress = address;
    },
    heard: async (): Promise<readonly Heard[]> =>
      distinct()
        .filter((mail) => headerOf(mail, 'in-reply-to') === '')
        .map((first) => ({
          said: [first, ...distinct().filter((mail) => headerOf(mail, 'in-reply-to') === name(first))].map((mail) => ({
            headline: decoded(headerOf(mail, 'subject')),
            text: mail.text,
          })),
        })),
    hazards: async (): Promise<readonly string[]> => mails.flatMap(hazardsOf),
    close: (): Promise<void> => new Promise((resolve) => server.close(() => resolve())),
  };
}

export const headerOf = ({ headers }: Mail, name: string): string => headers.find(([one]) => one === name)?.[1] ?? '';

function hazardsOf(mail: Mail): readonly string[] {
  const found: string[] = [];
  const names = mail.headers.map(([name]) => name);
  if (new Set(names).size !== names.length) found.push(`a header twice: ${names.join(' ')}`);
  for (const name of names) if (![...WANTED, ...OURS].includes(name)) found.push(`header ${name}`);
  if (!headerOf(mail, 'content-type').startsWith('text/plain')) found.push(`type ${headerOf(mail, 'content-type')}`);
  if (headerOf(mail, 'to') !== 'oncall@example.org, second@example.org') found.push(`to ${headerOf(mail, 'to')}`);
  if (mail.to.join() !== 'oncall@example.org,second@example.org') found.push(`envelope ${mail.to.join()}`);
  return found;
}

function read(raw: string, to: readonly string[]): Mail {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const,
  );
  const mail = { to, headers, text: '' };
  const encoding = headerOf(mail, 'content-transfer-encoding');
  return { ...mail, text: bodyOf(raw.slice(end + 4), encoding) };
}

function bodyOf(body: string, encoding: string): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString('utf8').replaceAll('\r\n', '\n');
  if (encoding !== 'quoted-printable') return body.replaceAll('\r\n', '\n');
  return unquoted(body.replaceAll('=\r\n', '')).replaceAll('\r\n', '\n');
}

const unquoted = (text: string): string =>
  text.replaceAll(/(?:=[0-9A-F]{2})+/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'));

/** RFC 2047; white space between two encoded words belongs to neither. */
const decoded = (header: string): string =>
  header
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_whole, kind: string, word: string) =>
      kind.toLowerCase() === 'b' ? Buffer.from(word, 'base64').toString('utf8') : unquoted(word.replaceAll('_', ' ')),
    );
