/** Which instance a task is given: who fits, who has room, who waits, and what is said when nobody comes. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPeer, createMethods, memoryLink } from '../../mesh/index.ts';
import { SkillTraits, type HandoffTo } from '../../protocol/index.ts';
import type { Offer } from '../../protocol/index.ts';
import {
  createRegistry,
  REGISTRY_LIMITS,
  type Instance,
  type Slot,
  type Registry,
  type Wanted,
} from '../../orchestrator/registry.ts';
import { countingIds, countingMetrics, manualClock, memoryLog, sleep, type ManualClock } from '../../seams/index.ts';
import { runFor, runUntilQuiet, settled } from '../support/drive.ts';

let clock: ManualClock;
let metrics: ReturnType<typeof countingMetrics>;
let registry: Registry;
beforeEach(() => {
  clock = manualClock();
  metrics = countingMetrics();
  registry = createRegistry({ clock, metrics, limits: { queue_max: 3, queue_all_max: 5 } });
});

describe('whom', () => {
  test('by id, whoever has that id and the skill', async () => {
    registry.add(instance('ada', 1));
    registry.add(instance('bob', 1));
    expect(await chosen({ agent_id: 'bob' })).toBe('bob-1');
  });

  test('by skill, only whose card marks it routable', async () => {
    registry.add(instance('ada', 1, { routable: false }));
    registry.add(instance('bob', 1));
    expect(await chosen({ skill: 'look_up' })).toBe('bob-1');
    expect(await chosen({ agent_id: 'ada' })).toBe('ada-1'); // by id it may be asked all the same
  });

  test('by tags, who bears all of them', async () => {
    registry.add(instance('ada', 1, { tags: ['web'] }));
    registry.add(instance('bob', 1, { tags: ['web', 'mail'] }));
    expect(await chosen({ tags: ['mail', 'web'] })).toBe('bob-1');
    await expect(chosen({ tags: ['mail', 'cloud'] })).rejects.toMatchObject({ code: 4043 });
  });

  test('among replicas the one with least in flight', async () => {
    for (const nth of [1, 2, 3]) registry.add(instance('ada', nth, { in_flight_max: 2 }));
    const counts = () => registry.instances().map(({ in_flight }) => in_flight);
    const take3 = () => Promise.all([1, 2, 3].map(() => take({ agent_id: 'ada' })));
    const slots = await take3();
    expect(counts()).toEqual([1, 1, 1]);
    await take3();
    expect(counts()).toEqual([2, 2, 2]);
    slots.find(({ instance: { instance_id } }) => instance_id === 'ada-2')?.release();
    expect(await chosen({ agent_id: 'ada' })).toBe('ada-2');
  });

  test('nobody who is leaving, nobody who is on the path', async () => {
    const leaving = instance('ada', 1);
    registry.add(leaving);
    registry.add(instance('ada', 2));
    registry.add(instance('bob', 1));
    leaving.is_leaving = true;
    expect(await chosen({ agent_id: 'ada' })).toBe('ada-2');
    expect(await chosen({ skill: 'look_up' }, { path: ['ada'] })).toBe('bob-1');
  });
});

describe('when nobody has room', () => {
  test('a released slot goes to the most urgent one who waits, among equals to the first', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const first = await take({ agent_id: 'ada' });
    const served: string[] = [];
    const wait = async (name: string, priority: number) => {
      const slot = await take({ agent_id: 'ada' }, { priority });
      served.push(name);
      slot.release();
    };
    const waiting = [wait('low', 1), wait('high', 9), wait('high too', 9)];
    first.release();
    await Promise.all(waiting);
    expect(served).toEqual(['high', 'high too', 'low']);
  });

  test('a slot released twice counts once', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 2 }));
    const [one] = await Promise.all([take({ agent_id: 'ada' }), take({ agent_id: 'ada' })]);
    one.release();
    one.release();
    expect(registry.instances()[0]?.in_flight).toBe(1);
  });

  test('one who stops waiting leaves the queue, and takes no slot later', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const slot = await take({ agent_id: 'ada' });
    const stop = new AbortController();
    const waiting = registry.acquire(wanted({ agent_id: 'ada' }), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ code: 5000 });
    slot.release();
    expect(registry.instances()[0]?.in_flight).toBe(0);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('waiting for room is not over after 10 s: the deadline of the task rules', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const slot = await take({ agent_id: 'ada' });
    const waiting = take({ agent_id: 'ada' });
    clock.advance(25_000);
    slot.release();
    expect((await waiting).instance.instance_id).toBe('ada-1');
  });

  test('a queue is bounded, 4290 where the caller has too many, 5030 where all have: both say when to come back (PROM-P8, INV12)', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 0, skills: ['look_up', 'dig_up'] }));
    const waiting = (count: number, to: HandoffTo, skill = 'look_up') =>
      Array.from({ length: count }, () => take(to, { skill }).catch(() => undefined));
    void waiting(3, { agent_id: 'ada' });
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 4290, retry_after_ms: 1_000 });
    void waiting(2, { skill: 'dig_up' }, 'dig_up');
    const refusal = { code: 5030, retry_after_ms: 1_000 };
    await expect(take({ skill: 'dig_up' }, { skill: 'dig_up' })).rejects.toMatchObject(refusal);
    expect(metrics.of('tasks_waiting')).toBe(5);
    expect(metrics.of('refusals_total')).toBe(2);
  });

  test('one agent that is named has one queue over all of its skills; whoever asks for a skill alone stands in another (PROM-P8)', async () => {
    const skills = ['look_up', 'dig_up', 'sum_up', 'add_up'];
    registry = createRegistry({ clock, limits: { queue_max: 4 } });
    registry.add(instance('ada', 1, { in_flight_max: 1, skills }));
    await take({ agent_id: 'ada' });
    for (const skill of skills) void take({ agent_id: 'ada' }, { skill });
    for (const skill of skills)
      await expect(take({ agent_id: 'ada' }, { skill })).rejects.toMatchObject({
        code: 4290,
        message: 'Too many tasks wait for agent ada',
      });
    registry.admit(wanted({ skill: 'look_up' }));
  });

  test('who was accepted already waits although the queue is full', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const slot = await take({ agent_id: 'ada' });
    for (const _ of [1, 2, 3]) void take({ agent_id: 'ada' });
    const waiting = take({ agent_id: 'ada' }, { is_admitted: true, priority: 9 });
    slot.release();
    expect((await waiting).instance.instance_id).toBe('ada-1');
  });

  test('the bounds are those of the wire: 256 an agent, 10 000 in all, 10 s', () => {
    expect(REGISTRY_LIMITS).toEqual({
      queue_max: 256,
      queue_all_max: 10_000,
      tenant_share: 0.5,
      tenant_ms: 60_000,
      route_ms_max: 10_000,
    });
  });

  test('one on the path of the first who waits is given to the next', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    registry.add(instance('bob', 1, { in_flight_max: 1 }));
    const slots = [await take({ agent_id: 'ada' }), await take({ agent_id: 'bob' })];
    const first = take({ skill: 'look_up' }, { path: ['ada'], priority: 9 });
    const second = take({ skill: 'look_up' });
    slots[0]?.release();
    expect((await second).instance.instance_id).toBe('ada-1');
    slots[1]?.release();
    expect((await first).instance.instance_id).toBe('bob-1');
  });

  test('whoever asks for no more than what is free gets it at once, or nothing', () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    expect(registry.take(wanted({ agent_id: 'ada' }))?.instance.instance_id).toBe('ada-1');
    expect(registry.take(wanted({ agent_id: 'ada' }))).toBeUndefined();
  });

  test('waking places everybody for whom there is room by now', async () => {
    const ada = instance('ada', 1, { in_flight_max: 1 });
    const bob = instance('bob', 1, { in_flight_max: 1 });
    ada.is_leaving = bob.is_leaving = true;
    for (const one of [ada, bob]) registry.add(one);
    for (const agent_id of ['ada', 'bob']) registry.expect(agent_id);
    const waiting = [take({ agent_id: 'ada' }), take({ agent_id: 'bob' })];
    ada.is_leaving = bob.is_leaving = false;
    registry.wake();
    expect((await Promise.all(waiting)).map((slot) => slot.instance.agent_id)).toEqual(['ada', 'bob']);
  });
});

describe('between tenants', () => {
  test('of equal priority they take turns, however many the one has waiting (PROM-P8, INV20)', async () => {
    registry = createRegistry({ clock });
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const slot = await take({ agent_id: 'ada' });
    const served: string[] = [];
    const wait = async (tenant: string, to: HandoffTo, priority = 5) => {
      const slot = await take(to, { tenant, priority });
      served.push(tenant);
      slot.release();
    };
    const waiting = Array.from({ length: 10 }, (_, nth) =>
      wait('many', nth % 2 ? { agent_id: 'ada' } : { skill: 'look_up' }),
    );
    waiting.push(
      wait('few', { agent_id: 'ada' }),
      wait('few', { agent_id: 'ada' }),
      wait('urgent', { agent_id: 'ada' }, 6),
    );
    slot.release();
    await Promise.all(waiting);
    expect(served.slice(0, 5)).toEqual(['urgent', 'many', 'few', 'many', 'few']);
  });

  test('one alone may fill a queue, but half of it once another asks; that one gets in as soon as there is room (PROM-P8)', async () => {
    registry = createRegistry({ clock, limits: { queue_max: 4 } });
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const slot = await take({ agent_id: 'ada' });
    const many = Array.from({ length: 4 }, () => take({ agent_id: 'ada' }, { tenant: 'many' }));
    const admit = (tenant: string) => () => registry.admit(wanted({ agent_id: 'ada' }, { tenant }))();
    expect(admit('few')).toThrow(expect.objectContaining({ code: 4290 }));
    slot.release();
    expect(admit('many')).toThrow(expect.objectContaining({ code: 4290, retry_after_ms: 1_000 })); // 3 of 4: over its half
    expect(admit('few')).not.toThrow();
    (await many[0])?.release();
    (await many[1])?.release();
    expect(admit('many')).not.toThrow(); // 1 of 4
    clock.advance(60_000);
    void take({ agent_id: 'ada' }, { tenant: 'many' });
    void take({ agent_id: 'ada' }, { tenant: 'many' });
    expect(admit('many')).not.toThrow(); // alone again
  });
});

test('a tenant that asks for ten times what it may leaves the p99 of another below twice what it was alone (INV20)', async () => {
  const alone = await p99Beside([]);
  const beside = await p99Beside(Array.from({ length: 10 }, () => 'many'));
  expect(alone).toBe(WORK_MS);
  expect(beside).toBeLessThanOrEqual(2 * alone);
});

describe('asking before anything is kept (INV12)', () => {
  const admit = (to: HandoffTo, more: Parameters<typeof wanted>[1] = {}) => registry.admit(wanted(to, more));

  test('whoever was told that it may wait counts as one who does until it enters or goes (INV11)', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 0 }));
    const leave = [admit({ agent_id: 'ada' }), admit({ agent_id: 'ada' }), admit({ agent_id: 'ada' })];
    expect(() => admit({ agent_id: 'ada' })).toThrow(expect.objectContaining({ code: 4290 }));
    leave[0]!();
    leave[0]!();
    void take({ agent_id: 'ada' });
    expect(() => admit({ agent_id: 'ada' })).toThrow(expect.objectContaining({ code: 4290 }));
    expect(metrics.of('tasks_waiting')).toBe(3);
    for (const go of leave) go();
    expect(metrics.of('tasks_waiting')).toBe(1);
  });

  test('answers as a newcomer would be answered, and takes no place', async () => {
    expect(() => admit({ agent_id: 'ada' })).toThrow(expect.objectContaining({ code: 4043 }));
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    expect(() => admit({ skill: 'look_up' }, { path: ['ada'] })).toThrow(expect.objectContaining({ code: 5080 }));
    admit({ agent_id: 'ada' })();
    expect(registry.instances()[0]?.in_flight).toBe(0);
    await take({ agent_id: 'ada' });
    admit({ agent_id: 'ada' })(); // it may wait
    expect(metrics.of('tasks_waiting')).toBe(0);
  });

  test('a known agent that is away may be waited for', () => {
    registry.expect('ada');
    expect(() => admit({ agent_id: 'ada' })).not.toThrow();
  });
});

describe('when an agent fails', () => {
  const failAll = async (to: HandoffTo) => {
    for (const _ of [1, 2, 3, 4, 5]) {
      const slot = await take(to);
      slot.report('failed', 'link lost');
      slot.release();
    }
  };
  beforeEach(() => {
    registry.add(instance('ada', 1));
  });

  test('another one with the skill is used, until a task may try it again (PROM-P10)', async () => {
    await failAll({ agent_id: 'ada' });
    registry.add(instance('bob', 1));
    expect(await chosen({ skill: 'look_up' })).toBe('bob-1');
    expect(await chosen({ skill: 'look_up' })).toBe('bob-1');
    expect(registry.breakers()).toMatchObject([{ agent_id: 'ada', skill: 'look_up', state: 'open' }]);
    clock.advance(30_000);
    expect(await chosen({ skill: 'look_up' })).toBe('ada-1');
    expect(await chosen({ skill: 'look_up' })).toBe('bob-1'); // one at a time
  });

  test('the last one is not ejected in silence: 5030 says why and when to come back (PROM-P10)', async () => {
    await failAll({ agent_id: 'ada' });
    clock.advance(10_000);
    const refusal = {
      code: 5030,
      message: 'Every agent for look_up at ada is ejected: 5 failures in a row, the last: link lost',
      retry_after_ms: 20_000,
      detail: { ejected: { ada: '5 failures in a row, the last: link lost' } },
    };
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject(refusal);
    expect(() => registry.admit(wanted({ agent_id: 'ada' }))).toThrow(expect.objectContaining(refusal));
    registry.add(instance('ada', 2, { skills: ['look_up', 'dig_up'] }));
    expect(await chosen({ agent_id: 'ada' }, { skill: 'dig_up' })).toBe('ada-2');
  });

  test('who was accepted waits: one tries, and when that went well all others follow (PROM-P10)', async () => {
    await failAll({ agent_id: 'ada' });
    const served: Slot[] = [];
    for (const _ of [1, 2, 3])
      void take({ agent_id: 'ada' }, { is_admitted: true }).then((slot) => void served.push(slot));
    await settled();
    expect(served).toHaveLength(0);
    clock.advance(30_000);
    await settled();
    expect(served).toHaveLength(1);
    served[0]?.report('ok');
    await settled();
    expect(served).toHaveLength(3);
  });

  test('one who tries and is released without a word leaves the try to the next (PROM-P10)', async () => {
    await failAll({ agent_id: 'ada' });
    clock.advance(30_000);
    const slot = await take({ agent_id: 'ada' });
    const next = take({ agent_id: 'ada' }, { is_admitted: true });
    slot.release();
    expect((await next).instance.instance_id).toBe('ada-1');
  });
});

describe('one that has the task already', () => {
  test('is waited for alone, and taken when it comes back, with room or without (PROM-P12)', async () => {
    registry.add(instance('ada', 2));
    const waiting = take({ agent_id: 'ada' }, { only: 'ada-1', only_ms_max: 2_000 });
    clock.advance(1_999);
    registry.add(instance('ada', 1, { in_flight_max: 0 }));
    expect((await waiting).instance.instance_id).toBe('ada-1');
    expect(clock.nextAt()).toBeUndefined();
  });

  test('that does not come back is gone', async () => {
    const waiting = expect(take({ agent_id: 'ada' }, { only: 'ada-1', only_ms_max: 2_000 })).rejects.toMatchObject({
      code: 5030,
      detail: { gone: true },
    });
    clock.advance(2_000);
    await waiting;
    registry.add(instance('ada', 1));
    expect(registry.instances()[0]?.in_flight).toBe(0);
  });
});

test('a key that was taken back ends the link the next time work would go over it', async () => {
  const ada = instance('ada', 1);
  let is_pinned = true;
  ada.isPinned = () => is_pinned;
  registry.add(ada);
  registry.add(instance('ada', 2));
  is_pinned = false;
  expect(await chosen({ agent_id: 'ada' })).toBe('ada-2');
  expect(registry.instances()).toHaveLength(1);
  clock.advance(2_000); // the other end says no goodbye
  expect(await ada.peer.closed).toMatchObject({ code: 4001 });
});

test('whatever is asked, what is remembered of it is bounded, and who waits is not forgotten', async () => {
  registry = createRegistry({ clock });
  registry.expect('ada');
  const waiting = take({ agent_id: 'ada' });
  for (let nth = 0; nth < 3_000; nth++) registry.take(wanted({ skill: 'look_up' }, { path: [`p${nth}`] }));
  registry.add(instance('ada', 1));
  expect((await waiting).instance.instance_id).toBe('ada-1');
  expect(await chosen({ skill: 'look_up' }, { path: ['p7'] })).toBe('ada-1');
});

describe('when nobody is there', () => {
  test('an agent that nobody knows is 4043 at once', async () => {
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 4043 });
    await expect(take({ skill: 'look_up' })).rejects.toMatchObject({ code: 4043 });
  });

  test.each<[string, HandoffTo]>([
    ['id', { agent_id: 'ada' }],
    ['skill', { skill: 'look_up' }],
  ])(
    'what was admitted before waits for one that registers after a restart, wanted by %s: it was 4043 before that one could (PROM-P1)',
    async (_name, to) => {
      const waiting = take(to, { is_admitted: true });
      clock.advance(36_000); // the longest pause of whoever dials again
      await settled();
      registry.add(instance('ada', 1));
      expect((await waiting).instance.instance_id).toBe('ada-1');
      registry.remove(registry.instances()[0]!);
      const inVain = expect(take(to, { is_admitted: true })).rejects.toMatchObject({ code: 5030 });
      clock.advance(45_000);
      await inVain;
    },
  );

  test('what was admitted before is 4043 at once where the one it names is here without that skill', async () => {
    registry.add(instance('ada', 1));
    const other = { skill: 'dig_up', is_admitted: true };
    await expect(take({ agent_id: 'ada' }, other)).rejects.toMatchObject({ code: 4043 });
  });

  test('a known agent without that skill is 4043', async () => {
    registry.expect('ada');
    registry.add(instance('ada', 1));
    await expect(take({ agent_id: 'ada' }, { skill: 'dig_up' })).rejects.toMatchObject({ code: 4043 });
  });

  test('a known agent that is away is waited for, then 5030', async () => {
    registry.expect('ada');
    const waiting = expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 5030 });
    clock.advance(9_999);
    await settled();
    clock.advance(1);
    await waiting;
  });

  test.each<[string, HandoffTo]>([
    ['id', { agent_id: 'ada' }],
    ['skill', { skill: 'look_up' }],
    ['tags', { tags: ['web'] }],
  ])('an agent that is only leaving comes back: whoever wants it by %s waits for it', async (_name, to) => {
    registry.expect('ada');
    const leaving = instance('ada', 1);
    leaving.is_leaving = true;
    registry.add(leaving);
    const waiting = take(to);
    registry.remove(leaving);
    registry.add(instance('ada', 2));
    expect((await waiting).instance.instance_id).toBe('ada-2');
  });

  test('one that is away is not waited for when it is known not to offer the skill: 4043 at once', async () => {
    const offer = lookUp();
    registry = createRegistry({ clock, metrics, knownOffer: (agent_id) => (agent_id === 'ada' ? offer : undefined) });
    registry.expect('ada');
    await expect(take({ skill: 'dig_up' }, { skill: 'dig_up' })).rejects.toMatchObject({ code: 4043 });
    await expect(take({ agent_id: 'ada' }, { skill: 'dig_up' })).rejects.toMatchObject({ code: 4043 });
    expect(registry.offers('dig_up')).toBe(false);
    expect(clock.nextAt()).toBeUndefined(); // nobody waits
    const waiting = take({ skill: 'look_up' });
    expect(registry.offers('look_up')).toBe(true);
    registry.add(instance('ada', 1));
    expect((await waiting).instance.instance_id).toBe('ada-1');
    registry.expect('bob'); // never came: it may offer anything
    void take({ skill: 'dig_up' }, { skill: 'dig_up' }).catch(() => undefined);
    expect(clock.nextAt()).toBeDefined();
  });

  test('one that is missed is waited for by nobody, and whoever asks for what it offered is told who is away', async () => {
    const offer = lookUp(['certificate']);
    const missed = () => [{ agent_id: 'ada', why: 'it is away' }];
    registry = createRegistry({
      clock,
      metrics,
      knownOffer: (agent_id) => (agent_id === 'ada' ? offer : undefined),
      missed,
    });
    const told = { code: 5030, message: expect.stringContaining('ada: it is away') as string };
    await expect(take({ skill: 'look_up' })).rejects.toMatchObject(told);
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject(told);
    await expect(take({ skill: 'dig_up' }, { skill: 'dig_up' })).rejects.toMatchObject({ code: 4043 });
    expect(clock.nextAt()).toBeUndefined();
    expect(registry.offers('look_up')).toBe(true);
    expect(registry.interests()).toMatchObject([{ agent_id: 'ada' }]); // an investigation asks for it, and says that it is away
  });

  test('one that is forgotten is 4043 again', async () => {
    registry.expect('ada');
    registry.forget('ada');
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 4043 });
  });

  test('when everybody who fits is on the path it is 5080', async () => {
    registry.add(instance('ada', 1));
    await expect(take({ skill: 'look_up' }, { path: ['ada'] })).rejects.toMatchObject({ code: 5080 });
  });
});

/** How long the tasks of `few` take when each comes together with one of each of the others, at an agent with room for 4. */
async function p99Beside(others: readonly string[]): Promise<number> {
  registry = createRegistry({ clock });
  registry.add(instance('ada', 1, { in_flight_max: 4 }));
  const took: number[] = [];
  const work = async (tenant: string) => {
    const asked_at = clock.monotonic();
    const slot = await take({ agent_id: 'ada' }, { tenant }).catch(() => undefined); // refused is answered at once
    if (!slot) return;
    await sleep(clock, WORK_MS);
    if (tenant === 'few') took.push(clock.monotonic() - asked_at);
    slot.release();
  };
  for (let turn = 0; turn < 500; turn++) {
    for (const tenant of [...others, 'few']) void work(tenant);
    await runFor(clock, TURN_MS);
  }
  await runUntilQuiet(clock, () => took.length === 500);
  return took.sort((left, right) => left - right)[494] ?? Infinity;
}

