/** `aurora content` as a person runs it: added, listed, verified, refused, each with its exit code. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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
});

test('what is no content is refused with 2 and the reason', async () => {
  writeFileSync(join(folder, 'note.txt'), 'words');
  const { code, stdout, stderr } = await aurora(['content', 'add', join(folder, 'note.txt')], { env });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('Nothing in note.txt can be used');
});
