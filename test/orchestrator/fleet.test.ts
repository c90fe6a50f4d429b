/** The links to the fleet: refusals heal, addresses stay pinned, floods are bounded (wire.md 4, 10). */
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { cardOf, skill, TaskPage } from '../../protocol/index.ts';
import {
  answerHello,
  createHost,
  createMethods,
  defineAgent,
  digestOf,
  literalPins,
  memoryLink,
  type Link,
} from '../../mesh/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  manualClock,
  memoryLog,
  seededRandom,
  type ManualClock,
} from '../../seams/index.ts';
import { createFleet, type Fleet } from '../../orchestrator/fleet.ts';
import { createRegistry } from '../../orchestrator/registry.ts';
import { runFor, runUntilQuiet, settled } from '../support/drive.ts';
import { echoAgent, untilStopped } from '../support/echo.ts';
import { identityOf, startMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';

test('an agent whose card cannot be had at first is dialled again at once, not given up', async () => {
  const clock = manualClock();
  const ada = echoAgent('ada');
  let tries = 0;
  const fetchCard = async (url: string) => {
    if (++tries === 1) throw new Error('connection reset');
    return cardOf(ada, url);
  };
  const mesh = await startMesh([ada], { clock, orchestrator: { fetchCard } });
  await runFor(clock, 1_000);
  expect(mesh.orchestrator.health().status).toBe('ok');
});

test('an agent that does not answer the hello in time is dialled again at once', async () => {
  const clock = manualClock();
  let is_mute = true;
  const mesh = await startMesh([echoAgent('ada')], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      return [near, tapped(far, { said: (frame) => (is_mute ? undefined : frame) })];
    },
  });
  await runFor(clock, 5_000);
  is_mute = false;
  await runFor(clock, 35_000);
  expect(mesh.orchestrator.health().status).toBe('ok');
});

test('of two replicas the one that is gone is offline, and the mesh is not whole', async () => {
  const gone = new Set<string>();
  const is_up = (url: string) => !gone.has(url);
  const mesh = await startMesh([echoAgent('ada'), echoAgent('ada')], { clock: manualClock(), is_up });
  await mesh.online(2);
  expect(mesh.orchestrator.health().status).toBe('ok');
  gone.add('ws://ada-1.test:1');
  mesh.crash('ws://ada-1.test:1');
  await settled();
  const { status, agents } = mesh.orchestrator.health();
  expect([status, ...agents.map(({ state }) => state)]).toEqual(['degraded', 'online', 'offline']);
});

test('a stranger on the port gets no work; when it is gone, the true agent is found again', async () => {
  const clock = manualClock();
  let is_stranger = true;
  const lie = (frame: Frame): Frame => {
    const { proof, ...result } = z.looseObject({ proof: z.string().optional() }).parse(frame['result'] ?? {});
    return is_stranger && proof !== undefined
      ? { ...frame, result: { ...result, proof: `AAAAA${proof.slice(5)}` } }
      : frame;
  };
  const mesh = await startMesh([echoAgent('ada')], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      return [near, tapped(far, { said: lie })];
    },
  });
  await runFor(clock, 20_000);
  expect(mesh.orchestrator.health().agents).toMatchObject([{ state: 'offline', why: 'ada did not prove its key' }]);
  is_stranger = false;
  await runFor(clock, 31_000);
  expect(mesh.orchestrator.health().status).toBe('ok');
});

test("a card that names another agent than the one who proved its key is not that agent's: it gets no work", async () => {
  const clock = manualClock();
  const ada = echoAgent('ada');
  const its = (url: string) => cardOf({ ...ada, id: 'bob' }, url);
  const mesh = await startMesh([ada], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      const vouch = (frame: Frame): Frame => {
        const result = z.looseObject({ card_digest: z.string() }).safeParse(frame['result']);
        return result.success ? { ...frame, result: { ...result.data, card_digest: digestOf(its(url)) } } : frame;
      };
      return [near, tapped(far, { said: vouch })];
    },
    orchestrator: { fetchCard: async (url) => its(url) },
  });
  await runFor(clock, 1_000);
  expect(mesh.orchestrator.health().agents).toMatchObject([
    { state: 'offline', why: 'The card of ada is that of bob' },
  ]);
});

