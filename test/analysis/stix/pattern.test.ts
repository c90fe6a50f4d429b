/** STIX patterns: read whole or refused with the place, whatever is thrown at them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePattern } from '../../../analysis/stix/index.ts';

const comparisons = (text: string) => {
  const reading = parsePattern(text);
  return reading.ok ? reading.pattern.comparisons.map(({ path, values }) => `${path} ${values.join()}`) : reading;
};

test('a pattern is read into its comparisons, quotes undone', () => {
  expect(comparisons("[file:hashes.MD5 = 'cead3f77f6cda6ec00f57d76c9a69faa' OR file:name = 'it\\'s \\\\x']")).toEqual([
    'file:hashes.MD5 cead3f77f6cda6ec00f57d76c9a69faa',
    "file:name it's \\x",
  ]);
  expect(
    comparisons(
      "[network-traffic:dst_port IN (443, 8443)] START t'2020-01-01T00:00:00Z' STOP t'2020-01-02T00:00:00.5Z'",
    ),
  ).toEqual(['network-traffic:dst_port 443,8443']);
  expect(comparisons('[EXISTS file:name AND (process:pid > 4 OR NOT_A:x NOT = true)]')).toHaveLength(3);
});

test.each([
  ["[ipv4-addr:value = '192.0.2.1']", true],
  ["[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'a.example']", true],
  ["[ipv4-addr:value = '192.0.2.1'] OR [domain-name:value = 'a.example']", true],
  ["[ipv4-addr:value = '192.0.2.1' AND file:size > 4]", false],
  ["[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [domain-name:value = 'a.example']", false],
  ["[ipv4-addr:value = '192.0.2.1'] REPEATS 3 TIMES", false],
])('whether one comparison suffices: %s', (text, suffices) => {
  expect(parsePattern(text)).toMatchObject({ ok: true, pattern: { any_suffices: suffices } });
});

test.each([
  ['[file:size = 1280', 17, '"]" was expected'],
  ['[file:size = ]', 13, 'a literal was expected'],
  ["[file:name = 'open]", 13, 'nothing a pattern may hold'],
  ['[file:size = 1] WITHIN 0 SECONDS', 25, 'WITHIN needs a positive number'],
  ['[file:size = 1] REPEATS 2 TIMES REPEATS 2 TIMES', 32, 'REPEATS stands there twice'],
  ["[file:hashes.'SHA-256' = 'f00']", 30, 'no digest of file:hashes.SHA-256'],
])('what is no pattern is refused where it stops being one: %s', (text, at, why) => {
  expect(parsePattern(text)).toEqual({ ok: false, at, why });
});

test('depth and length are bounded, and hostile text is judged at once', () => {
  expect(parsePattern(`${'('.repeat(100)}[a:b=1]${')'.repeat(100)}`)).toMatchObject({
    ok: false,
    why: 'nested deeper than 64',
  });
  expect(parsePattern(`[a:b='${'x'.repeat(70_000)}']`)).toMatchObject({ ok: false });
  for (const text of ['[a'.repeat(30_000), `[a:b=${'1'.repeat(60_000)}x]`, "'".repeat(60_001), '\\'.repeat(60_000)]) {
    expect(parsePattern(text).ok).toBe(false);
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof parsePattern(text).ok === 'boolean'));
  const words = fc.constantFrom(
    '[',
    ']',
    '(',
    ')',
    'a:b',
    '=',
    "'x'",
    'AND',
    'OR',
    'NOT',
    'IN',
    ',',
    '1',
    'WITHIN',
    'SECONDS',
    "b'===='",
  );
  fc.assert(fc.property(fc.array(words), (parts) => typeof parsePattern(parts.join(' ')).ok === 'boolean'));
});
