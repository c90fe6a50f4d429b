/** `aurora create agent` as a person runs it: what it writes where, what it refuses, and that it then writes nothing. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { namesOf } from '../../cli/create/names.ts';
import { planPackage } from '../../cli/create/package.ts';
import { aurora } from '../support/aurora.ts';

const root = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'aurora-create-'));
beforeAll(() => void execFileSync(process.execPath, ['bin/setup.mjs'], { cwd: root }), 240_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folder = (name: string): string => {
  mkdirSync(join(scratch, name), { recursive: true });
  return join(scratch, name);
};
const create = (...args: string[]) => aurora(['create', 'agent', ...args]);
const filesIn = (place: string): string[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
    .sort();

/** As much of a checkout as the command looks at. */
function checkout(name: string): string {
  const place = folder(name);
  for (const path of ['package.json', 'docker-compose.yml', 'agents/index.ts'])
    cpSync(join(root, path), join(place, path));
  return place;
}

test('outside a checkout it writes a package, says which files, and what to do next', async () => {
  const place = folder('package');
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', place, '--json');
  expect([code, stderr]).toEqual([0, '']);
  const said = JSON.parse(stdout) as { files: string[]; next: string[] };
  expect(said).toMatchObject({ agent_id: 'beacon-hunter', skill: 'ask_beacon_hunter', where: 'package', edited: [] });
  expect(said.files.toSorted()).toEqual(filesIn(place));
  expect(said.next).toContain('npx aurora agents enroll beacon-hunter');
});

test('a package wants the mesh that made it, and everything else in the versions that this is made for', () => {
  type Manifest = Record<'dependencies' | 'devDependencies' | 'overrides', Record<string, string>> & {
    version: string;
  };
  const read = (place: string) => JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest;
  const [own, made] = [read(root), read(folder('package'))];
  expect(made.dependencies).toEqual({ 'aurora-mesh': own.version, zod: own.dependencies['zod'] });
  for (const [name, range] of Object.entries(made.devDependencies)) expect(range).toBe(own.devDependencies[name]);
  expect(made.overrides).toEqual(own.overrides);
});

test('no name of the template is left in what it writes', () => {
  for (const file of filesIn(folder('package')))
    expect(readFileSync(join(folder('package'), file), 'utf8')).not.toMatch(/my[-_ ]?agent/i);
});

test('a file of the mesh is written by its way from the new package; one that is not there is refused', async () => {
  writeFileSync(join(scratch, 'mesh.tgz'), '');
  const place = folder('by-file');
  expect(await create('a', '--into', place, '--aurora', join(scratch, 'mesh.tgz'))).toMatchObject({ code: 0 });
  expect(readFileSync(join(place, 'package.json'), 'utf8')).toContain('"aurora-mesh": "file:../mesh.tgz"');
  for (const wanted of ['file:nowhere.tgz', './nowhere', '1.2.3; rm -rf /', '$(id)', ''])
    expect(() => planPackage(scratch, namesOf('b'), wanted), wanted).toThrow(
      /^--aurora .*(?:say a version|there is no)/s,
    );
  const refused = await create('b', '--into', folder('by-nothing'), '--aurora', 'file:nowhere.tgz');
  expect([refused.code, refused.stdout, refused.stderr.includes('npm pack')]).toEqual([2, '', true]);
  expect(filesIn(folder('by-nothing'))).toEqual([]);
});

test('nothing is overwritten: the file that is there is named, and nothing is written', async () => {
  const place = folder('taken');
  mkdirSync(join(place, 'src'));
  writeFileSync(join(place, 'src', 'main.ts'), 'mine');
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', place);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`${join(place, 'src', 'main.ts')} is there already`);
  expect(filesIn(place)).toEqual(['src/main.ts']);
});

test('inside a checkout, from any folder of it: a file, a test, a line at the end, a service in its place', async () => {
  const place = checkout('inside');
  const { code, stdout } = await create('beacon-hunter', '--into', join(place, 'agents'), '--json');
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
    code: 0,
    where: 'checkout',
    folder: place,
    files: ['agents/beacon-hunter.ts', 'test/agents/beacon-hunter.test.ts'],
    edited: ['agents/index.ts', 'docker-compose.yml'],
  });
  expect(await create('zone-watch', '--into', place)).toMatchObject({ code: 0 });
  const names = [...readFileSync(join(place, 'docker-compose.yml'), 'utf8').matchAll(/^ {2}([a-z-]+):$/gm)];
  const services = names.map(([, name = '']) => name).filter((name) => name !== 'logging');
  expect(services).toEqual(services.toSorted((left, right) => left.localeCompare(right)));
  expect([services[0], services.at(-1)]).toEqual(['beacon-hunter', 'zone-watch']);
  expect(readFileSync(join(place, 'agents', 'index.ts'), 'utf8')).toMatch(
    /\n {2}'beacon-hunter': .*\n {2}'zone-watch': .*\n};\n$/,
  );
});

test('an agent or a service of that name, and a house that is not as it is known, are refused before anything is written', async () => {
  const place = checkout('full');
  expect((await create('threat-intel', '--into', place)).stderr).toContain('agents/index.ts has an agent threat-intel');
  writeFileSync(join(place, 'docker-compose.yml'), 'services: {}\n');
  expect((await create('beacon-hunter', '--into', place)).stderr).toContain('no service of an agent');
  rmSync(join(place, 'docker-compose.yml'));
  expect((await create('beacon-hunter', '--into', place)).stderr).toContain('docker-compose.yml is not there');
  expect(filesIn(place)).toEqual(['agents/index.ts', 'package.json']);
});

test('a name that cannot be is refused with what a name is like', async () => {
  const bad = ['Beacon', 'a--b', '-a', '9a', 'a_b', '../a', 'a/b', '', 'é', 'a'.repeat(65), 'keys', 'index', 'utils'];
  for (const name of bad) expect(() => namesOf(name), name).toThrow('like beacon-hunter');
  for (const skill of ['Find', 'find', 'find-secrets', 'rpc_x', `a_${'b'.repeat(40)}`])
    expect(() => namesOf('a', skill), skill).toThrow('--skill find_secrets');
  const place = join(scratch, 'never');
  const { code, stdout, stderr } = await create('../escape', '--into', place);
  expect([code, stdout, stderr.includes('is no agent name')]).toEqual([2, '', true]);
  expect(existsSync(place)).toBe(false);
});

test('the names of an agent follow from its id, also of the longest, and none is a word of the language', () => {
  expect(namesOf('beacon-hunter')).toEqual({
    id: 'beacon-hunter',
    constant: 'beaconHunter',
    title: 'Beacon hunter',
    skill: 'ask_beacon_hunter',
  });
  expect(namesOf('class').constant).toBe('classAgent');
  expect(namesOf(`${'abcdefg-'.repeat(7)}abcdefgh`).skill).toMatch(/^ask_[a-z_]{1,59}[a-z]$/);
});
