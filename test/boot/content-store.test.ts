/** Adding content: what it is, whether it is whole, which version a verdict names, and what is refused with a reason. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { enrichIocs } from '../../analysis/ioc/index.ts';
import { huntWithRules } from '../../analysis/hunt/index.ts';
import { openRecording } from '../../analysis/recordings/index.ts';
import { mountedRules } from '../../analysis/sigma/index.ts';
import { importIntel } from '../../analysis/stix/index.ts';
import { addContent, listContent, removeContent, verifyContent } from '../../boot/content-store.ts';
import { folderContent } from '../../boot/content.ts';
import { memoryLog } from '../../seams/index.ts';
import { tarOf, zipOf } from '../analysis/readers/packed.ts';

const scratch = mkdtempSync(join(tmpdir(), 'aurora-content-'));
const starter = join(scratch, 'starter');
mkdirSync(join(starter, 'sigma'), { recursive: true });
let folder = '';
let brought = '';
let count = 0;
beforeEach(() => {
  count += 1;
  folder = join(scratch, `content-${count}`);
  brought = join(scratch, `brought-${count}`);
  mkdirSync(brought);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const rule = (title: string) =>
  `title: ${title}\nlogsource:\n  product: windows\ndetection:\n  sel:\n    Image: x\n  condition: sel\n`;
const put = (name: string, bytes: string | Buffer): string => {
  mkdirSync(join(brought, name, '..'), { recursive: true });
  writeFileSync(join(brought, name), bytes);
  return join(brought, name);
};
const content = (log = memoryLog()) => folderContent({ folder, log, starter });

test('a folder of rules becomes a pack with hash, version and licence, used under its name', async () => {
  put('rules/one.yml', rule('One'));
  put('rules/two.yml', rule('Two'));
  put('LICENSE', 'Detection Rule License (DRL) 1.1\n…');
  put('README.md', 'words');
  const { packs, refused, passed_over } = await addContent(folder, brought, { version: 'r1' });
  expect(packs).toMatchObject([{ name: 'sigma', kind: 'sigma', items: 2, version: 'r1', licence: 'DRL-1.1' }]);
  expect({ refused, passed_over }).toEqual({ refused: [], passed_over: 1 });
  const pack = content().get('sigma');
  expect(pack?.version).toBe(`sigma r1 sha256:${packs[0]!.sha256}`);
  expect(pack?.data).toEqual({
    files: [
      { path: 'sigma/rules/one.yml', text: rule('One') },
      { path: 'sigma/rules/two.yml', text: rule('Two') },
    ],
  });
});

test('the same rules make the same pack, in a folder, a zip or a tar, whatever that is called', async () => {
  const files = [
    { name: 'rules/one.yml', bytes: rule('One') },
    { name: 'rules/two.yml', bytes: rule('Two') },
  ];
  for (const { name, bytes } of files) put(`folder/${name}`, bytes);
  const ways = [
    join(brought, 'folder'),
    put('a.zip', zipOf(files)),
    put('b.zip', zipOf(files.toReversed())),
    put('c.tgz', gzipSync(tarOf(files))),
  ];
  const hashes = [];
  for (const way of ways) hashes.push((await addContent(folder, way)).packs[0]?.sha256);
  expect(new Set(hashes).size).toBe(1);
});

test('every kind is known by what is in it', async () => {
  put('a.yar', 'rule a { condition: true }');
  put('b.json', JSON.stringify([{ name: 'List', type: 'string', list: ['a'] }]));
  put('c.json', JSON.stringify({ name: 'Other list', type: 'cidr', list: ['192.0.2.0/24'] }));
  put('d.json.gz', gzipSync(JSON.stringify({ indicators: [{ type: 'ip', value: '192.0.2.1', source: 'us' }] })));
  put('e.json', JSON.stringify({ brands: [{ name: 'Us', domains: ['example.org'] }] }));
  put('f.jsonl', '{"text":"They dumped LSASS","technique":"T1003.001","doc":"1"}\n');
  put('g.json', JSON.stringify([{ Name: 'Certutil.exe', Commands: [] }]));
  put('h.json', JSON.stringify([{ KnownVulnerableSamples: [] }]));
  const $schema = 'https://json-schema.org/draft/2020-12/schema';
  put('i.json', JSON.stringify({ $id: 'http://example.org/stix2.1/schemas/sdos/tool.json', $schema }));
  put('j.json', JSON.stringify({ $id: 'http://example.org/invoice.json', $schema }));
  put('k.json', JSON.stringify({ networks: [{ network: '192.0.2.0/24', asn: 64_500 }] }));
  const { packs, passed_over } = await addContent(folder, brought);
  expect(passed_over).toBe(1);
  expect(packs.map(({ kind, items }) => [kind, items])).toEqual([
    ['yara', 1],
    ['warninglists', 2],
    ['intel', 1],
    ['brands', 1],
    ['attack-text', 1],
    ['lolbas', 1],
    ['loldrivers', 1],
    ['stix-schemas', 1],
    ['networks', 1],
  ]);
  expect(content().get('intel')?.data).toMatchObject({ indicators: [{ value: '192.0.2.1' }] });
  // Asked as the specialists ask it: what was added is what they read.
  expect(enrichIocs([{ type: 'ip', value: '192.0.2.1' }], content()).enriched).toMatchObject([
    { network: { asn: 64_500 } },
  ]);
  const bundle = JSON.stringify({ type: 'bundle', id: 'bundle--5d0092c5-5f74-4287-9642-33f4c354e56d', objects: [] });
  expect(importIntel(bundle, { source: 'feed', content: content() }).data_versions).toHaveProperty('stix-schemas');
});

test('rules that are no rules are refused with a reason, the others are taken', async () => {
  put('good.yml', rule('Good'));
  put('twice.yml', `${rule('Twice')}title: Again\n`);
  put(
    'bomb.yml',
    `${rule('Bomb')}a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d]\n`,
  );
  put('broken.json', '{');
  put('empty.yar', '// nothing');
  const { packs, refused } = await addContent(folder, brought);
  expect(packs.map(({ items }) => items)).toEqual([1]);
  expect(refused.map(({ path }) => path)).toEqual(['bomb.yml', 'broken.json', 'empty.yar', 'twice.yml']);
  expect(refused.every(({ why }) => why.length > 5)).toBe(true);
});

test('a rule that does not compile is refused with its place, YAML that is no rule is passed over', async () => {
  put('good.yml', rule('Good'));
  put('typo.yml', rule('Typo').replace('Image:', 'Image|contians:'));
  put('workflow.yml', 'on: push\njobs:\n  test:\n    steps: [{run: npm test}]\n');
  const { packs, refused, passed_over } = await addContent(folder, brought);
  expect({ items: packs.map(({ items }) => items), passed_over }).toEqual({ items: [1], passed_over: 1 });
  expect(refused).toEqual([{ path: 'typo.yml', why: expect.stringMatching(/^6:5 .*contians/) as string }]);
});

test.each([
  ['nothing that is known', 'note.txt', 'words', 4220],
  ['a zip with a link', 'a.zip', zipOf([{ name: 'a.yml', bytes: '/etc/passwd', mode: 0o120777 }]), 4220],
  ['a bomb', 'b.zip', zipOf([{ name: 'a.json', bytes: Buffer.alloc(20_000_000) }]), 4130],
])('%s is refused, and nothing is changed', async (_, name, bytes, code) => {
  put('rule/one.yml', rule('One'));
  await addContent(folder, join(brought, 'rule'));
  const before = listContent(folder);
  await expect(addContent(folder, put(name, bytes))).rejects.toMatchObject({ code });
  expect(listContent(folder)).toEqual(before);
});

test('what is not there, and names that mean something else, are refused', async () => {
  put('one.yml', rule('One'));
  await expect(addContent(folder, join(brought, 'nowhere'))).rejects.toMatchObject({ code: 4220 });
  await expect(addContent(folder, brought, { name: '../x' })).rejects.toMatchObject({ code: 4220 });
  await expect(addContent(folder, brought, { name: 'starter' })).rejects.toMatchObject({ code: 4220 });
});

test('a link in a folder is not followed', async () => {
  put('one.yml', rule('One'));
  symlinkSync('/etc/passwd', join(brought, 'two.yml'));
  expect((await addContent(folder, brought)).packs[0]?.items).toBe(1);
});

test('a running process uses what was added, replaced and removed from the next question on', async () => {
  const running = content();
  expect(running.get('sigma')).toBeUndefined();
  await addContent(folder, put('one.yml', rule('One')));
  const first = running.get('sigma');
  await addContent(folder, put('two.yml', rule('Two')), { name: 'ours' });
  const both = running.get('sigma');
  expect(JSON.stringify(first?.data)).toContain('One');
  expect(JSON.stringify(both?.data)).toContain('Two');
  expect(both?.version).toMatch(/^ours sha256:[0-9a-f]{64}, sigma sha256:[0-9a-f]{64}$/);
  expect(running.get('sigma')).toBe(both);
  await addContent(folder, put('three.yml', rule('Three')));
  expect(JSON.stringify(running.get('sigma')?.data)).not.toContain('One');
});

test('a pack that somebody changed is not used, and is named by verify', async () => {
  const { packs } = await addContent(folder, put('one.yml', rule('One')));
  expect(verifyContent(folder)).toEqual([{ name: 'sigma', ok: true }]);
  const path = join(folder, packs[0]!.file);
  writeFileSync(path, gzipSync(JSON.stringify({ files: [{ path: 'x', text: 'changed' }] })));
  expect(verifyContent(folder)).toEqual([{ name: 'sigma', ok: false, why: 'it is not the pack that was added' }]);
  const log = memoryLog();
  expect(content(log).get('sigma')).toBeUndefined();
  expect(log.lines).toHaveLength(1);
  rmSync(path);
  expect(verifyContent(folder)).toEqual([{ name: 'sigma', ok: false, why: 'its file is gone' }]);
});

test.each<[string, (path: string) => void, string]>([
  ['whose file is gone', (path) => rmSync(path), 'its file is gone'],
  [
    'that was changed behind our back',
    (path) => writeFileSync(path, gzipSync('{"files":[]}')),
    'it is not the pack that was added',
  ],
])('a running process drops a pack %s, and says so in the log and the verdict', async (_, spoil, why) => {
  await addContent(folder, put('one.yml', rule('One')));
  const { packs } = await addContent(folder, put('two.yml', rule('Two')), { name: 'mine' });
  const log = memoryLog();
  const running = content(log);
  expect(running.get('sigma')?.version).toContain('mine sha256:');
  expect(running.lost?.('sigma')).toEqual([]);
  spoil(join(folder, packs[0]!.file));
  expect(running.get('sigma')?.version).toMatch(/^sigma sha256:[0-9a-f]{64}$/);
  expect(running.lost?.('sigma')).toEqual([{ name: 'mine', why }]);
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  const ruleset = (await mountedRules(running))!;
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.from('{"Channel":"Security","EventID":1}'));
  })();
  const told = await huntWithRules({ name: 'x', recording: openRecording({ name: 'x.jsonl', bytes }), ruleset });
  expect(told.data_versions.sigma).not.toContain('mine');
  expect(told.not_checked).toContainEqual({
    what: 'the rules of the pack mine',
    why: `the content "mine" was added and is not used: ${why}`,
  });
});

test('a table that is gone is told apart from one that nobody brought', async () => {
  const indicators = [{ type: 'ip', value: '192.0.2.1', source: 'us' }];
  const running = content();
  const gapsOf = () => enrichIocs([{ type: 'ip', value: '192.0.2.1' }], running).not_checked.map(({ why }) => why);
  expect(gapsOf()).toContain('no content "intel" is mounted');
  const { packs } = await addContent(folder, put('intel.json', JSON.stringify({ indicators })));
  expect(gapsOf().join()).not.toContain('"intel"');
  rmSync(join(folder, packs[0]!.file));
  expect(gapsOf()).toContain('the content "intel" was added and is not used: its file is gone');
});

test('a pack that is removed is gone from the list, the folder and the running process; another name is refused', async () => {
  const { packs } = await addContent(folder, put('one.yml', rule('One')), { name: 'mine' });
  const running = content();
  expect(running.get('sigma')).toBeDefined();
  expect(() => removeContent(folder, 'your')).toThrow('No pack your was added: there is mine');
  expect(() => removeContent(folder, 'starter')).toThrow('shipped with the product');
  expect(() => removeContent(folder, 'constructor')).toThrow('No pack constructor was added');
  expect(removeContent(folder, 'mine')).toMatchObject({ name: 'mine', kind: 'sigma', items: 1 });
  expect([running.get('sigma'), running.lost?.('sigma')]).toEqual([undefined, []]);
  expect(verifyContent(folder)).toEqual([]);
  expect(existsSync(join(folder, packs[0]!.file))).toBe(false);
  expect(() => removeContent(folder, 'mine')).toThrow('nothing was added here');
});

test('our own rules come first and are named', async () => {
  writeFileSync(join(starter, 'sigma', 'own.yml'), rule('Own'));
  await addContent(folder, put('one.yml', rule('One')));
  const pack = content().get('sigma');
  expect(pack?.version).toMatch(/^starter sha256:\w{64}, sigma sha256:\w{64}$/);
  expect((pack?.data as { files: { path: string }[] }).files.map(({ path }) => path)).toEqual([
    'starter/own.yml',
    'sigma/one.yml',
  ]);
  rmSync(join(starter, 'sigma', 'own.yml'));
});

test('what ships is in the package and in the image', () => {
  const root = join(import.meta.dirname, '..', '..');
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  expect(files).toContain('content');
  expect(readFileSync(join(root, 'Dockerfile'), 'utf8')).toContain('COPY content content');
});
