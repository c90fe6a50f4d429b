/** `aurora content` as a person runs it: added, listed, verified, refused, each with its exit code. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { aurora } from '../support/aurora.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-content-cli-'));
const env = { AURORA_DATA: join(folder, 'data') };
const rules = join(folder, 'rules');
mkdirSync(rules);
writeFileSync(join(rules, 'a.yml'), 'title: A\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\n');
writeFileSync(
  join(rules, 'b.yml'),
  'title: B\nlogsource: {product: windows}\ndetection: {s: {a: b}, condition: s}\ntitle: C\n',
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('content is added with what was refused, listed, verified, and a change is found', async () => {
  const added = await aurora(['content', 'add', rules, '--as-version', 'r1', '--licence', 'MIT'], { env });
  expect(added).toMatchObject({ code: 0, stderr: '' });
  expect(added.stdout).toMatch(/added sigma: 1 of sigma, licence MIT +sha256 [0-9a-f]{12}\nrefused b\.yml: .+\n/);

  const listed = await aurora(['content', 'list', '--json'], { env });
  const { packs } = JSON.parse(listed.stdout) as { packs: { name: string }[] };
  expect(packs.at(-1)).toMatchObject({ name: 'sigma', kind: 'sigma', version: 'r1', licence: 'MIT', items: 1 });

  expect(await aurora(['content', 'verify'], { env })).toMatchObject({ code: 0, stdout: 'ok   sigma\n' });
  const place = join(env.AURORA_DATA, 'content');
  const [pack = ''] = readdirSync(place).filter((name) => name.endsWith('.gz'));
  writeFileSync(join(place, pack), 'changed');
  const verified = await aurora(['content', 'verify'], { env });
  expect([verified.code, verified.stdout.startsWith('FAIL sigma: ')]).toEqual([1, true]);
  expect(verified.stdout).toContain('aurora content remove sigma');

  const unknown = await aurora(['content', 'remove', 'other'], { env });
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain('No pack other was added: there is sigma');
  expect(await aurora(['content', 'remove', 'sigma'], { env })).toMatchObject({
    code: 0,
    stdout: 'removed sigma: 1 of sigma\n',
  });
  expect(await aurora(['content', 'verify'], { env })).toMatchObject({ code: 0, stdout: 'Nothing was added here\n' });
  const again = await aurora(['content', 'remove', 'sigma', '--json'], { env });
  expect(again).toMatchObject({ code: 2, stdout: '' });
});

test('what is no content is refused with 2 and the reason', async () => {
  writeFileSync(join(folder, 'note.txt'), 'words');
  const { code, stdout, stderr } = await aurora(['content', 'add', join(folder, 'note.txt')], { env });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Nothing in note.txt can be used');
});

test('hostile files are refused with their places and end nothing: the rule beside them is added (ATK-H5)', async () => {
  const place = join(folder, 'hostile');
  mkdirSync(place);
  const hostile: Record<string, [text: string, why: string]> = {
    'brackets.yml': ['['.repeat(100_000), '1:65 nested deeper than 64'],
    'circle.yml': ['a: &a [*a]\n', '1:8 a contains itself'],
    'deep.json': [`{"d":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'it is nested deeper than 64'],
    'keys.yml': [Array.from({ length: 40_000 }, (_, at) => `k${at}: 1\n`).join(''), '10000:8 more than 20000 values'],
    'lists.yml': ['- '.repeat(50_000), '1:129 nested deeper than 64'],
    'long.yml': [`#${'x'.repeat(600_000)}`, '1:1 longer than 524288 characters'],
    'tag.yml': ['a: !!js/function "x"\n', '1:4 Unresolved tag: tag:yaml.org,2002:js/function'],
  };
  for (const [name, [text]] of Object.entries(hostile)) writeFileSync(join(place, name), text);
  writeFileSync(join(place, 'rule.yml'), readFileSync(join(rules, 'a.yml')));
  const { code, stdout } = await aurora(['content', 'add', place, '--json'], { env });
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: 0,
    packs: [{ name: 'sigma', items: 1 }],
    refused: Object.entries(hostile).map(([path, [, why]]) => ({ path, why })),
  });
});
