/** Rights, hops, budgets and modes only shrink on the way down: as arithmetic, and through real handoffs (wire.md 5, ATK-E7). */
import fc from 'fast-check';
import { z } from 'zod';
import { describe, expect, test } from 'vitest';
import { defineAgent, memoryLink, type Agent } from '../../mesh/index.ts';
import { AuroraError, Routing, skill, TaskPage, type Mode, type Task } from '../../protocol/index.ts';
import { manualClock } from '../../seams/index.ts';
import {
  allows,
  childRouting,
  childTraceparent,
  intersectScopes,
  isTraceparent,
  narrowMode,
  newTraceparent,
  rootRouting,
  ROUTING_LIMITS,
  stepTo,
  type ChildRouting,
  type ParentRouting,
} from '../../orchestrator/routing.ts';
import { runUntilQuiet } from '../support/drive.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';

const MODES: readonly Mode[] = ['dry_run', 'monitor', 'active'];
const mode = fc.constantFrom(...MODES);
const scope = fc.constantFrom('*', 'effect:read', 'effect:idempotent', 'skill:a_b', 'skill:c_d');
const scopes = fc.uniqueArray(scope, { maxLength: 5 });
const options = fc.record(
  { deadline_ms: fc.integer({ min: 1, max: 900_000 }), priority: fc.integer({ min: 1, max: 10 }), mode },
  { requiredKeys: [] },
);
const agentId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l');
const actor = fc.record({ sub: fc.string(), scopes, tenant: fc.constant('default') });
const traceparent = fc.uint8Array({ minLength: 24, maxLength: 24 }).map(newTraceparent);
/** What each step of a chain asks for. */
const chain = fc.array(
  fc.record({ to: agentId, grant: scopes, options, spent_ms: fc.integer({ min: 0, max: 9_000 }) }),
  {
    minLength: 1,
    maxLength: 12,
  },
);

describe('as arithmetic', () => {
  test('along any chain hops grow by one up to eight, paths do not repeat, and time, rights and modes only shrink', () => {
    fc.assert(
      fc.property(actor, mode, traceparent, chain, (who, start, trace, steps) => {
        let now = 1_000;
        let routing: ChildRouting = rootRouting({ actor: who, mode: start, options: {}, now, traceparent: trace });
        for (const { to, grant, options: asked, spent_ms } of steps) {
          const before = routing;
          const refusal = refusalOf(() => (routing = stepTo(before, to, grant)));
          expect(refusal).toBe(before.path.includes(to) ? 5080 : undefined);
          if (refusal !== undefined) return;
          expect(routing.hop).toBe(before.hop + 1);
          expect(routing.path).toEqual([...before.path, to]);
          expect(isSubset(routing.actor.scopes, before.actor.scopes)).toBe(true);
          expect(isSubset(routing.actor.scopes, grant)).toBe(true);

          now += spent_ms;
          const parent: ParentRouting = { ...routing, task_id: 'parent', root_id: 'root', agent_id: to };
          const refused = refusalOf(() => (routing = childRouting(parent, asked, now)));
          const remaining = parent.due - now;
          const is_hopeless = parent.hop >= ROUTING_LIMITS.hop_max || remaining <= ROUTING_LIMITS.parent_reserve_ms;
          expect(refused !== undefined).toBe(is_hopeless);
          if (refused !== undefined) return;
          expect(routing.due - now).toBeLessThanOrEqual(remaining - ROUTING_LIMITS.parent_reserve_ms);
          expect(MODES.indexOf(routing.mode)).toBeLessThanOrEqual(MODES.indexOf(parent.mode));
          expect(routing.priority).toBeLessThanOrEqual(parent.priority);
          expect(traceIdOf(routing.traceparent)).toBe(traceIdOf(trace));
          expect(routing).toMatchObject({ root_id: 'root', parent_id: 'parent', from: to, hop: parent.hop });
          expect(routing.hop).toBeLessThanOrEqual(ROUTING_LIMITS.hop_max);
        }
      }),
    );
  });

  test('no set of scopes is widened: whatever the intersection allows, both sides allow', () => {
    const effect = fc.constantFrom<'read' | 'idempotent' | 'non_idempotent'>('read', 'idempotent', 'non_idempotent');
    const wanted = fc.record({ id: fc.constantFrom('a_b', 'c_d', 'e_f'), effect });
    fc.assert(
      fc.property(scopes, scopes, wanted, (left, right, asked) => {
        const both = intersectScopes(left, right);
        if (allows(both, asked)) expect([allows(left, asked), allows(right, asked)]).toEqual([true, true]);
        expect(intersectScopes(right, left)).toEqual(both);
      }),
    );
  });

  test('a mode only narrows', () => {
    fc.assert(
      fc.property(mode, mode, (held, asked) => {
        expect(MODES.indexOf(narrowMode(held, asked))).toBe(Math.min(MODES.indexOf(held), MODES.indexOf(asked)));
      }),
    );
  });

  test('a child span keeps the trace id and stays a valid traceparent', () => {
    const span = fc.uint8Array({ minLength: 8, maxLength: 8 }).filter((bytes) => bytes.some(Boolean));
    fc.assert(
      fc.property(traceparent.filter(isTraceparent), span, (parent, bytes) => {
        const child = childTraceparent(parent, bytes);
        expect(isTraceparent(child)).toBe(true);
        expect(traceIdOf(child)).toBe(traceIdOf(parent));
      }),
    );
  });

  test('a root gets 60 s unless said, and never more than 15 minutes', () => {
    const who = { sub: 's', scopes: [], tenant: 't' };
    const root = { actor: who, mode: 'monitor' as const, now: 0, traceparent: '' };
    expect(rootRouting({ ...root, options: {} }).due).toBe(60_000);
    expect(rootRouting({ ...root, options: { deadline_ms: 9e9 } }).due).toBe(900_000);
  });
});