const wanted = (to: HandoffTo, more: Partial<Omit<Wanted, 'to'>> = {}): Wanted => ({
  to,
  skill: 'look_up',
  path: [],
  priority: 5,
  ...more,
});

const take = (to: HandoffTo, more: Parameters<typeof wanted>[1] = {}): Promise<Slot> =>
  registry.acquire(wanted(to, more), new AbortController().signal);

async function chosen(to: HandoffTo, more: Parameters<typeof wanted>[1] = {}): Promise<string> {
  return (await take(to, more)).instance.instance_id;
}

function instance(
  agent_id: string,
  nth: number,
  about: { tags?: string[]; routable?: boolean; in_flight_max?: number; skills?: string[] } = {},
): Instance {
  const { tags = ['web'], routable = true, in_flight_max = 8, skills = ['look_up'] } = about;
  const [link] = memoryLink({ clock });
  const seams = { clock, ids: countingIds(), log: memoryLog(), metrics: countingMetrics() };
  const traits = SkillTraits.parse({ effect: 'read', action_class: 'read', routable, concurrency: 8 });
  return {
    agent_id,
    instance_id: `${agent_id}-${nth}`,
    peer: createPeer({ ...seams, link, methods: createMethods(new Map()) }),
    card: {
      agent_id,
      name: agent_id,
      description: '',
      version: '0.1.0',
      tags,
      skills: new Map(skills.map((skill) => [skill, { ...traits, description: '', tags }])),
    },
    in_flight_max,
    since: '2026-01-01T00:00:00.000Z',
    in_flight: 0,
    is_leaving: false,
  };
}

const WORK_MS = 100;
/** No multiple of the work: tasks come at all times of others' work. */
const TURN_MS = 103;

/** What an agent was approved to offer that looks things up. */
function lookUp(investigates: string[] = []): Offer {
  const reads = { effect: 'read', action_class: 'read', routable: true } as const;
  return { look_up: { ...reads, targets: [], effect_kinds: [], investigates } };
}
