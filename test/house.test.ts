/** The one rule: a folder imports only what stands below it, only through its door, and never its own door. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isBuiltin } from 'node:module';
import { expect, test } from 'vitest';
import { deadExports, HOUSE, OUTSIDE, RESERVED, judge, packageOf } from './support/house.ts';
import { SHARING } from './support/sharing.ts';

const root = join(import.meta.dirname, '..');
const made = ['node_modules', 'dist', 'coverage'];
const rooms = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !made.includes(entry.name))
  .map((entry) => entry.name);
const files = [
  ...readdirSync(root),
  ...rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
  ),
].filter((path) => /\.ts$|^(bench|bin|test)\/.*\.mjs$/.test(path) && !path.includes('node_modules/'));
const texts = new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
const judged = [...texts].map(([path, text]) => ({ path, ...judge(path, text) }));

test('every file keeps the rules of the house', () => {
  expect(judged.flatMap(({ path, faults }) => faults.map((fault) => `${path}: ${fault}`))).toEqual([]);
});

test('every folder is in the map', () => {
  expect(rooms.filter((room) => !(room in HOUSE) && !OUTSIDE.includes(room))).toEqual([]);
});

test('the map has no circle: whoever is known knows nobody above', () => {
  const order = Object.keys(HOUSE);
  const upward = order.flatMap((room) =>
    HOUSE[room]!.filter((known) => !order.includes(known) || HOUSE[known]!.includes(room)),
  );
  expect(upward).toEqual([]);
});

test('the guard has read the house: it found imports, and doors among them', () => {
  const imports = judged.flatMap(({ path, imports }) => (path.startsWith('test/') ? [] : imports));
  expect(imports.length).toBeGreaterThan(20);
  expect(imports.filter((name) => name.endsWith('/index.ts')).length).toBeGreaterThan(5);
});

test('what the product imports is a dependency, so that an install without dev dependencies runs', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: object };
  const packages = judged
    .filter(({ path }) => path.split('/', 1)[0]! in HOUSE)
    .flatMap(({ imports }) => imports.filter((name) => !name.startsWith('.') && !isBuiltin(name)).map(packageOf));
  expect([...new Set(packages)].filter((name) => !(name in dependencies))).toEqual([]);
});

test('what a file exports is used by another one, or published at a door of the package', () => {
  const doors = readFileSync(join(root, 'package.json'), 'utf8').matchAll(/"\.\/dist\/(\S+)\.js"/g);
  const published = new Set([...doors].map(([, door]) => `${door}.ts`));
  expect(published.size).toBeGreaterThan(3);
  expect(deadExports(texts, published)).toEqual([]);
});

test('what is published is the door of its folder; two more are named here, and the house itself knows neither', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
  const published = [...JSON.stringify(exports).matchAll(/"\.\/dist\/([^"]+)\.js"/g)].map(([, door]) => `${door}.ts`);
  const more = ['boot/author.ts', 'client/browser.ts']; // for whoever writes an agent; for browsers, which have no `ws`
  expect(published.filter((door) => !door.endsWith('/index.ts'))).toEqual(more);
  const users = judged.filter(
    ({ path, imports }) =>
      path.split('/', 1)[0]! in HOUSE && imports.some((name) => more.includes(join(path, '..', name))),
  );
  expect(users.map(({ path }) => path)).toEqual([]);
});

test('tests that share a process replace no module: those after them would have it replaced as well', () => {
  const replacing = [...texts].filter(([, text]) => /^vi\.(?:mock|doMock)\(/m.test(text)).map(([path]) => path);
  expect(replacing.length).toBeGreaterThan(0);
  expect(replacing.filter((path) => SHARING.some((folder) => path.startsWith(folder)))).toEqual([]);
});

test('an export that only its own door names is seen; one that is used, published, or exported for its type passes', () => {
  const exporting =
    'export const idle = 1;\nexport async function used() {}\nexport const Task = z();\nexport type Task = 1;\n';
  const texts = new Map([
    ['mesh/a.ts', exporting],
    ['mesh/index.ts', `export {\n  idle,\n  used,\n} from './a.ts';\n`],
    ['api/b.ts', `import { used } from '../mesh/index.ts';\n`],
  ]);
  expect(deadExports(texts, new Set())).toEqual(['mesh/a.ts: idle']);
  expect(deadExports(texts, new Set(['mesh/index.ts']))).toEqual([]);
  const whole = new Map([...texts, ['mesh/index.ts', `export * from './a.ts';\n`]]);
  expect(deadExports(whole, new Set())).toEqual(['mesh/a.ts: idle']);
  expect(deadExports(whole, new Set(['mesh/index.ts']))).toEqual([]);
});

test.each([
  ['protocol/a.ts', `import { b } from '../mesh/index.ts';`, 'protocol does not know mesh'],
  ['agents/a.ts', `const b = await import('../orchestrator/index.ts');`, 'agents does not know orchestrator'],
  ['mesh/a.ts', `import type { B } from '../seams/clock.ts';`, 'passes the door of seams/clock.ts'],
  ['mesh/a.ts', `type B = import('../seams/clock.ts').Clock;`, 'passes the door of seams/clock.ts'],
  ['agents/a.ts', `export { b } from '../analysis/ioc/score.ts';`, 'passes the door of analysis/ioc/score.ts'],
  ['analysis/web/a.ts', `import { b } from '../ioc/score.ts';`, 'passes the door of analysis/ioc/score.ts'],
  ['analysis/web/a.ts', `import { b } from './index.ts';`, 'imports its own door'],
  ['mesh/a.ts', `import { b } from './index.ts';`, 'imports its own door'],
  ['protocol/resources/a.ts', `import { b } from '../index.ts';`, 'imports its own door'],
  ['examples/x/a.ts', `import { b } from '../../mesh/peer.ts';`, 'passes the door of mesh/peer.ts'],
  ['bench/a.ts', `import { b } from '../analysis/sigma/engine.ts';`, 'passes the door of analysis/sigma/engine.ts'],
  ['plumbing/a.ts', '', 'not in the map'],
  ['mesh/a.ts', `import WebSocket from 'ws';`, 'ws belongs to'],
  ['boot/a.ts', `import type { Logger } from 'pino';`, 'pino belongs to'],
  ['mesh/a.ts', `const b = process.env['HOME'];`, 'process.env belongs to'],
  ['mesh/a.ts', `const b = process['env'];`, 'process.env belongs to'],
  ['mesh/a.ts', `const { env } = globalThis.process.env;`, 'process.env belongs to'],
  ['mesh/a.ts', 'const b = [1].map(Date.now);', 'Date.now belongs to'],
  ['mesh/a.ts', 'const b = new Date();', 'new Date() belongs to'],
  ['mesh/a.ts', 'const b = Math.random();', 'Math.random belongs to'],
  ['mesh/a.ts', 'setTimeout(run, 1);', 'setTimeout belongs to'],
  ['mesh/a.ts', `import { setTimeout as sleep } from 'node:timers/promises';`, 'node:timers/promises belongs to'],
  ['seams/a.ts', `new Worker(new URL('./b.ts', import.meta.url));`, 'names ./b.ts at run time'],
  ['mesh/httpServer.ts', '', 'not kebab-case'],
  ['mesh/utils.ts', '', 'says nothing'],
])('the guard sees it: %s with %s', (path, line, fault) => {
  expect(judge(path, `/** A sentence. */\n${line}\n`).faults.join()).toContain(fault);
});

test.each([
  ['agents/a.ts', `import { b } from '../analysis/ioc/index.ts';`],
  ['agents/index.ts', `export const agents = { a: () => import('./a.ts') };`],
  ['analysis/web/a.ts', `import { b } from '../ioc/index.ts'; import { c } from './c.ts';`],
  ['mesh/peer.ts', `import { JSONRPCServer } from 'json-rpc-2.0'; import { clock } from '../seams/index.ts';`],
  ['seams/clock.ts', 'setTimeout(run, Date.now());'],
  ['bench/a.ts', `import { b } from '../analysis/sigma/index.ts'; performance.now();`],
  ['bench/run.mjs', `import '../test/faults/typescript-hook.mjs';`],
  ['mesh/a.ts', 'valueOf(); hasOwnProperty(toString());'],
  ['test/mesh/a.test.ts', `import { b } from '../../mesh/peer.ts';`],
])('the guard lets pass: %s with %s', (path, line) => {
  expect(judge(path, `/** A sentence. */\n${line}\n`).faults).toEqual([]);
});

test('a file without its sentence is seen, with either kind of comment it passes', () => {
  expect(judge('mesh/a.ts', `import { b } from './b.ts';\n`).faults).toHaveLength(1);
  expect(judge('mesh/a.ts', `/** Without an end */\n`).faults).toHaveLength(1);
  expect(judge('mesh/a.ts', `/**\n * A sentence.\n * More of it.\n */\n`).faults).toEqual([]);
});

test('every reserved place lies in the house', () => {
  const places = Object.values(RESERVED).flat();
  expect(places.filter((place) => !(place.split('/', 1)[0]! in HOUSE))).toEqual([]);
});
