/** Whoever meets an id in a source finds on one page what it demands; nothing is explained that nobody cites. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { HOUSE } from '../support/house.ts';

/** One id or a list of them, behind a family or the page they stand on; or an invariant. */
const CITED =
  /(?<![\w-])(?:(?:(REQ|ATK|PROM|FLT)-|(requirements|attacks|promises)\.md )([A-Z]\d{1,3}(?:(?:, | and |[–-]| to )[A-Z]\d{1,3}(?!\w))*)|INV\d{1,2})(?![\w-])/g;
const SHORT = /(?<![\w.-])(?:[HKMNRTVX]\d{2}|C0\d|E\d{3})(?![\w-])/g;
const SECTION =
  /(?<![\w-])(wire|house|requirements|promises|specialists|performance|attacks|stack)\.md (?:section )?(\d{1,2})(?!\w)/g;

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'citations.md'), 'utf8');
const texts = new Map(sources().map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const cited = firstPlaces((path, text) => [...idsIn(text), ...shortIdsIn(path, text)]);
const cited_sections = firstPlaces((_path, text) => sectionsIn(text));
const told = [...page.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, id = '']) => id);

test('every id that a source, a test or a page cites is explained', () => {
  const missing = [...cited, ...cited_sections].filter(([id]) => !told.includes(id));
  expect(missing.map(([id, path]) => `${path} cites ${id}: say in docs/citations.md what it demands`)).toEqual([]);
});

test('what is explained is cited, and explained once', () => {
  expect(told.filter((id) => !cited.has(id) && !cited_sections.has(id))).toEqual([]);
  expect(told.filter((id, at) => told.indexOf(id) !== at)).toEqual([]);
});

test('the guard has read the house: ids of every family, and sections of pages', () => {
  const counted = (family: RegExp) => [...cited.keys()].filter((id) => family.test(id)).length;
  for (const family of [/^REQ-/, /^ATK-/, /^PROM-P/, /^PROM-D/, /^FLT-/, /^INV/]) {
    expect(counted(family), String(family)).toBeGreaterThan(3);
  }
  expect(cited_sections.size).toBeGreaterThan(15);
});

// Families are put in from outside: a whole id in a test counts as a proof of it (test/requirements.test.ts).
test('an id is found in each way that it is written', () => {
  const [req, atk, inv] = ['REQ', 'ATK', 'INV'];
  const short = (ids: string[]) => ids.map((id) => id.split('-').join(' '));
  const text = `${atk}-B1, B2 and B3; (requirements.md K08–K12, N08); promises.md D6, X32; attacks.md D6. ${inv}1, ${inv}20`;
  expect(short(idsIn(text)).join('; ')).toBe(
    `${atk} B1; ${atk} B2; ${atk} B3; ${req} K08; ${req} K12; ${req} N08; PROM D6; FLT X32; ${atk} D6; ${inv}1; ${inv}20`,
  );
  expect(idsIn(`X${atk}-A1, ${atk}-A1b, T-06, FLT-X, INVITE1`)).toEqual([]);
  const source = `/** Health (R22, T03). */\nconst a = 'T04'; // H01, X12`;
  expect(short(shortIdsIn('api/a.ts', source))).toEqual([`${req} R22`, `${req} T03`, `${req} H01`]);
  const table = `keeps: ['E015', 'X08']`;
  expect(short(shortIdsIn('protocol/resources/a.ts', table))).toEqual([`${req} E015`, `${req} X08`]);
  expect(sectionsIn('(wire.md 5, house.md 3), wire.md section 2')).toEqual(['wire.md 5', 'house.md 3', 'wire.md 2']);
});

/** Each id, and the first place that names it. */
function firstPlaces(idsOf: (path: string, text: string) => string[]): Map<string, string> {
  const places = new Map<string, string>();
  for (const [path, text] of texts) for (const id of idsOf(path, text)) if (!places.has(id)) places.set(id, path);
  return places;
}

/** `ATK-B1, B2` and `promises.md D6` by their whole names; of a range both ends. */
function idsIn(text: string): string[] {
  return [...text.matchAll(CITED)].flatMap(([whole, prefix, page, list = '']) => {
    if (prefix === undefined && page === undefined) return [whole];
    return [...list.matchAll(/[A-Z]\d{1,3}/g)].map(([id]) => `${prefix ?? prefixOf(page, id)}-${id}`);
  });
}

function prefixOf(page: string | undefined, id: string): string {
  if (page === 'requirements') return 'REQ';
  if (page === 'attacks') return 'ATK';
  return id.startsWith('X') ? 'FLT' : 'PROM';
}

/** Requirements have two or three digits, and may stand alone in a comment or in the table of routes; an X in a comment may be a fault. */
function shortIdsIn(path: string, text: string): string[] {
  if (!path.endsWith('.ts')) return [];
  const is_table = path.startsWith('protocol/resources/');
  const places = is_table ? [text] : commentsOf(text);
  return places.flatMap((place) =>
    [...place.replace(CITED, '').matchAll(SHORT)]
      .map(([id]) => id)
      .filter((id) => is_table || !id.startsWith('X'))
      .map((id) => `REQ-${id}`),
  );
}

function commentsOf(text: string): string[] {
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, text);
  const comments: string[] = [];
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const is_comment = kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia;
    if (is_comment) comments.push(scanner.getTokenText());
  }
  return comments;
}

function sectionsIn(text: string): string[] {
  return [...text.matchAll(SECTION)].map(([, name, nr]) => `${name}.md ${nr}`);
}

/** Sources, tests and pages; a page about ids, and tests about them, would cite everything. */
function sources(): string[] {
  const folders = [...Object.keys(HOUSE), 'examples', 'bench', 'bin', 'docs', 'templates', 'test'].filter((folder) =>
    existsSync(join(root, folder)),
  );
  const names = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  const not_read = ['docs/citations.md', 'test/requirements.test.ts', 'test/docs/citations.test.ts'];
  return ['README.md', ...names].filter(
    (path) => /\.(ts|mjs|md)$/.test(path) && !path.includes('node_modules') && !not_read.includes(path),
  );
}
