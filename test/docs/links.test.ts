/** Pages lead where they say: links to pages and their sections, and names of files. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const own = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
);
const pages = new Map(['README.md', ...own.map((name) => join('docs', name))].map((path) => [path, read(path)]));

test('every link between pages leads to a file, and to a section that is there', () => {
  const links = [...pages].flatMap(([page, text]) =>
    [...text.matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, to = '', section]) => ({
      page,
      to: to === '' ? page : join(dirname(page), to),
      section,
    })),
  );
  expect(links.length).toBeGreaterThan(40);
  const dead = links.filter(
    ({ to, section }) =>
      !existsSync(join(root, to)) || (section !== undefined && !anchorsOf(read(to)).includes(section)),
  );
  expect(dead).toEqual([]);
});

test('the drawing of how a request flows names files that are there, each with its folder', () => {
  const [, drawing = ''] = /```\n( receive[^]*?)```/.exec(pages.get('docs/lifecycle.md') ?? '') ?? [];
  const files = [...drawing.matchAll(/[\w/-]+\.ts/g)].map(([file]) => file);
  expect(files.length).toBeGreaterThan(8);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the index names every page, and the README every folder of the house', () => {
  const index = pages.get('docs/README.md') ?? '';
  expect(own.filter((name) => !name.includes('/') && name !== 'README.md' && !index.includes(`](${name})`))).toEqual(
    [],
  );
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const named = folders.map(({ name }) => name).filter((name) => !/^\.|^(node_modules|dist|coverage|docs)$/.test(name));
  expect(named.filter((name) => !(pages.get('README.md') ?? '').includes(`\`${name}/\` `))).toEqual([]);
});

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Sections as GitHub names them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
