/** Every requirement is cited by a test's own words, or stands on the pending list, which may only shrink. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { BY_HAND } from './faults/by-hand.ts';
import ranges from './requirements.ids.json' with { type: 'json' };

/** How many ids may wait for their test. Lower it whenever the list gets shorter; never raise it. */
const pending_max = 149;
/** How many faults may be caused by hand alone. Lower it whenever one more runs with `npm test`; never raise it. */
const by_hand_max = 26;

/** One id, and what makes two of them a range. */
const citation = '(?:REQ-[A-Z]\\d{2,3}|ATK-[A-Z]\\d{1,2}|PROM-P\\d{1,2}|FLT-X\\d{1,2}|INV\\d{1,2})';
const upTo = '\\s*(?:-|–|—|…|\\.\\.\\.?|to)\\s*';

/** Tests of those who judge: their tables name what they find, and prove nothing about the product. */
const JUDGES = ['test/faults/checker.test.ts', 'test/faults/trace.test.ts'].map(pathOf);

const ids = ranges.flatMap(([first = '', last = '']) => between(first, last));
const cited = new Map<string, string>(['test', 'examples'].flatMap(testsIn).flatMap(citationsIn));
/** Faults whose scenario no `npm test` runs, `npm run test:faults` alone. */
const by_hand = BY_HAND.flatMap(idsIn);
const pending = ids.filter((id) => !cited.has(id) && !by_hand.includes(id));

// `npx vitest run test/requirements.test.ts -u` takes what a new test has proven off the list.
test('the pending list names exactly the requirements that no test cites', async () => {
  await expect(`${pending.join('\n')}\n`).toMatchFileSnapshot('./requirements.pending.txt');
});

test('the pending list only shrinks', () => {
  expect(pending.length).toBeLessThanOrEqual(pending_max);
});

test('faults that are caused by hand alone get fewer, and docs/citations.md says which they are', () => {
  const rows = readFileSync(pathOf('docs/citations.md'), 'utf8').matchAll(/^\| `(FLT-X\d+)` .*\| (\S.*?) +\|$/gm);
  const told = new Map([...rows].map(([, id = '', runner = '']) => [id, runner]));
  expect(by_hand.length).toBeLessThanOrEqual(by_hand_max);
  expect([...told].filter(([, runner]) => runner === '`npm run test:faults`').map(([id]) => id)).toEqual(by_hand);
  expect([...told.values()].filter((runner) => runner === '`npm test`')).toHaveLength(told.size - by_hand.length);
});

test('no invariant waits for its test', () => {
  expect(pending.filter((id) => id.startsWith('INV'))).toEqual([]);
});

test('a test cites only requirements that exist', () => {
  expect([...cited].filter(([id]) => !ids.includes(id))).toEqual([]);
});

test('the guard has read the list: requirements, attacks, promises, faults, invariants, each once', () => {
  const counted = (prefix: string): number => ids.filter((id) => id.startsWith(prefix)).length;
  expect([counted('REQ-'), counted('ATK-'), counted('PROM-'), counted('FLT-'), counted('INV')]).toEqual([
    260, 99, 15, 40, 21,
  ]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a range is not a citation, neither are its ends', () => {
  expect(idsIn('ATK-A1, ATK-A22: REQ-E015, INV3.')).toEqual(['ATK-A1', 'ATK-A22', 'REQ-E015', 'INV3']);
  expect(
    idsIn('ATK-A1-ATK-A19 ATK-A1–A19 ATK-A1..A19 REQ-E001 … REQ-E110 ATK-A1 to ATK-A9 XATK-A1 ATK-A1b INV1-INV9'),
  ).toEqual([]);
});

/** All ids of one family, in the written width: REQ-E001 … REQ-E110. */
function between(first: string, last: string): string[] {
  const [, family = '', digits = ''] = /^(\D+)(\d+)$/.exec(first) ?? [];
  const count = Number(last.slice(family.length)) - Number(digits) + 1;
  return Array.from({ length: count }, (_, i) => family + String(Number(digits) + i).padStart(digits.length, '0'));
}

function testsIn(folder: string): string[] {
  const root = pathOf(folder);
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts'));
  return names
    .map((name) => join(root, name))
    .filter((path) => path !== import.meta.filename && !JUDGES.includes(path));
}

function pathOf(name: string): string {
  return join(import.meta.dirname, '..', name);
}

/** What the strings of a test file cite: its titles and tables. A comment proves nothing. */
function citationsIn(path: string): [id: string, path: string][] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) texts.push(node.getText());
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true));
  return texts.flatMap(idsIn).map((id) => [id, path]);
}

function idsIn(text: string): string[] {
  const single = text.replaceAll(new RegExp(`${citation}(?:${upTo}(?:${citation}|[A-Z]?\\d+))+`, 'g'), '');
  return single.match(new RegExp(`(?<![\\w-])${citation}(?![\\w-])`, 'g')) ?? [];
}
