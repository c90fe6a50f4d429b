/** Everything that can grow has a bound that holds at every moment of a flood, not only at its end (promises.md 2, INV11). */
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, dialWebsocket, listen, type Link } from '../../mesh/index.ts';
import { LINK_LIMITS } from '../../mesh/link.ts';
import { LISTEN_BOUNDS } from '../../mesh/listen.ts';
import { skill } from '../../protocol/index.ts';
import { createLedger, type Ledger } from '../../orchestrator/index.ts';
import { countingIds, memoryLog, systemClock } from '../../seams/index.ts';
import { openStore } from '../../store/index.ts';
import { settled } from '../support/drive.ts';
import { startMesh } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Looks at every turn of the event loop until it is stopped; answers the most that it saw. */
function watch<Name extends string>(look: () => Record<Name, number>): () => Record<Name, number> {
  const most = look();
  let is_over = false;
  void (async () => {
    while (!is_over) {
      await settled();
      for (const [name, value] of Object.entries(look()) as [Name, number][]) most[name] = Math.max(most[name], value);
    }
  })();
  return () => {
    is_over = true;
    return most;
  };
}

test('INV11 PROM-P8: queues, running work, what nobody reads and memory stay under their bounds in every sample of a flood', async () => {
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const talk = skill({
    id: 'talk_much',
    title: 'Talk',
    description: 'Says much, and then waits.',
    tags: ['talk'],
    effect: 'read',
    concurrency: RUNNING_MAX,
    params: z.object({ nth: z.number() }),
    result: z.object({ nth: z.number() }),
  }).implement(async ({ nth }, ctx) => {
    for (let count = 0; count < (nth < FOLLOWED ? TALKS : 1); count++) {
      ctx.progress.artifact(`${count}`, { text: 'x'.repeat(TALK_CHARS) });
      if (count % 20 === 0) await settled();
    }
    await gate;
    return { nth };
  });
  const floods = ['operator:one', 'operator:two', 'operator:three'];
  const mesh = await startMesh([defineAgent({ id: 'ada', name: 'Ada', description: 'Talks.', skills: [talk] })], {
    operators: [...floods, 'operator:deaf'],
    orchestrator: { bounds: { registry: { queue_max: QUEUE_MAX } } },
  });
  await mesh.online(1);
  const rss_before = process.memoryUsage.rss();
  const most = watch(() => ({
    waiting: mesh.metrics.of('tasks_waiting'),
    running: mesh.metrics.of('skills_running'),
    open: mesh.orchestrator.health().tasks_open,
    unsent: Math.max(...mesh.accepted.map((link) => (link.open ? link.unsent_bytes : 0))),
    rss_mb: (process.memoryUsage.rss() - rss_before) / 2 ** 20,
  }));

  const deaf = mesh.as('operator:deaf');
  const followed: Promise<unknown>[] = [];
  const ask = async (id: string, nth: number) => {
    const order = { to: { agent_id: 'ada', skill: 'talk_much' }, params: { nth }, wait: 'accepted' };
    const { task_id } = (await mesh.as(id).request('handoff', order)) as { task_id: string };
    if (followed.length < 3)
      followed.push(deaf.subscribe('task/subscribe', { task_id, after_seq: 0 }, () => undefined));
    return task_id;
  };
  await Promise.all(Array.from({ length: FOLLOWED }, (_, nth) => ask('operator:one', nth)));
  await Promise.all(followed);
  deaf.link.pause();
  const asked = floods.flatMap((id) => Array.from({ length: 60 }, (_, nth) => ask(id, FOLLOWED + nth)));
  const codes = (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? 'accepted' : (one.reason as { code: number }).code,
  );
  for (let turn = 0; turn < 300; turn++) await settled();
  go();
  await expect.poll(() => mesh.orchestrator.health().tasks_open, { timeout: 60_000 }).toBe(0);
  await expect.poll(() => mesh.orchestrator.health().tasks_open).toBe(0);

  const seen = most();
  expect(new Set(codes)).toEqual(new Set(['accepted', 4290]));
  // Reached, and not passed.
  expect(seen).toMatchObject({ waiting: QUEUE_MAX, running: RUNNING_MAX });
  expect(seen.open).toBeLessThanOrEqual(QUEUE_MAX + IN_FLIGHT_MAX);
  expect(seen.unsent).toBeGreaterThan(100_000);
  expect(seen.unsent).toBeLessThanOrEqual(LINK_LIMITS.unsent_bytes_max);
  expect(seen.rss_mb).toBeLessThan(256);
});