test('an agent of the configuration that registers and leaves again stays configured: its link lives while anybody keeps it', async () => {
  const clock = manualClock();
  const fleet = mute(clock);
  const address = { agent_id: 'ada', url: 'ws://ada.example.com:1' };
  const unconfigure = fleet.keep(address);
  const leave = fleet.keep(address);
  leave();
  leave(); // leaving twice gives up no other's link
  expect(fleet.status().map(({ agent_id }) => agent_id)).toEqual(['ada']);
  unconfigure();
  expect(fleet.status()).toEqual([]);
});

test('link and card are read from the number that was checked, whatever the name says by then (ATK-G2)', async () => {
  const clock = manualClock();
  const seams = { clock, ids: countingIds(), random: seededRandom(1), log: memoryLog(), metrics: countingMetrics() };
  const { identity } = identityOf('orchestrator', 'orchestrator');
  const dialled: unknown[] = [];
  const fleet = createFleet({
    ...seams,
    self: identity,
    pins: { of: () => undefined },
    registry: createRegistry({ clock }),
    methods: () => createMethods(new Map()),
    notifications: () => new Map(),
    dial: async (url, { address }) => {
      dialled.push([url, address]);
      return memoryLink({ clock, protocol: '' })[0];
    },
    fetchCard: async (url, address) => void dialled.push([url, address]),
  });
  fleet.keep({ agent_id: 'ada', url: 'ws://ada.example.com:1', address: '203.0.113.7', unproven: true });
  await settled();
  expect(dialled).toEqual([
    ['ws://ada.example.com:1', '203.0.113.7'],
    ['ws://ada.example.com:1', '203.0.113.7'],
  ]);
});

describe('a card that comes with a registration', () => {
  const ada = echoAgent('ada');
  const url = 'ws://ada.test:1';
  const served = cardOf(ada, url);

  test('is not fetched once more when the link vouches for it', async () => {
    const { fleet, fetched, offered } = guesthouse(ada, served);
    fleet.keep({ agent_id: 'ada', url }, served);
    await expect.poll(offered).toEqual(['echo_text']);
    expect(fetched).toEqual([]);
  });

  test.each<[string, object]>([
    ['of which the link says nothing', { ...served, description: 'Rules everything.' }],
    ['that is none', { name: 'ada' }],
  ])('is worth nothing when it is one %s: the true one is fetched', async (_what, card) => {
    const { fleet, fetched, offered } = guesthouse(ada, served);
    fleet.keep({ agent_id: 'ada', url }, card);
    await expect.poll(offered).toEqual(['echo_text']);
    expect(fetched).toEqual([url]);
  });
});

test('a card that comes with a registration is no larger than one that is fetched may be', async () => {
  const ada = echoAgent('ada');
  const url = 'ws://ada.test:1';
  const large = { ...cardOf(ada, url), notes: 'x'.repeat(1_048_576) };
  const { fleet, fetched, offered } = guesthouse(ada, large);
  fleet.keep({ agent_id: 'ada', url }, large);
  await expect.poll(offered).toEqual(['echo_text']);
  expect(fetched).toEqual([url]);
});

/** A fleet that finds one agent at every address, and what it dialled, fetched, closed and was offered there. */
function guesthouse(agent: ReturnType<typeof echoAgent>, card: object) {
  const seams = { clock: manualClock(), ids: countingIds(), random: seededRandom(1), log: memoryLog() };
  const [own, its] = [identityOf('orchestrator', 'orchestrator'), identityOf(agent.id, 'agent')];
  const shared = { ...seams, metrics: countingMetrics(), pins: literalPins([own.pin, its.pin]) };
  const host = createHost(agent, {
    ...shared,
    self: its.identity,
    anonymous: 'off',
    content: literalContent(),
    openRef: () => {
      throw new Error('nobody sends bytes here');
    },
    card_digest: digestOf(card),
  });
  const registry = createRegistry({ clock: seams.clock });
  const fetched: string[] = [];
  const dialled: string[] = [];
  const closed: string[] = [];
  let newest: Link | undefined;
  const fleet = createFleet({
    ...shared,
    self: own.identity,
    registry,
    methods: () =>
      createMethods(
        new Map([['mesh/hello', (params, call) => answerHello({ ...shared, self: own.identity }, params, call)]]),
      ),
    notifications: () => new Map(),
    dial: async (url) => {
      const [near, far] = memoryLink({ clock: seams.clock, dialled: new URL(url).host });
      host.accept(far);
      newest = far;
      dialled.push(url);
      return tapped(near, { closing: (code) => closed.push(`${url} ${code}`) });
    },
    fetchCard: async (url) => {
      fetched.push(url);
      return card;
    },
  });
  return {
    clock: seams.clock,
    fleet,
    fetched,
    dialled,
    closed,
    /** The agent says for how long it is away, and goes. */
    leave: (reconnect_after_ms: number) => {
      newest?.send(
        JSON.stringify({ jsonrpc: '2.0', method: 'mesh/goaway', params: { reason: 'x', reconnect_after_ms } }),
      );
      newest?.close(1001, 'going away');
    },
    offered: () => registry.instances().flatMap((instance) => [...instance.card.skills.keys()]),
  };
}

