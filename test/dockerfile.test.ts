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
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseDockerfile, replay, type Image } from './support/dockerfile.ts';

const context = join(import.meta.dirname, '..');
const text = readFileSync(join(context, 'Dockerfile'), 'utf8');
const steps = parseDockerfile(text);
const Environment = z.record(z.string(), z.coerce.string());
type Environment = z.infer<typeof Environment>;
const Service = z.object({
  command: z.array(z.string()),
  environment: Environment.optional(),
  healthcheck: z
    .object({ test: z.array(z.string()) })
    .optional()
    .catch(undefined), // `keys` has it disabled
});
const { services } = z
  .object({ services: z.record(z.string(), Service) })
  .parse(parse(readFileSync(join(context, 'docker-compose.yml'), 'utf8'), { merge: true }));

const build_ms_max = 600_000;
const life_ms_max = 120_000;
const attempts_max = 60;
const pause_ms = 500;
const stop_ms_max = 35_000;
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
  const bases = steps.filter(({ keyword }) => keyword === 'FROM');
  expect(bases).toHaveLength(2);
  for (const { rest } of bases) expect(rest).toMatch(/^node:24-bookworm-slim( AS build)?$/);
});

describe('the steps, replayed without an engine', () => {
  let image: Image;
  beforeAll(() => {
    image = replay(steps, context, folder);
  }, build_ms_max);

  test('the command of the image becomes healthy, and SIGTERM ends it with 0', { timeout: life_ms_max }, () =>
    live(image.command, image.healthcheck, image, { AURORA_DATA: join(folder, 'alone') }),
  );

  test('the one-shot service makes the keys, and making them again changes nothing', async () => {
    const [file = '', ...args] = services['keys']?.command ?? [];
    const env = { ...image.env, AURORA_DATA: join(folder, 'fleet') };
    await promisify(execFile)(file, args, { cwd: image.cwd, env });
    const pins = () => readFileSync(join(folder, 'fleet', 'pins', 'pins.json'), 'utf8');
    const made = pins();
    await promisify(execFile)(file, args, { cwd: image.cwd, env });
    expect(pins()).toBe(made);
  });

  test.each(Object.keys(services).filter((name) => name !== 'keys'))(
    'the service %s starts with those keys, is healthy by its own check, and SIGTERM ends it with 0',
    { timeout: life_ms_max },
    async (name) => {
      const { command = [], environment = {}, healthcheck } = services[name] ?? {};
      await live(command, healthcheck?.test.slice(1) ?? image.healthcheck, image, {
        ...environment,
        AURORA_DATA: join(folder, 'fleet'),
      });
    },
  );
});

/** Starts a command in the image, waits until its health check says yes, stops it. */
async function live(
  [file = '', ...args]: string[],
  healthcheck: string[],
  image: Image,
  given: Environment,
): Promise<void> {
  const env = { ...image.env, ...given, AURORA_PORT: String(await freePort()) };
  const child = spawn(file, args, { cwd: image.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (words: string) => said.push(words));
  const ended = once(child, 'exit');
  try {
    await healthy(healthcheck, image.cwd, env);
    child.kill('SIGTERM');
    expect(await Promise.race([ended, sleep(stop_ms_max)])).toEqual([0, null]);
  } catch (reason) {
    throw new Error(said.join(''), { cause: reason });
  } finally {
    child.kill('SIGKILL');
  }
}

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
