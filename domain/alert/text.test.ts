import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asMarkdown, inertText, quoted } from './text.ts';

/** What writers of alerts have tried on their readers, among any other text. */
const ATTACKS = [
  '\u001b[2J\u001b[1;1H',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\r\nALERT: resolved',
  '\u202egnp.exe',
  '\u2066\u200b\ufeff\u00ad',
  '[click](javascript:alert(1))',
  '![](http://127.0.0.1/x.png)',
  '<img src=x onerror=alert(1)>',
  '`code`',
  '``',
  '**bold** _it_ | a | b |',
  '# heading',
  '{{ constructor }}',
  '{% include "/etc/passwd" %}',
  '${jndi:ldap://x}',
  '#{7*7}',
  '<%= 7 %>',
  '$(reboot)',
  '; rm -rf ~ #',
  '\ud800',
  '\u{e0041}',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** Nothing that drives a terminal, breaks a line, turns or hides text: written apart from the code that it judges. */
const drives = (text: string): boolean =>
  [...text].some((character) => {
    const code = character.codePointAt(0) ?? 0;
    return (
      code < 0x20 ||
      (code >= 0x7f && code < 0xa0) ||
      code === 0xad ||
      (code >= 0x200b && code <= 0x200f) ||
      (code >= 0x2028 && code <= 0x202e) ||
      (code >= 0x2060 && code <= 0x206f) ||
      (code >= 0xd800 && code <= 0xdfff) ||
      (code >= 0xe0000 && code <= 0xe0fff) ||
      code === 0xfeff
    );
  });

describe('text of an alert', () => {
  test('the judge of these tests sees what it has to see', () => {
    for (const bad of ['\u001b[2J', '\u009b', '\n', '\u202e', '\u200b', '\ud800', '\u{e0041}'])
      expect(drives(bad)).toBe(true);
    expect(drives('validator-007 ist weg: 💥 "é" 雪')).toBe(false);
  });

  test('drives no terminal, is one line and has its length', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 1, max: 60 }), (text, max) => {
        const shown = inertText(text, max);
        expect(drives(shown)).toBe(false);
        expect([...shown].length).toBeLessThanOrEqual(max);
        expect(inertText(shown, max)).toBe(shown);
      }),
    );
  });

  test('that nobody could object to stays as it is', () => {
    expect(inertText('validator-007 ist weg: 💥 "é" 雪', 100)).toBe('validator-007 ist weg: 💥 "é" 雪');
    expect(inertText('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(9)}…`);
    expect(inertText(`x${' '.repeat(1_000)}y`, 10)).toBe('x…');
  });

  test('is one code span in Markdown, whatever it says, and no template', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const span = asMarkdown(text);
        if (span === '(empty)') return;
        expect(span).toMatch(/^`[^`\n]+`$/);
        expect(span).not.toMatch(/\{\{|\{%|\{#|\$\{|\$\(|#\{|\}\}|%\}/);
        expect(drives(span)).toBe(false);
      }),
    );
  });

  test('is between quotes in a sentence', () => {
    fc.assert(fc.property(hostile, (text) => expect(JSON.parse(quoted(text))).toBe(inertText(text, 80))));
  });
});