test('an agent that floods is heard up to its quota, loses its thoughts first, then its link (ATK-E10)', async () => {
  const clock = manualClock();
  let floods = 0;
  const closed: number[] = [];
  const ada = echoAgent('ada', (text, ctx) => {
    if (++floods > 1) return text;
    for (let nth = 0; nth < 2_500; nth++) ctx.progress.thought(`${nth}`);
    return text;
  });
  const mesh = await startMesh([ada], { clock, link: (url) => noting(url, closed) });
  await mesh.online(1);
  const to = { agent_id: 'ada', skill: 'echo_text' };
  const answer = mesh.operator.request('handoff', { to, params: { text: 'hi' } });
  await runUntilQuiet(clock);
  expect(await answer).toMatchObject({ text: 'hi' });
  expect(closed).toEqual([4029]);
  expect(mesh.metrics.of('progress_shed_total')).toBeGreaterThan(500);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['link_lost', 'completed']);
});

test('a thought of a megabyte is cut, and its size is said (ATK-E10)', async () => {
  const ada = echoAgent('ada', (text, ctx) => {
    ctx.progress.thought('x'.repeat(1_000_000));
    return text;
  });
  const mesh = await startMesh([ada]);
  await mesh.online(1);
  await mesh.operator.request('handoff', { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'hi' } });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  const heard: unknown[] = [];
  await mesh.operator.subscribe('task/subscribe', { task_id: items[0]?.task_id ?? '' }, ({ kind, value }) =>
    heard.push([kind, value]),
  );
  await expect.poll(() => heard).toContainEqual(['thought', { cut: true, chars: 1_000_000 + '{"text":""}'.length }]);
});

test("a lying number in an agent's progress uses up few of ours", async () => {
  const clock = manualClock();
  const ada = echoAgent('ada', (text, ctx) => {
    ctx.progress.thought('far ahead');
    return text;
  });
  const lie = (frame: Frame): Frame =>
    frame['method'] === '$/progress'
      ? { ...frame, params: { ...(frame['params'] as object), seq: Number.MAX_SAFE_INTEGER - 1 } }
      : frame;
  const mesh = await startMesh([ada], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      return [near, tapped(far, { said: lie })];
    },
  });
  await mesh.online(1);
  await mesh.operator.request('handoff', { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'hi' } });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  const { result } = await mesh.operator.subscribe(
    'task/subscribe',
    { task_id: items[0]?.task_id ?? '' },
    () => undefined,
  );
  expect((result as { last_seq: number }).last_seq).toBeLessThan(10_100);
});

test('one link may follow many tasks one after another; only unfinished ones count against it', async () => {
  const mesh = await startMesh([
    echoAgent('ada'),
    echoAgent('bea', (_text, ctx) => untilStopped(ctx, () => 'stopped')),
  ]);
  await mesh.online(2);
  const begin = async (agent_id: string): Promise<string> => {
    const asked = { to: { agent_id, skill: 'echo_text' }, params: { text: 'hi' }, wait: 'accepted' };
    return ((await mesh.operator.request('handoff', asked)) as { task_id: string }).task_id;
  };
  const follow = (task_id: string) => mesh.operator.subscribe('task/subscribe', { task_id }, () => undefined);
  for (let nth = 0; nth < 70; nth++) {
    const task_id = await begin('ada');
    await follow(task_id);
    await settled();
    expect(await mesh.operator.request('task/get', { task_id })).toMatchObject({ state: 'completed' });
  }
  const open = await begin('bea');
  for (let nth = 0; nth < 64; nth++) await follow(open);
  await expect(follow(open)).rejects.toMatchObject({ code: 4290, retry_after_ms: 1_000 });
  await mesh.operator.request('task/cancel', { task_id: open });
  await settled();
  expect((await follow(open)).result).toMatchObject({ task: { state: 'canceled' } });
});

