/** The one way out: closed in every mode but active, granted at the moment of the effect, walked once (wire.md 8). */
import { describe, expect, test } from 'vitest';
import { digestOf, type MethodHandler, type Peer } from '../../mesh/index.ts';
import { AuroraError, type EffectRequest, type SkillContext } from '../../protocol/index.ts';
import { manualClock, memoryInbox, recordedEffects, type Effects } from '../../seams/index.ts';
import { doorstep, routingTo, type Doorstep } from './doorstep.ts';
import { still } from './raw-peer.ts';

const wish: EffectRequest = { kind: 'endpoint_isolation', target: 'WS-042', desired: { state: 'contained' } };
const effect_key = 'endpoint_isolation:WS-042';
const approval = { approval_id: 'approval_1', action_hash: 'f00d', exp: '2026-01-01T01:00:00.000Z' };
const active = { mode: 'active', approval };
const grant: MethodHandler = (params) => ({ ...(params as object), first: true });

/** A host whose skill asks for `wish`, and an orchestrator that grants as it is told. */
function outlet(
  about: {
    consume?: MethodHandler;
    driver?: Effects;
    act?: (ctx: SkillContext) => Promise<unknown>;
    inbox?: ReturnType<typeof memoryInbox>;
  } = {},
) {
  const driver = recordedEffects();
  const asked: unknown[] = [];
  const consume: MethodHandler = (params, call) => {
    asked.push(params);
    return (about.consume ?? grant)(params, call);
  };
  const { inbox = memoryInbox(manualClock()) } = about;
  const act = about.act ?? ((ctx: SkillContext) => ctx.effects.apply(wish));
  const door = doorstep({
    run: async (_text, ctx) => JSON.stringify(await act(ctx)),
    host: { effects: about.driver ?? driver, inbox },
  });
  const enter = () => door.enter(door.orchestrator, { methods: { 'approval/consume': consume } });
  return { door, driver, asked, enter };
}
const order = async (peer: Peer, door: Doorstep, routing: object, skill = 'write_text') => {
  const params = { text: 'x', _meta: { handoff: routingTo(door.clock, { ...routing }) } };
  const { text } = (await peer.request(skill, params)) as { text: string };
  return JSON.parse(text) as unknown;
};

describe('what mode and effect class allow', () => {
  test.each(['dry_run', 'monitor'])(
    'in %s the driver is never called, with or without an approval (ATK-F9, INV14)',
    async (mode) => {
      const { door, driver, asked, enter } = outlet();
      const peer = await enter();
      for (const [task_id, more] of Object.entries({ task_1: {}, task_2: { approval } })) {
        expect(await order(peer, door, { task_id, mode, ...more })).toEqual({ applied: false, mode, effect_key });
      }
      expect([driver.orders, asked]).toEqual([[], []]);
    },
  );

  test('a kind that the skill does not declare is told in every mode, before anybody is asked (ATK-F5)', async () => {
    const { door, driver, asked, enter } = outlet({ act: (ctx) => ctx.effects.apply({ ...wish, kind: 'disk_wipe' }) });
    const peer = await enter();
    for (const mode of ['dry_run', 'monitor', 'active']) {
      const refused = { code: 4030, message: expect.stringContaining('name it in the effect_kinds') as string };
      await expect(order(peer, door, { task_id: mode, mode, approval })).rejects.toMatchObject(refused);
    }
    expect([driver.orders, asked]).toEqual([[], []]);
  });

  test('a call that nobody routed is monitored at most', async () => {
    const { door, driver } = outlet();
    const peer = await door.enter(door.operator);
    expect(await order(peer, door, active)).toEqual({ applied: false, mode: 'monitor', effect_key });
    expect(driver.orders).toEqual([]);
  });

  test('active without an approval is 4032, and nothing is done', async () => {
    const { door, driver, enter } = outlet();
    const peer = await enter();
    await expect(order(peer, door, { mode: 'active' })).rejects.toMatchObject({ code: 4032 });
    expect(driver.orders).toEqual([]);
  });

  test('a skill that reads has no effects in any mode: 4030', async () => {
    const { door, driver, enter } = outlet();
    const peer = await enter();
    for (const [task_id, routing] of Object.entries({ task_1: active, task_2: { mode: 'dry_run' } })) {
      await expect(order(peer, door, { task_id, ...routing }, 'read_text')).rejects.toMatchObject({ code: 4030 });
    }
    expect(driver.orders).toEqual([]);
  });

  test('a host without a driver refuses with 4120: nothing is applied, and no approval is used up for it', async () => {
    let used = 0;
    const door = doorstep({ run: async (_text, ctx) => JSON.stringify(await ctx.effects.apply(wish)) });
    const consume: MethodHandler = (params, call) => {
      used++;
      return grant(params, call);
    };
    const peer = await door.enter(door.orchestrator, { methods: { 'approval/consume': consume } });
    const refusal = { code: 4120, message: 'no effect driver is configured: set effects.webhook.url for this agent' };
    await expect(order(peer, door, active)).rejects.toMatchObject(refusal);
    expect(used).toBe(0);
  });
});

