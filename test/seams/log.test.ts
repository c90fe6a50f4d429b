/** The real log in a process of its own, with a reader that does not read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const writer = join(import.meta.dirname, 'jobs', 'write-log.mjs');

test('a process whose log nobody reads goes on working, drops lines at a bound, and says how many (PROM-P12)', async () => {
  const child = spawn(process.execPath, [writer], { stdio: ['pipe', 'pipe', 'pipe'] });
  const said: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  while (!said.join('').includes('still here')) await once(child.stdout, 'data');

  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  while (!log.includes('lines were dropped')) await once(child.stderr, 'data');
  child.stdin.end('enough\n');
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);

  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string; nth?: number; dropped?: number });
  const dropped = lines.find((line) => line.dropped !== undefined)?.dropped ?? 0;
  expect(dropped).toBeGreaterThan(0);
  const kept = lines.filter(({ nth }) => nth !== undefined).map(({ nth }) => nth);
  expect(kept).toEqual(kept.toSorted((left, right) => Number(left) - Number(right)));
  expect(kept.length + dropped).toBe(LINES);
  expect(lines.at(-1)).toMatchObject({ msg: 'the last word' });
});

test('what many logs of one process said in its last turn is written, in order, and nothing else', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'jobs', 'end-at-once.mjs')]);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  const names = log
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { name: string }).name);
  expect(names).toEqual(Array.from({ length: 20 }, (_, nth) => `part-${nth}`));
});

/** As many as the writer writes. */
const LINES = 20_000;