test("a subscription that is made anew under its own token takes nobody else's place", async () => {
  const mesh = await startMesh([echoAgent('ada', (_text, ctx) => untilStopped(ctx, () => 'stopped'))]);
  await mesh.online(1);
  const asked = { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'hi' }, wait: 'accepted' };
  const { task_id } = (await mesh.operator.request('handoff', asked)) as { task_id: string };
  const follow = (progress_token: string) =>
    mesh.operator.request('task/subscribe', { task_id, _meta: { progress_token } });
  for (let nth = 0; nth < 64; nth++) await follow(`token-${nth}`);
  await expect(follow('token-64')).rejects.toMatchObject({ code: 4290 });
  expect(await follow('token-0')).toMatchObject({ task: { task_id } });
  await mesh.operator.request('task/cancel', { task_id });
});

/** A fleet whose agents never answer. */
function mute(clock: ManualClock): Fleet {
  return createFleet({
    ...{ clock, ids: countingIds(), random: seededRandom(1), log: memoryLog(), metrics: countingMetrics() },
    self: identityOf('orchestrator', 'orchestrator').identity,
    pins: { of: () => undefined },
    registry: createRegistry({ clock }),
    methods: () => createMethods(new Map()),
    notifications: () => new Map(),
    dial: async () => memoryLink({ clock })[0],
    fetchCard: async () => undefined,
  });
}

/** A link that notes with which code our side closed it. */
function noting(url: string, closed: number[]): [Link, Link] {
  const [near, far] = memoryLink({ dialled: new URL(url).host });
  return [tapped(near, { closing: (code) => closed.push(code) }), far];
}

test('an orchestrator that leaves says so first, to its agents and to whoever came; when what runs is done it closes with 1001 (wire.md 3, 10)', async () => {
  const clock = manualClock();
  const done: unknown[] = [];
  let finish: () => void = () => undefined;
  const ada = echoAgent('ada', (text) => new Promise((resolve) => (finish = () => resolve(text))));
  const mesh = await startMesh([ada], {
    clock,
    link: (url) => {
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      const said = (frame: Frame) => {
        if (frame['method'] === 'mesh/goaway') done.push(frame['params']);
        return frame;
      };
      return [tapped(near, { said, closing: (code) => done.push(code) }), far];
    },
  });
  await mesh.online(1);
  const to = { agent_id: 'ada', skill: 'echo_text' };
  const answer = mesh.operator.request('handoff', { to, params: { text: 'hi' } });
  const [guest, far] = memoryLink({ clock });
  mesh.orchestrator.accept(far);
  const told: string[] = [];
  guest.attach({ onText: (text) => told.push(text), onClose: () => undefined });
  await settled();
  const drained = mesh.orchestrator.drain(25_000);
  await settled();
  expect(told).toEqual([expect.stringContaining('"mesh/goaway"')]);
  expect(done).toEqual([{ reason: 'the orchestrator is leaving', reconnect_after_ms: 1_000 }]);
  const drained_again = mesh.orchestrator.drain(25_000); // says nothing a second time
  clock.advance(10_000);
  await settled();
  finish();
  expect(await answer).toMatchObject({ text: 'hi' });
  await runFor(clock, 2_000);
  await Promise.all([drained, drained_again]);
  expect(done.slice(1)).toContain(1001);
  expect(done.filter((said) => typeof said === 'object')).toHaveLength(1);
});

test('an agent that says goaway is dialled again after the time it asks for, and not before (wire.md 3)', async () => {
  const clock = manualClock();
  const dialled: number[] = [];
  const mesh = await startMesh([echoAgent('ada')], {
    clock,
    link: (url) => {
      dialled.push(clock.monotonic());
      const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
      const asking = (frame: Frame): Frame =>
        frame['method'] === 'mesh/goaway' ? { ...frame, params: { reason: 'x', reconnect_after_ms: 5_000 } } : frame;
      return [near, tapped(far, { said: asking })];
    },
  });
  await mesh.online(1);
  const left_at = clock.monotonic();
  void mesh.hosts.get('ws://ada-0.test:1')?.drain(0);
  await runFor(clock, 10_000);
  expect(dialled.length).toBeGreaterThan(1);
  expect(dialled[1]).toBeGreaterThanOrEqual(left_at + 5_000);
  expect(dialled[1]).toBeLessThan(left_at + 6_000);
});

