/** The image: its Dockerfile is sound, and its steps, replayed without an engine, give a process that is healthy and stops. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { validate } from 'dockerfile-utils';
import { afterAll, expect, test } from 'vitest';
import { parseDockerfile, replay } from './support/dockerfile.ts';

const context = join(import.meta.dirname, '..');
const text = readFileSync(join(context, 'Dockerfile'), 'utf8');
const steps = parseDockerfile(text);
const folder = mkdtempSync(join(tmpdir(), 'aurora-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a linter of Dockerfiles has nothing to say', () => {
  expect(validate(text)).toEqual([]);
});

test('the last stage runs as nobody special, and says how it is asked for its health', () => {
  const last = steps.slice(steps.findLastIndex(({ keyword }) => keyword === 'FROM'));
  const keywords = last.map(({ keyword }) => keyword);
  expect(last.filter(({ keyword }) => keyword === 'USER').map(({ rest }) => rest)).toEqual(['node']);
  expect(keywords.indexOf('USER')).toBeGreaterThan(keywords.lastIndexOf('COPY')); // the code stays root's
  expect(keywords).toContain('HEALTHCHECK');
  expect(last.filter(({ rest }) => rest.startsWith('npm')).map(({ rest }) => rest)).toEqual(['npm ci --omit=dev']);
});

test('every base image is named with its version', () => {
  for (const { rest } of steps.filter(({ keyword }) => keyword === 'FROM'))
    expect(rest).toMatch(/^node:24-bookworm-slim( AS build)?$/);
});

test(
  'the steps, replayed: it installs without dev dependencies, starts, becomes healthy, and SIGTERM ends it with 0',
  { timeout: 400_000 },
  async () => {
    const image = replay(steps, context, folder);
    const env = { ...image.env, AURORA_PORT: String(await freePort()) };
    const [file = '', ...args] = image.command;
    const child = spawn(file, args, { cwd: image.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (words: string) => said.push(words));
    const ended = once(child, 'exit');
    try {
      await healthy(image.healthcheck, image.cwd, env);
      child.kill('SIGTERM');
      expect(await Promise.race([ended, sleep(stop_ms_max)]), said.join('')).toEqual([0, null]);
    } catch (reason) {
      throw new Error(said.join(''), { cause: reason });
    } finally {
      child.kill('SIGKILL');
    }
  },
);

/** Asks as the engine would, again and again, until it says yes. */
async function healthy([file = '', ...args]: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await promisify(execFile)(file, args, { cwd, env });
      return;
    } catch (reason) {
      if (attempt === attempts_max) throw reason;
      await sleep(pause_ms);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const attempts_max = 60;
const pause_ms = 500;
const stop_ms_max = 35_000;
