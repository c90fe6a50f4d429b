/** Worker threads, real ones: a job that never ends costs its thread, and the next one runs. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AuroraError } from '../../protocol/index.ts';
import { inlineWorkers, JobTimeout, systemClock, threadWorkers, type Job, type Workers } from '../../seams/index.ts';

/** A job whose module is a file of the fixtures; in this process it is never run. */
const jobIn = (name: string): Job<unknown, unknown> => ({
  module: pathToFileURL(join(import.meta.dirname, 'jobs', `${name}.mjs`)).href,
  run: () => Promise.reject(new Error('this ran in the wrong thread')),
});
const echo = jobIn('echo');
const spin = jobIn('spin');
const grow = jobIn('grow');
const refuse = jobIn('refuse');
const nothing = jobIn('nothing');
const SOON = { ms_max: 10_000 };

let workers: Workers;
afterEach(() => workers.close());

test('a job runs in a thread, and what it caches is there for the next run', async () => {
  workers = threadWorkers({ clock: systemClock, threads_max: 1 });
  const first = await workers.run(echo, { some: ['thing'] }, SOON);
  const second = await workers.run(echo, 'more', SOON);
  expect(first).toEqual({ input: { some: ['thing'] }, is_main_thread: false, environment: 0, runs: 1 });
  expect(second).toEqual({ input: 'more', is_main_thread: false, environment: 0, runs: 2 });
});

test('a job that never ends is ended at its limit, and the next one runs', async () => {
  workers = threadWorkers({ clock: systemClock, threads_max: 1 });
  const endless = workers.run(spin, null, { ms_max: 100 });
  const next = workers.run(echo, 'after', SOON);
  await expect(endless).rejects.toBeInstanceOf(JobTimeout);
  await expect(next).resolves.toMatchObject({ input: 'after' });
});

test('whoever asked can stop a job, running or waiting', async () => {
  workers = threadWorkers({ clock: systemClock, threads_max: 1 });
  const controller = new AbortController();
  const bounds = { ms_max: 60_000, signal: controller.signal };
  const both = [workers.run(spin, null, bounds), workers.run(spin, null, bounds)];
  controller.abort(new AuroraError(4990));
  for (const each of both) await expect(each).rejects.toMatchObject({ code: 4990 });
  await expect(workers.run(spin, null, bounds)).rejects.toMatchObject({ code: 4990 });
  await expect(workers.run(echo, 1, SOON)).resolves.toMatchObject({ input: 1 });
});

test('a job that eats memory takes its thread with it and nothing else', async () => {
  workers = threadWorkers({ clock: systemClock, threads_max: 1, memory_mib_max: 32 });
  await expect(workers.run(grow, null, { ms_max: 60_000 })).rejects.toMatchObject({ code: 5030 });
  await expect(workers.run(echo, 2, SOON)).resolves.toMatchObject({ input: 2 });
});

test('what a job throws crosses with its code, and what cannot be copied is said', async () => {
  workers = threadWorkers({ clock: systemClock });
  await expect(workers.run(refuse, 'plain', SOON)).rejects.toThrow('a plain error');
  await expect(workers.run(refuse, 'function', SOON)).rejects.toThrow(/could not be cloned/);
  await expect(workers.run(echo, () => undefined, SOON)).rejects.toMatchObject({ code: 5000 });
  await expect(workers.run(nothing, 1, SOON)).rejects.toThrow('exports no job');
});

test('the queue has an end, and closing rejects what runs and what waits', async () => {
  workers = threadWorkers({ clock: systemClock, threads_max: 1, queue_max: 1 });
  const running = workers.run(spin, null, { ms_max: 60_000 });
  const waiting = workers.run(spin, null, { ms_max: 60_000 });
  await expect(workers.run(echo, 1, SOON)).rejects.toMatchObject({ code: 5030, retry_after_ms: 1_000 });
  const ended = Promise.allSettled([running, waiting]);
  await workers.close();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await expect(workers.run(echo, 1, SOON)).rejects.toMatchObject({ code: 5030 });
});

test('inline, a job gets a copy too', async () => {
  workers = inlineWorkers;
  const given = { list: [1] };
  const job: Job<{ list: number[] }, number[]> = { module: '', run: ({ list }) => (list.push(2), list) };
  await expect(workers.run(job, given, SOON)).resolves.toEqual([1, 2]);
  expect(given.list).toEqual([1]);
});
