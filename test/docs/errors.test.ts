/** The page of errors says what the table says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERRORS } from '../../protocol/index.ts';

test('docs/errors.md lists every code of the table with its message, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'errors.md'), 'utf8');
  const [table = ''] = page.split('## Close codes');
  const rows = [...table.matchAll(/^\| *(-?\d{4,5}) *\| ([^|]+)\| [^|]+\|$/gm)].map(([, code, message]) => [
    code,
    message?.trim(),
  ]);
  const expected = Object.entries(ERRORS)
    .map(([code, message]) => [code, message])
    .sort();
  expect(rows.sort()).toEqual(expected);
});