describe('in mode active', () => {
  test('the approval is used at that moment, over the link of the call, and the driver is told all of it', async () => {
    const { door, driver, asked, enter } = outlet({
      consume: (params) => ({ ...(params as object), first: true, token: 't' }),
    });
    const peer = await enter();
    const outcome = { applied: true, mode: 'active', effect_key, approval_id: 'approval_1', action_id: 'action_1' };
    expect(await order(peer, door, { ...active, fence: 3 })).toEqual(outcome);
    const _meta = { handoff: { parent_id: 'task_1', fence: 3 } };
    const effect_sha256 = digestOf(wish); // what the token is to be bound to (ATK-E5)
    expect(asked).toEqual([{ approval_id: 'approval_1', action_hash: 'f00d', effect_key, effect_sha256, _meta }]);
    const about = { effect_key, task_id: 'task_1', approval_id: 'approval_1', fence: 3, agent_id: 'worker' };
    expect(driver.orders).toEqual([{ ...wish, ...about, at: '2026-01-01T00:00:00.000Z', token: 't' }]);
  });

  test.each([
    [4031, 'denied by now'],
    [4032, 'used up'],
    [4080, 'expired'],
    [4030, 'another task holds it'],
  ] as const)(
    'a grant that is refused with %i passes on as that, and nothing is done: %s (ATK-F5)',
    async (code, message) => {
      const refuse = () => {
        throw new AuroraError(code, { message });
      };
      const { door, driver, enter } = outlet({ consume: refuse });
      await expect(order(await enter(), door, active)).rejects.toMatchObject({ code, message });
      expect(driver.orders).toEqual([]);
    },
  );

  test.each<[string, unknown]>([
    ['of another effect', { approval_id: 'approval_1', effect_key: 'endpoint_isolation:DC-01', first: true }],
    ['of another approval', { approval_id: 'approval_2', effect_key, first: true }],
    ['that is none', null],
  ])('a grant %s is no grant (ATK-F5)', async (_name, granted) => {
    const { door, driver, enter } = outlet({ consume: () => granted });
    await expect(order(await enter(), door, active)).rejects.toMatchObject({ code: 4031 });
    expect(driver.orders).toEqual([]);
  });

  test('before each further try the driver asks anew, and hears what speaks against it by then (ATK-F5)', async () => {
    let mode = 'active';
    const consume: MethodHandler = (params, call) => {
      if (mode !== 'active') throw new AuroraError(4031, { message: `The mode is ${mode}` });
      return grant(params, call);
    };
    const heard: unknown[] = [];
    const driver: Effects = {
      async apply(_order, _signal, mayGoOn) {
        await mayGoOn?.();
        mode = 'monitor';
        await mayGoOn?.().catch((reason: unknown) => heard.push(AuroraError.from(reason).message));
        return { action_id: 'action_1' };
      },
    };
    const { door, asked, enter } = outlet({ consume, driver });
    await order(await enter(), door, active);
    expect(heard).toEqual(['The mode is monitor']);
    expect(asked).toHaveLength(3);
  });

  test('a link that is lost before the grant comes means that nothing is done', async () => {
    const { door, driver, enter } = outlet({ consume: () => new Promise(() => undefined) });
    const peer = await enter();
    const asked = order(peer, door, active);
    asked.catch(() => undefined);
    await still();
    peer.link.cut();
    await still();
    const again = await enter();
    await expect(order(again, door, active)).rejects.toMatchObject({ code: 5030 });
    expect(driver.orders).toEqual([]);
  });

  test.each(['cancelled', 'out of time'])(
    'a call that is %s while the grant comes does nothing (INV9)',
    async (how) => {
      let answer: (granted: unknown) => void = () => undefined;
      const { door, driver, enter } = outlet({
        consume: (params) => new Promise((resolve) => (answer = () => resolve(grant(params, {} as never)))),
      });
      const peer = await enter();
      const stop = new AbortController();
      const params = { text: 'x', _meta: { handoff: routingTo(door.clock, { ...active, budget_ms: 5_000 }) } };
      const asked = peer.request('write_text', params, { signal: stop.signal });
      asked.catch(() => undefined);
      await still();
      if (how === 'cancelled') stop.abort();
      else door.clock.advance(5_000);
      await still();
      answer(undefined);
      await still();
      door.clock.advance(2_000);
      await expect(asked).rejects.toMatchObject({ code: how === 'cancelled' ? 4990 : 5040 });
      expect(driver.orders).toEqual([]);
    },
  );

  test('the same effect of one task takes place once, and answers the same, also under a later attempt (PROM-P4, INV6)', async () => {
    let tries = 0;
    const act = async (ctx: SkillContext) => {
      const outcomes = [await ctx.effects.apply(wish), await ctx.effects.apply(wish)];
      if (++tries === 1) throw new AuroraError(5030, { message: 'failed after the effect' });
      return outcomes;
    };
    const { door, driver, asked, enter } = outlet({ act });
    const peer = await enter();
    await expect(order(peer, door, active)).rejects.toMatchObject({ code: 5030 });
    const outcome = { applied: true, mode: 'active', effect_key, approval_id: 'approval_1', action_id: 'action_1' };
    expect(await order(peer, door, { ...active, fence: 2 })).toEqual([outcome, outcome]);
    expect([driver.orders.length, asked.length]).toEqual([1, 1]);
    await order(peer, door, { ...active, task_id: 'task_2' });
    expect(driver.orders.length).toBe(2);
  });

  test('another state of the same target in one task is 4090', async () => {
    const act = async (ctx: SkillContext) => {
      await ctx.effects.apply(wish);
      return ctx.effects.apply({ ...wish, desired: { state: 'released' } });
    };
    const { door, driver, enter } = outlet({ act });
    await expect(order(await enter(), door, active)).rejects.toMatchObject({ code: 4090 });
    expect(driver.orders).toHaveLength(1);
  });

  test('a driver that fails is an error to the handler, and the effect may be tried again', async () => {
    let fails = 1;
    const driver = recordedEffects(() =>
      fails-- > 0 ? new AuroraError(5030, { message: 'webhook away' }) : undefined,
    );
    const { door, enter } = outlet({ driver });
    const peer = await enter();
    await expect(order(peer, door, active)).rejects.toMatchObject({ code: 5030, message: 'webhook away' });
    expect(await order(peer, door, { ...active, fence: 2 })).toMatchObject({ applied: true });
    expect(driver.orders).toHaveLength(2);
  });

  test('an effect that cannot be kept afterwards is still told as what it was', async () => {
    const inbox = memoryInbox(manualClock());
    const keep = () => {
      throw new Error('disk');
    };
    const { door, enter } = outlet({ inbox: { ...inbox, keep } });
    expect(await order(await enter(), door, active)).toMatchObject({ applied: true });
    expect(door.log.lines.map(({ text }) => text)).toContain('an effect took place and could not be kept');
  });

  test('effects on one target come one after another, those on others beside them (PROM-P4)', async () => {
    const finish = new Map<string, () => void>();
    const begun: string[] = [];
    const driver: Effects = {
      apply: ({ task_id }) => {
        begun.push(task_id);
        return new Promise((resolve) => finish.set(task_id, () => resolve({ action_id: task_id })));
      },
    };
    const act = (ctx: SkillContext) => ctx.effects.apply({ ...wish, target: targets.shift()! });
    const targets = ['WS-1', 'WS-1', 'WS-2'];
    const { door, enter } = outlet({ driver, act });
    const peer = await enter();
    const orders = ['task_1', 'task_2', 'task_3'].map((task_id) => order(peer, door, { ...active, task_id }));
    await still();
    expect(begun).toEqual(['task_1', 'task_3']);
    finish.get('task_1')?.();
    await still();
    expect(begun).toEqual(['task_1', 'task_3', 'task_2']);
    for (const run of finish.values()) run();
    await Promise.all(orders);
  });

  test.each([
    ['a kind that is no snake_case word', { ...wish, kind: 'a:b' }],
    ['no target', { ...wish, target: '' }],
  ])('%s is refused', async (_name, request) => {
    const { door, driver, enter } = outlet({ act: (ctx) => ctx.effects.apply(request) });
    await expect(order(await enter(), door, active)).rejects.toMatchObject({ code: -32603 });
    expect(driver.orders).toEqual([]);
  });
});
