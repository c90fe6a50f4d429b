/** Digests of values (RFC 8785). */
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { digestOf } from '../../mesh/index.ts';

const plain = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex');

/** The same value with the members of its objects the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
};

test('a digest is that of the canonical JSON, in whatever order the members stand', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const digest = digestOf(value);
      expect(digest).toBe(plain(value));
      expect(digestOf(reversed(value))).toBe(digest);
    }),
  );
});

test.each([
  [{ a: 1, b: undefined }],
  [{ b: 1, a: 2 }],
  [{ '': 1, a: 2 }],
  [{ é: 1, z: 2, '\u{1F600}': 3, '\uFB33': 4 }],
  [{ 10: 1, 9: 2, a: 3 }],
  [{ at: new Date(0) }],
  [[-0, 1e21, 0.1 + 0.2]],
])('a digest is that of the canonical JSON: %j', (value) => {
  expect(digestOf(value)).toBe(plain(value));
});

test.each([NaN, Infinity, { a: NaN }, undefined])('what JSON cannot say has no digest: %s', (value) => {
  expect(() => digestOf(value)).toThrow();
});