test('an agent that registers is dialled at once, however long it had asked to be left alone', async () => {
  const ada = echoAgent('ada');
  const card = cardOf(ada, 'ws://ada.test:1');
  const { clock, fleet, dialled, offered, leave } = guesthouse(ada, card);
  fleet.keep({ agent_id: 'ada', url: 'ws://ada.test:1' });
  await expect.poll(offered).toEqual(['echo_text']);
  leave(30_000);
  await runFor(clock, 5_000);
  expect(dialled).toHaveLength(1);
  fleet.keep({ agent_id: 'ada', url: 'ws://ada.test:1' });
  await expect.poll(() => dialled.length).toBe(2);
  await expect.poll(offered).toEqual(['echo_text']);
});

test('the same instance at another address supersedes its older link, which closes 4009 and is left alone (wire.md 10)', async () => {
  const ada = echoAgent('ada');
  const card = cardOf(ada, 'ws://ada.test:1');
  const { clock, fleet, dialled, closed, offered } = guesthouse(ada, card);
  fleet.keep({ agent_id: 'ada', url: 'ws://ada.test:1' });
  await expect.poll(offered).toEqual(['echo_text']);
  fleet.keep({ agent_id: 'ada', url: 'ws://ada-too.test:1' });
  await expect.poll(() => closed).toEqual(['ws://ada.test:1 4009']);
  await runFor(clock, 120_000);
  expect(dialled).toEqual(['ws://ada.test:1', 'ws://ada-too.test:1']);
  expect(offered()).toEqual(['echo_text']); // once: the newer link alone is given work
});

describe('an agent without a key (wire.md 4)', () => {
  const acts = skill({
    id: 'wipe_disk',
    title: 'Wipe',
    description: 'Acts.',
    tags: [],
    effect: 'idempotent',
    params: z.object({}),
    result: z.object({}),
  });
  const looks = skill({ ...acts, id: 'look_inside', effect: 'read', action_class: 'low' });
  const echo = echoAgent('bea');
  const bea = defineAgent({
    id: 'bea',
    name: 'Bea',
    description: 'Has no key.',
    skills: [...echo.implementations.values(), acts.implement(() => ({})), looks.implement(() => ({}))],
  });
  const bareMesh = (toNear: (near: Link) => Link) =>
    startMesh([bea], {
      orchestrator: { agents: [{ agent_id: 'bea', url: 'ws://bea-0.test:1', unproven: true }] },
      link: (url) => {
        const [near, far] = memoryLink({ protocol: '', dialled: new URL(url).host });
        return [toNear(near), far];
      },
    });

  test('is shown as unproven, and offers what reads, whatever its card says', async () => {
    const mesh = await bareMesh((near) => near);
    await expect.poll(() => mesh.orchestrator.health().agents).toMatchObject([{ agent_id: 'bea', state: 'unproven' }]);
    const { items } = (await mesh.operator.request('agent/list', {})) as { items: unknown[] };
    expect(items).toMatchObject([{ state: 'unproven', skills: ['echo_text'] }]);
    const asking = (id: string, params: object) => mesh.operator.request('handoff', { to: { skill: id }, params });
    expect(await asking('echo_text', { text: 'hi' })).toEqual({ text: 'hi', by: 'bea' });
    for (const id of ['wipe_disk', 'look_inside']) await expect(asking(id, {})).rejects.toMatchObject({ code: 4043 });
  });

  test('is refused on another machine', async () => {
    const mesh = await bareMesh((near) => Object.create(near, { loopback: { value: false } }) as Link);
    await expect
      .poll(() => mesh.orchestrator.health().agents)
      .toMatchObject([{ state: 'offline', why: 'An unproven agent may only be on this machine' }]);
    expect(mesh.orchestrator.agents()).toMatchObject([{ agent_id: 'bea' }]);
  });
});