describe('through real handoffs', () => {
  test('each hand-on is one hop more, under the same trace and root, with less time (ATK-E7)', async () => {
    const { mesh, seen, ask } = await startChain(['a', 'b', 'c', 'd'], (plan) => plan.slice(1));
    const given = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;
    await ask(['a', 'b', 'c', 'd'], { options: { mode: 'active' }, _meta: { traceparent: given } });
    expect(seen.map(({ handoff }) => handoff.hop)).toEqual([1, 2, 3, 4]);
    expect(seen.map(({ handoff }) => handoff.path.join(''))).toEqual(['a', 'ab', 'abc', 'abcd']);
    expect(new Set(seen.map(({ traceparent: trace }) => traceIdOf(trace)))).toEqual(new Set(['ab'.repeat(16)]));
    expect(new Set(seen.map(({ traceparent: trace }) => trace)).size).toBe(4);
    expect(new Set(seen.map(({ handoff }) => handoff.root_id)).size).toBe(1);
    expect(new Set(seen.map(({ handoff }) => handoff.mode))).toEqual(new Set(['monitor'])); // the mesh's own mode is a ceiling
    expect(new Set(seen.slice(1).map(({ handoff }) => handoff.actor.scopes.join()))).toEqual(new Set(['effect:read']));
    for (const [index, { handoff }] of seen.slice(1).entries()) {
      expect(handoff.budget_ms).toBeLessThanOrEqual((seen[index]?.handoff.budget_ms ?? 0) - 50);
      expect(handoff.parent_id).toBe(seen[index]?.handoff.task_id);
    }
    expect(await tasksOf(mesh)).toHaveLength(4);
  });

  test('a loop is refused with 5080 before the next agent hears anything (ATK-E7)', async () => {
    const { mesh, seen, ask } = await startChain(['a', 'b'], (plan) => plan.slice(1));
    await expect(ask(['a', 'b', 'a'])).rejects.toMatchObject({ code: 5080 });
    expect(seen.map(({ handoff }) => handoff.to)).toEqual(['a', 'b']);
    expect(await tasksOf(mesh)).toHaveLength(2); // the third was never accepted
  });

  test('a loop through whoever has the skill is refused as well, when all of them are on the path (ATK-E7)', async () => {
    const { seen, ask } = await startChain(['a'], () => ['?']);
    await expect(ask(['a'])).rejects.toMatchObject({ code: 5080 });
    expect(seen).toHaveLength(1);
  });

  test('the ninth hop is refused with 5080 (ATK-E7)', async () => {
    const ids = 'abcdefghij'.split('');
    const { seen, ask } = await startChain(ids, (plan) => plan.slice(1));
    await expect(ask(ids)).rejects.toMatchObject({ code: 5080 });
    expect(seen.map(({ handoff }) => handoff.hop)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('one task may hand off 32 times; the 33rd is refused with 5080 (ATK-E7)', async () => {
    const { codes, seen, ask } = await startChain(['a', 'b'], (plan) => plan.slice(1), 40);
    await ask(['a', 'b']);
    expect(seen.filter(({ handoff }) => handoff.to === 'b')).toHaveLength(32);
    expect(codes).toEqual(Array.from({ length: 8 }, () => 5080));
  });

  test('an investigation has at most 256 tasks however they fan out (ATK-E7)', async () => {
    const { mesh, codes, ask } = await startChain(['a', 'b', 'c'], (plan) => plan.slice(1), 17);
    await ask(['a', 'b', 'c']);
    expect(await tasksOf(mesh)).toHaveLength(ROUTING_LIMITS.root_tasks_max);
    expect(codes).toEqual(Array.from({ length: 17 }, () => 5080)); // 15 of the 15th fan, and the last two fans
  });

  test('whatever an agent writes into its own routing widens nothing', async () => {
    const lie = {
      hop: 0,
      path: [],
      mode: 'active',
      deadline: '2099-01-01T00:00:00.000Z',
      budget_ms: 9e6,
      root_id: 'task_other',
      actor: { sub: 'operator:test', scopes: ['*'], tenant: 'other' },
    };
    const wish = { deadline_ms: 900_000, mode: 'active', priority: 10 };
    const { seen, ask } = await startChain(['a', 'b'], (plan) => plan.slice(1), 1, { lie, wish });
    await ask(['a', 'b'], { options: { mode: 'dry_run', priority: 3, deadline_ms: 5_000 } });
    const [first, second] = seen.map(({ handoff }) => handoff);
    expect(second).toMatchObject({
      hop: 2,
      path: ['a', 'b'],
      mode: 'dry_run',
      priority: 3,
      root_id: first?.root_id,
      actor: { sub: 'operator:test', scopes: ['effect:read'], tenant: 'default' },
    });
    expect(second?.budget_ms).toBeLessThanOrEqual((first?.budget_ms ?? 0) - 50);
    expect(Date.parse(second?.deadline ?? '')).toBeLessThan(Date.parse(first?.deadline ?? ''));
  });

  test.each([
    ['no parent at all', () => undefined],
    ["somebody else's task", (own: Routing) => ({ parent_id: own.root_id, fence: own.fence })],
    ['a stale fence', (own: Routing) => ({ parent_id: own.task_id, fence: own.fence - 1 })],
    ['a fence of the future', (own: Routing) => ({ parent_id: own.task_id, fence: own.fence + 1 })],
    ['a task that never was', (own: Routing) => ({ parent_id: 'task_999999', fence: own.fence })],
  ])('an agent that hands off for %s is refused with 4030', async (_name, claim) => {
    const { codes, seen, ask } = await startChain(['a', 'b', 'c'], (plan) => plan.slice(1), 1, { claim, liar: 'b' });
    await ask(['a', 'b', 'c']);
    expect(codes).toEqual([4030]);
    expect(seen.map(({ handoff }) => handoff.to)).toEqual(['a', 'b']);
  });

  test.each([
    [5030, 5, 5000], // it was kept: an answer that says "come again" would make two of it (INV12)
    [4290, 5, 5000],
    [-32603, 1, -32603],
    [4220, 1, 4220],
    [5040, 1, 5040],
  ] as const)('work that its agent always refuses with %i is tried %i times', async (code, tries, answer) => {
    const clock = manualClock();
    let tried = 0;
    const refuse = () => {
      tried++;
      throw new AuroraError(code);
    };
    const mesh = await startMesh([hopper('a', refuse)], { clock });
    await mesh.online(1);
    const asking = mesh.operator.request('handoff', { to: { skill: 'hop_on' }, params: { plan: [] } });
    const refused = expect(asking).rejects.toMatchObject({ code: answer });
    await runUntilQuiet(clock);
    await refused;
    expect(tried).toBe(tries);
  });
});

const hopOn = skill({
  id: 'hop_on',
  title: 'Hop on',
  description: 'Hands the rest of a plan on.',
  tags: ['test'],
  effect: 'read',
  concurrency: 64,
  params: z.object({ plan: z.array(z.string()) }),
  result: z.object({ by: z.string() }),
});

const hopper = (id: string, run: Parameters<typeof hopOn.implement>[0]): Agent =>
  defineAgent({ id, name: id, description: 'Hops.', skills: [hopOn.implement(run)] });

/** What an agent is told besides its params. */
const Seen = z.object({ _meta: z.object({ traceparent: z.string(), handoff: Routing }) });
type Seen = z.infer<typeof Seen>['_meta'];

interface Lies {
  /** Written over the routing that an agent states for its handoff. */
  lie?: object;
  /** Written over its options. */
  wish?: object;
  /** What it states instead, made from its own true routing; only `liar` does. */
  claim?: (own: Routing) => object | undefined;
  liar?: string;
}

/** Agents that hand the rest of their plan on, `times` each; `?` means whoever can. Their frames are seen, and may lie. */
async function startChain(ids: readonly string[], rest: (plan: string[]) => string[], times = 1, lies: Lies = {}) {
  const seen: Seen[] = [];
  const codes: number[] = [];
  const is_told = times > 1 || lies.claim !== undefined;
  const agents = ids.map((id) =>
    hopper(id, async ({ plan }, ctx) => {
      const [next, ...others] = rest(plan);
      for (let time = 0; next !== undefined && time < times; time++) {
        const to = next === '?' ? { skill: 'hop_on' } : { agent_id: next, skill: 'hop_on' };
        const handing = ctx.handoff({ to, params: { plan: [next, ...others] }, reason: 'next' });
        await handing.catch((reason: unknown) => {
          if (!is_told) throw reason;
          codes.push(AuroraError.from(reason).code);
        });
      }
      return { by: id };
    }),
  );
  const mesh = await startMesh(agents, {
    link: (url) => {
      const [near, far] = memoryLink({ dialled: new URL(url).host });
      let own: Routing | undefined;
      const heard = (frame: Frame) => {
        const met = frame['method'] === 'hop_on' ? Seen.parse(frame['params'])._meta : undefined;
        if (met) seen.push(met);
        own = met?.handoff ?? own;
      };
      return [near, tapped(far, { heard, said: (frame) => lying(frame, own, lies) })];
    },
  });
  await mesh.online(ids.length);
  const ask = (plan: readonly string[], more: object = {}) =>
    mesh.operator.request('handoff', { to: { agent_id: plan[0], skill: 'hop_on' }, params: { plan }, ...more });
  return { mesh, seen, codes, ask };
}

function lying(frame: Frame, own: Routing | undefined, { lie, wish, claim, liar }: Lies): Frame {
  if (frame['method'] !== 'handoff' || !own || (liar !== undefined && own.to !== liar)) return frame;
  const params = z.looseObject({ options: z.looseObject({}), _meta: z.looseObject({}) }).parse(frame['params']);
  const handoff = claim ? claim(own) : { ...z.looseObject({}).parse(params._meta['handoff']), ...lie };
  return { ...frame, params: { ...params, options: { ...params.options, ...wish }, _meta: { handoff } } };
}

async function tasksOf(mesh: TestMesh): Promise<Task[]> {
  const first = TaskPage.parse(await mesh.operator.request('task/list', { limit: 200 }));
  if (first.next_cursor === null) return first.items;
  const second = await mesh.operator.request('task/list', { limit: 200, cursor: first.next_cursor });
  return [...first.items, ...TaskPage.parse(second).items];
}

/** The code that was thrown, or undefined. */
function refusalOf(run: () => void): number | undefined {
  try {
    run();
    return undefined;
  } catch (reason) {
    return AuroraError.from(reason).code;
  }
}

const isSubset = (part: readonly string[], whole: readonly string[]): boolean =>
  whole.includes('*') || part.every((item) => whole.includes(item));

const traceIdOf = (text: string): string => text.split('-')[1] ?? '';
