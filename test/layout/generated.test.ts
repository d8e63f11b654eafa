import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { documentedCodes } from '../../docs/generate/errors.ts';
import { differing, referencePages } from '../../docs/generate/pages.ts';

const FAMILY = /^(input|policy|conflict|unavailable|unknown-outcome|signer-fault|not-yet|bug)\.[a-z0-9-]+$/;

describe('the generated reference', () => {
  test('equals the code (npm run generate)', async () => {
    expect(differing(await referencePages())).toEqual([]);
  });

  test('is called different when one character of a page is, and when a page is missing', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'firebreak-pages-'));
    try {
      writeFileSync(path.join(folder, 'same.md'), 'text\n');
      writeFileSync(path.join(folder, 'other.md'), 'texT\n');
      const pages = ['same.md', 'other.md', 'missing.md'].map((file) => ({ file, text: 'text\n' }));
      expect(differing(pages, folder)).toEqual(['other.md', 'missing.md']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('documents every failure code with a family, a meaning and a remedy', async () => {
    const codes = await documentedCodes();
    expect(codes.length).toBeGreaterThan(50);
    for (const { code, meaning, remedy } of codes) {
      expect(code).toMatch(FAMILY);
      expect(`${code}: ${meaning}`).toMatch(/: .{10,}\.$/);
      expect(`${code}: ${remedy}`).toMatch(/: .{10,}\.$/);
    }
  });
});
