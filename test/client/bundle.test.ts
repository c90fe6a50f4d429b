/** What a client drags along: a browser zod alone, a Node process `ws` as well, once it opens a stream. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bundleClient } from './bundle.ts';
import { run, setUp } from '../support/child.ts';

const root = join(import.meta.dirname, '..', '..');
beforeAll(setUp, 240_000);

test('the bundle of a browser holds the client, the words, and zod alone', async () => {
  const { inputs, imports, code } = await bundleClient();
  const places = inputs.map((path) =>
    path.startsWith('node_modules/') ? path.split('/', 2)[1] : path.split('/', 1)[0],
  );
  const own = [...new Set(places)].filter((place) => !place?.startsWith('\0')).sort();
  expect(own).toEqual(['client', 'protocol', 'zod']);
  expect(inputs.filter((path) => path.startsWith('client/'))).not.toContain('client/node-socket.ts');
  expect(imports).toEqual([]);
  expect(code).not.toMatch(/require\(|from ?["']node:/);
});

test('both doors have the same values: one page of types speaks for both', async () => {
  const [node, browser] = await Promise.all([import('../../client/index.ts'), import('../../client/browser.ts')]);
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
});

test('the package names a door for Node and one for everybody else', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  expect(exports['./client']).toEqual({
    types: './dist/client/index.d.ts',
    node: './dist/client/index.js',
    default: './dist/client/browser.js',
  });
});

test('in Node, ws is loaded when the first stream is opened, and not before', () => {
  const story = `
    import { createRequire } from 'node:module';
    import { createClient } from 'aurora-mesh/client';
    const { cache } = createRequire(import.meta.url);
    const isLoaded = () => Object.keys(cache).some((path) => path.includes('/node_modules/ws/'));
    const client = createClient({
      base_url: 'http://127.0.0.1:1',
      credentials: { api_key: 'aurora_key_x' },
      attempts_max: 1,
      reconnects_max: 0,
    });
    await client.alerts.list().catch(() => undefined);
    const before = isLoaded();
    await client.streams.alerts().next().catch(() => undefined);
    console.log(JSON.stringify([before, isLoaded()]));
  `;
  const said = run(process.execPath, ['--input-type=module', '-e', story], { cwd: root });
  expect(JSON.parse(said)).toEqual([false, true]);
});
