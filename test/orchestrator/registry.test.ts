/** Which instance a task is given: who fits, who has room, who waits, and what is said when nobody comes. */
import { beforeEach, describe, expect, test } from 'vitest';
import { createPeer, createMethods, memoryLink } from '../../mesh/index.ts';
import type { HandoffTo, SkillTraits } from '../../protocol/index.ts';
import {
  createRegistry,
  REGISTRY_LIMITS,
  type Instance,
  type Place,
  type Registry,
} from '../../orchestrator/registry.ts';
import { countingIds, countingMetrics, manualClock, memoryLog, type ManualClock } from '../../seams/index.ts';
import { settled } from '../support/drive.ts';

let clock: ManualClock;
let registry: Registry;
beforeEach(() => {
  clock = manualClock();
  registry = createRegistry(clock, { queue_max: 3, queue_all_max: 5, route_ms_max: 10_000 });
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
    const places = await take3();
    expect(counts()).toEqual([1, 1, 1]);
    await take3();
    expect(counts()).toEqual([2, 2, 2]);
    places.find(({ instance: { instance_id } }) => instance_id === 'ada-2')?.release();
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
  test('a released place goes to the most urgent one who waits, among equals to the first', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const first = await take({ agent_id: 'ada' });
    const served: string[] = [];
    const wait = async (name: string, priority: number) => {
      const place = await take({ agent_id: 'ada' }, { priority });
      served.push(name);
      place.release();
    };
    const waiting = [wait('low', 1), wait('high', 9), wait('high too', 9)];
    first.release();
    await Promise.all(waiting);
    expect(served).toEqual(['high', 'high too', 'low']);
  });

  test('a place released twice counts once', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 2 }));
    const [one] = await Promise.all([take({ agent_id: 'ada' }), take({ agent_id: 'ada' })]);
    one.release();
    one.release();
    expect(registry.instances()[0]?.in_flight).toBe(1);
  });

  test('one who stops waiting leaves the queue, and takes no place later', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const place = await take({ agent_id: 'ada' });
    const stop = new AbortController();
    const waiting = registry.acquire(wanted({ agent_id: 'ada' }), stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ code: 5000 });
    place.release();
    expect(registry.instances()[0]?.in_flight).toBe(0);
    expect(clock.nextAt()).toBeUndefined();
  });

  test('waiting for room is not over after 10 s: the deadline of the task rules', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 1 }));
    const place = await take({ agent_id: 'ada' });
    const waiting = take({ agent_id: 'ada' });
    clock.advance(25_000);
    place.release();
    expect((await waiting).instance.instance_id).toBe('ada-1');
  });

  test('a queue is bounded, per skill and in all: 4290 says when to come back', async () => {
    registry.add(instance('ada', 1, { in_flight_max: 0, skills: ['look_up', 'dig_up'] }));
    const waiting = (count: number, skill: string) =>
      Array.from({ length: count }, () => take({ agent_id: 'ada' }, { skill }).catch(() => undefined));
    void waiting(3, 'look_up');
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 4290, retry_after_ms: 1_000 });
    void waiting(2, 'dig_up');
    await expect(take({ agent_id: 'ada' }, { skill: 'dig_up' })).rejects.toMatchObject({ code: 4290 });
  });

  test('the bounds are those of the wire: 256 an agent, 10 000 in all, 10 s', () => {
    expect(REGISTRY_LIMITS).toEqual({ queue_max: 256, queue_all_max: 10_000, route_ms_max: 10_000 });
  });
});

describe('when nobody is there', () => {
  test('an agent that nobody knows is 4043 at once', async () => {
    await expect(take({ agent_id: 'ada' })).rejects.toMatchObject({ code: 4043 });
    await expect(take({ skill: 'look_up' })).rejects.toMatchObject({ code: 4043 });
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
    const remove = registry.add(leaving);
    const waiting = take(to);
    remove();
    registry.add(instance('ada', 2));
    expect((await waiting).instance.instance_id).toBe('ada-2');
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

const wanted = (to: HandoffTo, more: { path?: string[]; priority?: number; skill?: string } = {}) => ({
  to,
  skill: 'look_up',
  path: [],
  priority: 5,
  ...more,
});

const take = (to: HandoffTo, more: Parameters<typeof wanted>[1] = {}): Promise<Place> =>
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
  const traits: SkillTraits = { effect: 'read', action_class: 'read', routable, concurrency: 8 };
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