test('INV11 PROM-P8: orders that are not leased at once keep the bound of their queue while they are being kept, though an agent is free', async () => {
  const act = skill({
    id: 'act_softly',
    title: 'Act',
    description: 'Acts.',
    tags: ['act'],
    effect: 'idempotent',
    action_class: 'low',
    targets: ['/host'],
    params: z.object({ host: z.string() }),
    result: z.object({}),
  }).implement(() => Promise.resolve({}));
  let go: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const clock = systemClock;
  const store = await openStore({ file: ':memory:', durability: 'full', clock, log: memoryLog() });
  cleanups.push(() => store.close());
  const kept = createLedger(store, clock);
  let keeping = 0;
  const ledger: Ledger = {
    ...kept,
    async accept(...asked) {
      keeping++;
      await gate;
      return kept.accept(...asked);
    },
  };
  const mesh = await startMesh([defineAgent({ id: 'ada', name: 'Ada', description: 'Acts.', skills: [act] })], {
    orchestrator: {
      ledger,
      storeHealth: store.health,
      epoch: Number(store.epoch),
      bounds: { registry: { queue_max: QUEUE_MAX } },
    },
  });
  await mesh.online(1);
  let refused = 0;
  const ask = async (nth: number) => {
    const options = { mode: 'dry_run', idempotency_key: `key-${nth}-of-the-test` };
    const order = { to: { skill: 'act_softly' }, params: { host: `host-${nth}` }, wait: 'accepted', options };
    try {
      await mesh.operator.request('handoff', order);
    } catch (reason) {
      expect(reason).toMatchObject({ code: 4290 });
      refused++;
    }
  };
  const asked = Array.from({ length: FLOOD }, (_, nth) => ask(nth));
  await expect.poll(() => keeping + refused).toBe(FLOOD);
  expect([keeping, refused]).toEqual([QUEUE_MAX, FLOOD - QUEUE_MAX]);
  go();
  await Promise.all(asked);
  expect(refused).toBe(FLOOD - QUEUE_MAX);
});

test('INV11 ATK-I3: a port never holds more connections than its bound, however many come at once', async () => {
  const links: Link[] = [];
  const port = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    ids: countingIds(),
    bounds: { ...LISTEN_BOUNDS, links_max: 20 },
    onLink(link) {
      links.push(link);
      link.attach({ onText: () => undefined, onClose: () => undefined });
    },
  });
  cleanups.push(() => port.close());
  const most = watch(() => ({ links: links.filter(({ open }) => open).length }));
  const dials = Array.from({ length: 60 }, () => dialWebsocket({ url: port.url, protocol: '', clock: systemClock }));
  const dialled = await Promise.allSettled(dials);
  const came = dialled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  expect([came.length, most()]).toEqual([20, { links: 20 }]);
  for (const one of dialled) if (one.status === 'rejected') expect(String(one.reason)).toContain('503');
  for (const link of came) link.cut();
  await expect.poll(() => links.filter(({ open }) => open).length).toBe(0);
  (await dialWebsocket({ url: port.url, protocol: '', clock: systemClock })).cut(); // there is room again
});

const QUEUE_MAX = 12;
const FLOOD = 40;
const RUNNING_MAX = 3;
/** What an agent takes at once where it says nothing else. */
const IN_FLIGHT_MAX = 64;
/** Tasks that say much, to somebody who does not listen. */
const FOLLOWED = 3;
const TALKS = 600;
const TALK_CHARS = 20_000;
