/** Content packs from a folder, and references read over HTTP: both are what they say, or they are not used. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folderContent } from '../../boot/content.ts';
import { openBlob } from '../../boot/http.ts';
import type { Routing } from '../../protocol/index.ts';
import { memoryLog, sha256Of } from '../../seams/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'aurora-content-'));
let server: Server;
let url = '';
const asked: (string | undefined)[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    if (request.url?.endsWith(sha256Of('moved'))) response.writeHead(302, { location: '/elsewhere' });
    response.end('what lies there');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address) url = `http://127.0.0.1:${address.port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a pack is named by the hash of its text, plain and packed alike, and read once', () => {
  const text = '{"a":1}';
  writeFileSync(join(folder, 'plain.json'), text);
  writeFileSync(join(folder, 'packed.json.gz'), gzipSync(text));
  const content = folderContent({ folder, log: memoryLog() });
  for (const name of ['plain', 'packed'])
    expect(content.get(name)).toEqual({ name, version: `sha256:${sha256Of(text)}`, data: { a: 1 } });
  writeFileSync(join(folder, 'plain.json'), '{}');
  expect(content.get('plain')?.data).toEqual({ a: 1 });
});

test('a pack that is absent, outside, or damaged is not there; the damage is logged', () => {
  const log = memoryLog();
  const content = folderContent({ folder, log });
  writeFileSync(join(folder, 'broken.json'), '{');
  expect([content.get('absent'), content.get('../plain'), content.get('broken')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(log.lines.map(({ level, text }) => [level, text])).toEqual([['error', 'a content pack cannot be read']]);
});

test('a reference is read with the token of its task; other bytes than promised end in an error', async () => {
  const text = 'what lies there';
  expect(await read(sha256Of(text), grant())).toBe(text);
  expect(asked.at(-1)).toBe(`/blobs/${sha256Of(text)} Bearer secret`);
  await expect(read(sha256Of('something else'), grant())).rejects.toThrow('other bytes than promised');
});

test('without a grant nothing is asked; a redirect is not followed', async () => {
  const before = asked.length;
  await expect(read(sha256Of('x'), undefined)).rejects.toThrow('may read no references');
  expect(asked).toHaveLength(before);
  await expect(read(sha256Of('moved'), grant())).rejects.toThrow('HTTP 302');
  expect(asked).toHaveLength(before + 1);
});

async function read(sha256: string, routing: Routing | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  const ref = { sha256, size: 15, media_type: 'text/plain', name: 'x' };
  for await (const chunk of openBlob(ref, routing)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const grant = (): Routing => ({
  handoff_id: 'h',
  task_id: 't',
  root_id: 't',
  from: 'orchestrator',
  to: 'x',
  hop: 1,
  path: [],
  mode: 'monitor',
  priority: 5,
  attempt: 1,
  fence: 1,
  deadline: '2026-01-01T00:00:00.000Z',
  budget_ms: 1_000,
  actor: { sub: 'x', scopes: [], tenant: 'default' },
  blobs: { url, token: 'secret' },
});
