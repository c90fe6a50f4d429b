/** `aurora create agent` as a person runs it: what it writes where, what it refuses, and that it then writes nothing. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { carryOut } from '../../cli/create/creation.ts';
import { namesOf } from '../../cli/create/names.ts';
import { planPackage } from '../../cli/create/package.ts';
import { planSpecialist } from '../../cli/create/specialist.ts';
import { readTemplate } from '../../cli/create/templates.ts';
import { aurora } from '../support/aurora.ts';
import { setUp } from '../support/child.ts';

const root = join(import.meta.dirname, '..', '..');
const scratch = mkdtempSync(join(tmpdir(), 'aurora-create-'));
beforeAll(setUp, 240_000);
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
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', place, '--aurora', '0.1.0', '--json');
  expect([code, stderr]).toEqual([0, '']);
  const said = JSON.parse(stdout) as { files: string[]; next: string[] };
  expect(said).toMatchObject({ agent_id: 'beacon-hunter', skill: 'ask_beacon_hunter', where: 'package', edited: [] });
  expect(said.files.toSorted()).toEqual(filesIn(place));
  expect(said.next).toContain('npx aurora agents enroll beacon-hunter');
});

test('a package wants the mesh that it was told, and everything else in the versions that this is made for', () => {
  type Manifest = Record<'dependencies' | 'devDependencies' | 'overrides', Record<string, string>>;
  const read = (place: string) => JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as Manifest;
  const [own, made] = [read(root), read(folder('package'))];
  expect(made.dependencies).toEqual({ 'aurora-mesh': '0.1.0', zod: own.dependencies['zod'] });
  for (const [name, range] of Object.entries(made.devDependencies)) expect(range).toBe(own.devDependencies[name]);
  expect(made.overrides).toEqual(own.overrides);
});

test('both templates know the same: but for where they stand, what an agent does is one text', () => {
  const knowledge = (template: 'package' | 'specialist', path: string) => {
    const text = readTemplate(template, namesOf('my-agent')).find((file) => file.path === path)?.text ?? '';
    return text.slice(text.indexOf('const ')).replace(/^(?:\/\*\*.*\n)?export const \w+ = /m, 'export const agent = ');
  };
  expect(knowledge('package', 'src/agent.ts')).toContain('defineAgent');
  expect(knowledge('specialist', 'agents/my-agent.ts')).toBe(knowledge('package', 'src/agent.ts'));
});

test('no name of the template is left in what it writes', () => {
  const files = filesIn(folder('package'));
  expect(files).toContain('src/agent.ts');
  for (const file of files) expect(readFileSync(join(folder('package'), file), 'utf8')).not.toMatch(/my[-_ ]?agent/i);
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

test('a package does not depend on whoever has the name at the registry of npm: what it depends on has to be said', async () => {
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', folder('unsaid'));
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/--aurora \.\/aurora-mesh-.*\.tgz: npm pack makes it/);
  expect(filesIn(folder('unsaid'))).toEqual([]);
});

test('nothing is overwritten: the file that is there is named, and nothing is written', async () => {
  const place = folder('taken');
  mkdirSync(join(place, 'src'));
  writeFileSync(join(place, 'src', 'main.ts'), 'mine');
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', place, '--aurora', '0.1.0');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`${join(place, 'src', 'main.ts')} is there already`);
  expect(filesIn(place)).toEqual(['src/main.ts']);
});

const createIn = (place: string) => carryOut(planPackage(place, namesOf('beacon-hunter'), '0.1.0'));
const wayOf = (place: string) => [
  { named: 'a link to another folder', make: () => symlinkSync(folder('elsewhere'), place) },
  { named: 'a link to nowhere', make: () => symlinkSync(join(scratch, 'nowhere'), place) },
  { named: 'a file', make: () => writeFileSync(place, 'mine') },
];

test('what stands where a folder should be is named and refused, and nothing is written here or where a link leads', () => {
  for (const below of ['src', 'test'])
    for (const { named, make } of wayOf(join(folder(`way-${below}`), below))) {
      const place = folder(`way-${below}`);
      make();
      const why = named === 'a file' ? 'no folder' : 'a link';
      expect(() => createIn(place), named).toThrow(
        `${join(place, below)} is ${why}, a folder of its own is needed there`,
      );
      expect([readdirSync(place), readdirSync(folder('elsewhere'))], named).toEqual([[below], []]);
      rmSync(join(place, below));
    }
});

test('a link where a new file should be, and a folder that is none, are refused like that: by exit code 2 and what to do', async () => {
  const place = folder('way-file');
  symlinkSync(join(scratch, 'victim'), join(place, 'README.md'));
  expect(() => createIn(place)).toThrow(`${join(place, 'README.md')} is there already; nothing was written`);
  expect([readdirSync(place), existsSync(join(scratch, 'victim'))]).toEqual([['README.md'], false]);
  writeFileSync(join(scratch, 'plain'), 'mine');
  expect(() => createIn(join(scratch, 'plain', 'below'))).toThrow(
    /plain\/below cannot be looked at \(ENOTDIR\); .*--into/,
  );
  writeFileSync(join(folder('way-by-hand'), 'test'), 'mine');
  const { code, stdout, stderr } = await create('beacon-hunter', '--into', folder('way-by-hand'), '--aurora', '0.1.0');
  expect([code, stdout, filesIn(folder('way-by-hand'))]).toEqual([2, '', ['test']]);
  expect(stderr).toMatch(/way-by-hand\/test is no folder, .*nothing was written\. Move it away, .*--into/);
});

test('a checkout is not left through a link either, be it a folder of it or a file that is changed', () => {
  const outside = checkout('outside');
  mkdirSync(join(outside, 'test'));
  const before = filesIn(outside).map((file) => readFileSync(join(outside, file), 'utf8'));
  for (const path of ['agents', 'docker-compose.yml', 'test']) {
    const place = checkout(`left-by-${path}`);
    rmSync(join(place, path), { recursive: true, force: true });
    symlinkSync(join(outside, path), join(place, path));
    expect(() => carryOut(planSpecialist(place, namesOf('beacon-hunter')))).toThrow(`${join(place, path)} is a link`);
  }
  expect(filesIn(outside).map((file) => readFileSync(join(outside, file), 'utf8'))).toEqual(before);
});

test('a failure in the middle takes back what was written and changed, and leaves what others have there', () => {
  const place = folder('middle');
  mkdirSync(join(place, 'theirs'));
  writeFileSync(join(place, 'changed'), 'before');
  const plan = { where: 'package', root: place, edits: [{ path: 'changed', text: 'after' }], next: [] } as const;
  const files = [
    { path: 'new/below/one', text: '1' },
    { path: 'theirs/two', text: '2' },
  ];
  const failing = { path: 'theirs/two/three', text: 'a file where it needs a folder' };
  expect(() => carryOut({ ...plan, files: [...files, failing] })).toThrow(
    `${join(place, failing.path)} cannot be written (EEXIST); nothing was kept`,
  );
  expect([readdirSync(place).sort(), filesIn(place)]).toEqual([['changed', 'theirs'], ['changed']]);
  const twice = { path: 'theirs/two', text: 'of somebody quicker' };
  expect(() => carryOut({ ...plan, files: [...files, twice] })).toThrow('cannot be written (EEXIST)');
  expect(filesIn(place)).toEqual(['changed']);
  const badly = { path: 'changed', text: undefined as unknown as string };
  expect(() => carryOut({ ...plan, files, edits: [badly] })).toThrow('nothing was kept');
  expect([filesIn(place), readFileSync(join(place, 'changed'), 'utf8')]).toEqual([['changed'], 'before']);
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

test('the names of an agent follow from its id, also of the longest', () => {
  expect(namesOf('beacon-hunter')).toEqual({
    id: 'beacon-hunter',
    constant: 'beaconHunterSpecialist',
    title: 'Beacon hunter',
    skill: 'ask_beacon_hunter',
  });
  expect(namesOf('class').constant).toBe('classSpecialist');
  expect(namesOf(`${'abcdefg-'.repeat(7)}abcdefgh`).skill).toMatch(/^ask_[a-z_]{1,59}[a-z]$/);
});

test('no agent, whatever its name, gets a constant that its file uses already', () => {
  const ids = new Set(templateFiles('my-agent').flatMap((text) => namesIn(text).flatMap(toIds)));
  expect([...ids]).toEqual(expect.arrayContaining(['find-secrets', 'define-agent', 'define', 'judge-text', 'source']));
  const used = templateFiles('unlike-any').flatMap(namesIn);
  for (const id of ids) {
    expect(used).not.toContain(namesOf(id).constant);
    for (const text of templateFiles(id)) {
      const declared = declaredIn(text);
      expect(declared.length).toBeGreaterThan(3);
      expect(declared.toSorted(), id).toEqual([...new Set(declared)].sort());
    }
  }
});

/** The sources of both templates for an agent of that name. */
const templateFiles = (id: string): string[] =>
  (['specialist', 'package'] as const)
    .flatMap((template) => readTemplate(template, namesOf(id)))
    .filter(({ path }) => path.endsWith('.ts') && !path.endsWith('main.ts'))
    .map(({ text }) => text);

const sourceOf = (text: string) => ts.createSourceFile('template.ts', text, ts.ScriptTarget.Latest, true);

/** Every identifier of a source. */
function namesIn(text: string): string[] {
  const namesBelow = (node: ts.Node): string[] =>
    ts.isIdentifier(node) ? [node.text] : node.getChildren().flatMap(namesBelow);
  return namesBelow(sourceOf(text));
}

/** What a source declares at its top, imports too. */
function declaredIn(text: string): string[] {
  return sourceOf(text).statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name.getText()));
    if (ts.isImportDeclaration(statement)) return namesIn(statement.importClause?.getText() ?? '');
    return ts.isFunctionDeclaration(statement) || ts.isInterfaceDeclaration(statement)
      ? [statement.name?.text ?? '']
      : [];
  });
}

/** Ids that come to an identifier, or to the beginning of it: `define` and `define-agent`. */
function toIds(name: string): string[] {
  const words = name.split(/(?=[A-Z][a-z])|_/).map((word) => word.toLowerCase());
  return words.map((_, index) => words.slice(0, index + 1).join('-')).filter(isId);
}

function isId(id: string): boolean {
  try {
    return namesOf(id).id === id;
  } catch {
    return false;
  }
}
