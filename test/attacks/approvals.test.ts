/** Attacks on approvals, over the wire: what is not allowed does not happen, and stands on the record (attacks.md D6, F4-F10). */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent, memoryLink, type Agent, type Link, type Peer } from '../../mesh/index.ts';
import { PolicyRules, type OrchestratorDeps } from '../../orchestrator/index.ts';
import { ApprovalPage, skill, TaskPage, type Approval, type SkillContext } from '../../protocol/index.ts';
import { manualClock } from '../../seams/index.ts';
import { runFor, settled } from '../support/drive.ts';
import { startMesh, type TestMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';

const EVE = 'operator:eve';
const ANN = 'operator:ann';

describe('people and agents', () => {
  test('the whole road: asked, seen, approved by another person, used once, done', async () => {
    const { mesh, tried, contain } = await acting(async (target, use) => use(`isolate:${target}`));
    const answer = contain('ws-1');
    const approval = await pending(mesh);
    expect(approval).toMatchObject({ params: { endpoint: 'ws-1' }, targets: ['ws-1'], agent_id: 'responder' });
    expect(tried).toEqual([]);
    await decide(mesh.as(EVE), approval);
    expect(await answer).toEqual({ done: true });
    expect(tried).toMatchObject([{ effect_key: 'isolate:ws-1', first: true, approval_id: approval.approval_id }]);
    expect(await record(mesh, approval)).toEqual([
      'approval_asked',
      'approval_voted',
      'approval_granted',
      'approval_consumed',
    ]);
  });

  test('self-approval is 4030; of two that decide at once the first wins, the second is 4090 (ATK-D6)', async () => {
    const { mesh, contain } = await acting();
    const answer = contain('ws-1');
    answer.catch(() => undefined);
    const approval = await pending(mesh);
    await expect(decide(mesh.operator, approval)).rejects.toMatchObject({ code: 4030 });
    const both = await Promise.allSettled([decide(mesh.as(EVE), approval, 'reject'), decide(mesh.as(ANN), approval)]);
    expect(both).toMatchObject([{ value: { state: 'rejected' } }, { reason: { code: 4090 } }]);
    await expect(answer).rejects.toMatchObject({ code: 4031, message: expect.stringContaining(EVE) as string });
    const refused = await record(mesh, approval);
    expect(refused.filter((line) => line.startsWith('refused'))).toEqual([
      'refused 4030 operator:test',
      `refused 4090 ${ANN}`,
    ]);
  });

  test('who is no approver, or no operator any more, decides nothing (ATK-D6)', async () => {
    const revoked = new Set<string>();
    const clock = manualClock();
    const { mesh, contain } = await acting(undefined, { rules: { approvers: [EVE] }, revoked, clock });
    contain('ws-1').catch(() => undefined);
    const approval = await pending(mesh);
    await expect(decide(mesh.as(ANN), approval)).rejects.toMatchObject({ code: 4030 });
    revoked.add(EVE);
    await runFor(clock, 1_000);
    await expect(decide(mesh.as(EVE), approval)).rejects.toMatchObject({ code: 4010 });
    expect(await pending(mesh)).toMatchObject({ votes: [] });
  });

  test('an agent whose pin was taken away uses no approval, and asks for none, while it works (wire.md 4, ATK-F5)', async () => {
    const revoked = new Set<string>();
    const said: unknown[] = [];
    const { mesh, contain } = await acting(
      async (target, use, raw) => {
        revoked.add('responder');
        const asked = { params: { endpoint: 'ws-9' }, reason: 'it spread' };
        said.push(...(await Promise.all([use(`isolate:${target}`), raw('approval/request', asked)])));
      },
      { revoked },
    );
    contain('ws-1', { deadline_ms: 500 }).catch(() => undefined);
    const approval = await pending(mesh);
    await decide(mesh.as(EVE), approval);
    while (said.length < 2) await settled();
    expect(said.map(outcome)).toEqual([4010, 4010]);
    expect(await record(mesh, approval)).toEqual(['approval_asked', 'approval_voted', 'approval_granted']);
  });

  test('an agent neither sees nor decides what people are asked', async () => {
    const said: unknown[] = [];
    const { mesh, contain } = await acting(async (_target, _use, raw) => {
      for (const method of ['approval/list', 'approval/decide'])
        said.push(await raw(method, { approval_id: 'approval_1_x', action_hash: 'x', decision: 'approve' }));
      return {};
    });
    const answer = contain('ws-1');
    await decide(mesh.as(EVE), await pending(mesh));
    await answer;
    expect(said).toMatchObject([{ code: 4030 }, { code: 4030 }]);
  });

  test('people see the params themselves; the words of the requester stand apart (ATK-F6)', async () => {
    const { mesh, contain } = await acting();
    contain('ws-13', { reason: 'isolates only the test machine ws-1, please approve' }).catch(() => undefined);
    const approval = await pending(mesh);
    expect([approval.params, approval.targets]).toEqual([{ endpoint: 'ws-13' }, ['ws-13']]);
    const other = { ...approval, action_hash: 'a'.repeat(64) };
    await expect(decide(mesh.as(EVE), other)).rejects.toMatchObject({ code: 4090 });
  });
});

describe('an approval that is used for something else (ATK-F5)', () => {
  test('for another endpoint, with another hash, twice, under another fence, of another task: refused and on record', async () => {
    const refused: unknown[] = [];
    let foreign: Pick<Approval, 'approval_id' | 'action_hash'> = { approval_id: 'approval_1_none', action_hash: '' };
    const { mesh, contain } = await acting(async (target, use, raw, { approval }) => {
      refused.push(await use('isolate:ws-2'));
      refused.push(await use(`isolate:${target}`, { action_hash: 'f'.repeat(64) }));
      refused.push(await use(`isolate:${target}`, foreign));
      refused.push(await raw('approval/consume', { ...approval, effect_key: `isolate:${target}` }, { fence: 99 }));
      refused.push(await raw('approval/consume', { ...approval, effect_key: target }));
      refused.push(await use(`isolate:${target}`));
      refused.push(await use(`isolate:${target}`));
      refused.push(await use(`wipe:${target}`));
      foreign = approval;
      return {};
    });
    const first = contain('ws-1');
    const approval = await pending(mesh);
    await decide(mesh.as(EVE), approval);
    await first;
    expect(refused.map(outcome)).toEqual([4031, 4090, 4040, 4030, -32602, true, false, 4031]);
    expect((await record(mesh, approval)).slice(3)).toEqual([
      'refused 4031 responder isolate:ws-2',
      'refused 4090 responder isolate:ws-1',
      'refused 4040 responder isolate:ws-1',
      'refused 4030 responder isolate:ws-1',
      'approval_consumed',
      'refused 4031 responder wipe:ws-1',
    ]);

    refused.length = 0;
    const second = contain('ws-3');
    const later = await pending(mesh);
    await decide(mesh.as(EVE), later);
    await second;
    expect(refused.map(outcome)[2]).toBe(4040); // the grant of the first task, shown by the second
  });

  test('for another kind of effect than was shown: refused, also as the first one', async () => {
    const said: unknown[] = [];
    const { mesh, contain } = await acting(async (target, use) => {
      for (const kind of ['disk_wipe', 'contain_endpoint', 'isolate']) said.push(await use(`${kind}:${target}`));
    });
    const answer = contain('ws-1');
    const approval = await pending(mesh);
    expect(approval.effect_kinds).toEqual(['isolate']);
    await decide(mesh.as(EVE), approval);
    await answer;
    expect(said.map(outcome)).toEqual([4031, 4031, true]);
    expect(said[0]).toMatchObject({
      message: expect.stringContaining('disk_wipe was approved, only isolate') as string,
    });
    expect((await record(mesh, approval)).slice(3)).toEqual([
      'refused 4031 responder disk_wipe:ws-1',
      'refused 4031 responder contain_endpoint:ws-1',
      'approval_consumed',
    ]);
  });

  test('later than it lasts: nothing is done', async () => {
    const clock = manualClock();
    let late: unknown;
    const { mesh, contain } = await acting(
      async (target, use) => {
        clock.jumpWall(1_800_000);
        late = await use(`isolate:${target}`);
        return {};
      },
      { clock },
    );
    const answer = contain('ws-1');
    const approval = await pending(mesh);
    await decide(mesh.as(EVE), approval);
    await answer.catch(() => undefined);
    expect(outcome(late)).toBe(4080);
    expect(await record(mesh, approval)).toContain('refused 4080 responder isolate:ws-1');
  });
});

describe('policy', () => {
  const rules = { protected_assets: ['dc-*'] };

  test.each([
    ['dc-01'],
    ['DC-01.corp.example'],
    ['*'],
    ['127.0.0.1'],
    [Array.from({ length: 10_000 }, (_, nth) => `w${nth}`)],
  ])('acting on %j is denied, and the agent is never asked (ATK-F4)', async (endpoint) => {
    const { mesh, contain, started } = await acting(undefined, { rules });
    await expect(contain(endpoint)).rejects.toMatchObject({ code: 4031 });
    expect(started()).toBe(0);
    const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
    expect(items[0]).toMatchObject({ state: 'rejected', outcome: 'denied', attempts: [] });
  });

  test.each([
    ['throws', () => Promise.reject(new Error('out of memory'))],
    ['throws at once', () => ({}) as never],
    ['hangs', () => new Promise<never>(() => undefined)],
  ])('a policy that %s denies (ATK-F8)', async (what, decideNothing) => {
    const clock = manualClock();
    const decide = () => {
      if (what === 'throws at once') throw new Error('broken');
      return decideNothing();
    };
    const { contain, started } = await acting(undefined, { clock, orchestrator: { policy: { version: 'v', decide } } });
    const answer = contain('ws-1');
    answer.catch(() => undefined);
    await runFor(clock, 2_000);
    await expect(answer).rejects.toMatchObject({ code: 4031 });
    expect(started()).toBe(0);
  });

  test.each(['monitor', 'dry_run'] as const)(
    'in %s an agent that tries to act is refused (ATK-F9, INV14)',
    async (mode) => {
      let tried: unknown;
      const { mesh, contain } = await acting(async (target, _use, raw) => {
        const forged = { approval_id: 'approval_1_x', action_hash: 'x', effect_key: `isolate:${target}` };
        tried = await raw('approval/consume', forged);
        return {};
      });
      await contain('ws-1', { mode });
      expect(outcome(tried)).toBe(4031);
      expect(ApprovalPage.parse(await mesh.operator.request('approval/list', {})).items).toEqual([]);
    },
  );

  test('approved in active and begun in monitor: the attempt runs in monitor, and nothing can be used (INV14)', async () => {
    let mode: 'active' | 'monitor' = 'active';
    const said: unknown[] = [];
    const { mesh, contain } = await acting(
      async (target, use, _raw, routing) => {
        said.push((routing as { mode?: string }).mode, await use(`isolate:${target}`));
      },
      { orchestrator: { mode: () => mode } },
    );
    const answer = contain('ws-1');
    const approval = await pending(mesh);
    mode = 'monitor';
    await decide(mesh.as(EVE), approval);
    await answer;
    expect(said.map(outcome)).toEqual(['monitor', 4031]);
    expect(await record(mesh, approval)).not.toContain('approval_consumed');
  });

  test('a fleet that goes to monitor while work is under way refuses the effect (INV14)', async () => {
    let mode: 'active' | 'monitor' = 'active';
    let tried: unknown;
    const { mesh, contain } = await acting(
      async (target, use) => {
        mode = 'monitor';
        tried = await use(`isolate:${target}`);
      },
      { orchestrator: { mode: () => mode } },
    );
    const answer = contain('ws-1');
    await decide(mesh.as(EVE), await pending(mesh));
    await answer;
    expect(outcome(tried)).toBe(4031);
  });

  test('of 200 questions at once ten are asked, of two people each; the rest is refused with nothing kept (ATK-F10)', async () => {
    const { mesh, contain } = await acting();
    const answers = Array.from({ length: 200 }, (_, nth) => contain(`ws-${nth}`));
    const codes = answers.map((answer) => answer.catch((reason: unknown) => outcome(reason)));
    await Promise.all(codes.slice(10));
    expect(new Set(await Promise.all(codes.slice(10)))).toEqual(new Set([4290]));
    await expect(answers[199]).rejects.toMatchObject({ retry_after_ms: expect.any(Number) as number });
    const waiting = async () => ApprovalPage.parse(await mesh.as(EVE).request('approval/list', { state: 'pending' }));
    while ((await waiting()).items.length < 10) await settled();
    const { items } = await waiting();
    expect(items).toHaveLength(10);
    expect(TaskPage.parse(await mesh.operator.request('task/list', {})).items).toHaveLength(10);
    expect(items.map(({ needed }) => needed)).toEqual(Array(10).fill(2));
  });
});

describe('who cannot or will not wait', () => {
  test('nobody answers: 4080, nothing done (ATK-F7)', async () => {
    const clock = manualClock();
    const { mesh, contain, started } = await acting(undefined, { clock });
    const answer = contain('ws-1');
    answer.catch(() => undefined);
    const approval = await pending(mesh);
    await runFor(clock, 1_801_000);
    await expect(answer).rejects.toMatchObject({ code: 4080 });
    expect(started()).toBe(0);
    await expect(decide(mesh.as(EVE), approval)).rejects.toMatchObject({ code: 4090 });
  });

  test('a peer that cannot wait gets 4032, and takes the same task up again with the same key (wire.md 8)', async () => {
    const { mesh, contain, started } = await acting();
    const options = { on_approval: 'return', idempotency_key: 'k' };
    const ticket = await contain('ws-1', options).catch((reason: unknown) => reason);
    const approval = await pending(mesh);
    const { approval_id, task_id, action_hash, expires_at } = approval;
    const told = { code: 4032, detail: { approval_id, task_id, action_hash, expires_at } };
    expect(ticket).toMatchObject(told);
    await expect(contain('ws-1', options)).rejects.toMatchObject(told);
    await expect(contain('ws-2', options)).rejects.toMatchObject({ code: 4090 });
    await decide(mesh.as(EVE), approval);
    expect(await contain('ws-1', options)).toEqual({ done: true });
    expect(await contain('ws-1', options)).toEqual({ done: true });
    expect(started()).toBe(1);
  });

  test('without an idempotency key nothing that acts is even kept (wire.md 7)', async () => {
    const { mesh } = await acting();
    const order = { to: { skill: 'contain_endpoint' }, params: { endpoint: 'ws-1' } };
    await expect(mesh.operator.request('handoff', order)).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('idempotency_key') as string,
    });
    expect(TaskPage.parse(await mesh.operator.request('task/list', {})).items).toEqual([]);
  });

  test('a cancelled task takes its question with it', async () => {
    const { mesh, contain, started } = await acting();
    const answer = contain('ws-1');
    answer.catch(() => undefined);
    const approval = await pending(mesh);
    await mesh.operator.request('task/cancel', { task_id: approval.task_id });
    await expect(answer).rejects.toMatchObject({ code: 4990 });
    await expect(decide(mesh.as(EVE), approval)).rejects.toMatchObject({ code: 4090 });
    expect(started()).toBe(0);
  });

  test('an agent asks in the middle of its work; what it was granted is bound the same way', async () => {
    const said: unknown[] = [];
    const { mesh, contain } = await acting(async (_target, use, raw) => {
      const params = { endpoint: 'ws-9' };
      const ticket = Ticket.parse(await raw('approval/request', { params, reason: 'it spread' }));
      said.push(ticket.state, await use('isolate:ws-8', ticket), await use('isolate:ws-9', ticket));
      return {};
    });
    const answer = contain('ws-1');
    await decide(mesh.as(EVE), await pending(mesh));
    const amid = await pending(mesh);
    expect(amid).toMatchObject({ origin: 'work', params: { endpoint: 'ws-9' }, reason: 'it spread' });
    await decide(mesh.as(ANN), amid);
    await answer;
    expect(said.map(outcome)).toEqual(['granted', 4031, true]);
  });

  test('REQ-T06: a list of approvals keeps its limit, whatever one task asked, and leaves none out', async () => {
    const { mesh, contain } = await acting(async (target, _use, raw) => {
      for (const nth of ['a', 'b', 'c']) {
        await raw('approval/request', { params: { endpoint: `${target}-${nth}` }, reason: 'it spread', wait: false });
      }
      return {};
    });
    for (const target of ['ws-1', 'ws-2']) {
      const answer = contain(target);
      await decide(mesh.as(EVE), await pending(mesh));
      await answer;
    }
    const list = async (limit: number, cursor?: string) =>
      ApprovalPage.parse(await mesh.operator.request('approval/list', { limit, ...(cursor && { cursor }) }));
    const targets = (page: ApprovalPage) => page.items.flatMap((approval) => approval.targets);
    const newest_first = ['ws-2-c', 'ws-2-b', 'ws-2-a', 'ws-2', 'ws-1-c', 'ws-1-b', 'ws-1-a', 'ws-1'];
    expect(targets(await list(200))).toEqual(newest_first);
    for (const limit of [1, 2, 3, 5]) {
      const seen: string[] = [];
      for (let page = await list(limit); ; page = await list(limit, page.next_cursor ?? '')) {
        expect(page.items.length).toBeLessThanOrEqual(limit);
        seen.push(...targets(page));
        if (page.next_cursor === null) break;
      }
      expect(seen).toEqual(newest_first);
    }
    const unknown = list(1, 'approval_9_nobody');
    await expect(unknown).rejects.toMatchObject({ code: -32602 });
  });
});

/* ---- a responder that does what the test says, through frames of its own ---- */

type Use = (effect_key: string, instead?: object) => Promise<unknown>;
/** Sends any method as the agent, with the proof that it holds the task; answers an error instead of throwing it. */
type Raw = (method: string, params: object, proof?: { fence: number }) => Promise<unknown>;
type Script = (
  target: string,
  use: Use,
  raw: Raw,
  /** The routing that it was handed over with. */
  routing: { approval: { approval_id: string; action_hash: string } },
) => Promise<unknown>;

const Ticket = z.object({ approval_id: z.string(), action_hash: z.string(), state: z.string() });

async function acting(
  script: Script = async () => ({}),
  options: {
    rules?: Parameters<typeof PolicyRules.parse>[0];
    orchestrator?: Partial<OrchestratorDeps>;
    clock?: ReturnType<typeof manualClock>;
    revoked?: ReadonlySet<string>;
  } = {},
) {
  const tried: unknown[] = [];
  let started = 0;
  let keys = 0;
  const routings: { approval: { approval_id: string; action_hash: string } }[] = [];
  const mesh = await startMesh([responder(run)], {
    ...(options.clock && { clock: options.clock }),
    ...(options.revoked && { revoked: options.revoked }),
    operators: [EVE, ANN],
    link: (url) => unwrapping(url, (routing) => routings.push(routing as never)),
    orchestrator: { mode: 'active', rules: PolicyRules.parse(options.rules ?? {}), ...options.orchestrator },
  });
  await mesh.online(1);

  async function run(endpoint: unknown, ctx: SkillContext): Promise<void> {
    started++;
    const routing = routings.at(-1)!;
    const { approval } = routing;
    const raw: Raw = (method, params, proof) =>
      ctx
        .handoff({ to: { skill: 'raw' }, params: { method, params, proof }, reason: '' })
        .catch((reason: unknown) => reason);
    const use: Use = async (effect_key, instead = approval) => {
      const { approval_id, action_hash } = { ...approval, ...instead };
      const used = await raw('approval/consume', { approval_id, action_hash, effect_key });
      tried.push(used);
      return used;
    };
    await script(String(endpoint), use, raw, routing);
  }
  const contain = (endpoint: unknown, more: Record<string, unknown> = {}): Promise<unknown> => {
    const { deadline_ms = 60_000, ...rest } = more;
    const settings = { idempotency_key: `key-${keys++}`, deadline_ms, ...rest };
    return mesh.operator.request(
      'handoff',
      { to: { skill: 'contain_endpoint' }, params: { endpoint }, options: settings },
      { timeout_ms: 3_600_000 },
    );
  };
  return { mesh, tried, contain, started: () => started };
}

const responder = (run: (endpoint: unknown, ctx: SkillContext) => Promise<void>): Agent =>
  defineAgent({
    id: 'responder',
    name: 'Responder',
    description: 'Acts.',
    skills: [
      skill({
        id: 'contain_endpoint',
        title: 'Contain',
        description: 'Isolates an endpoint.',
        tags: [],
        effect: 'idempotent',
        action_class: 'high',
        targets: ['/endpoint'],
        effect_kinds: ['isolate'],
        concurrency: 64,
        params: z.object({ endpoint: z.unknown() }),
        result: z.object({ done: z.boolean() }),
      }).implement(async ({ endpoint }, ctx) => {
        await run(endpoint, ctx);
        return { done: true };
      }),
    ],
  });

/** A link on which a handoff to `raw` leaves the agent as the method that it wraps. */
function unwrapping(url: string, onRouting: (routing: unknown) => void): [Link, Link] {
  const [near, far] = memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host });
  const heard = tapped(near, {
    said: (frame) => {
      const meta = Skill.safeParse(frame);
      if (meta.success) onRouting(meta.data.params._meta.handoff);
      return frame;
    },
  });
  return [heard, tapped(far, { said: unwrap })];
}

function unwrap(frame: Frame): Frame {
  const wrapped = Wrapped.safeParse(frame);
  if (!wrapped.success) return frame;
  const { params, _meta } = wrapped.data.params;
  const handoff = { ...(_meta['handoff'] as object), ...params.proof };
  return { ...frame, method: params.method, params: { ...params.params, _meta: { ..._meta, handoff } } };
}

const Skill = z.object({
  method: z.literal('contain_endpoint'),
  params: z.object({ _meta: z.object({ handoff: z.looseObject({}) }) }),
});
const Wrapped = z.object({
  method: z.literal('handoff'),
  params: z.object({
    to: z.object({ skill: z.literal('raw') }),
    params: z.object({
      method: z.string(),
      params: z.looseObject({}),
      proof: z.object({ fence: z.number() }).optional(),
    }),
    _meta: z.looseObject({}),
  }),
});

async function pending(mesh: TestMesh): Promise<Approval> {
  for (let turn = 0; turn < 10_000; turn++) {
    const rows = await mesh.ledger.list({ with_approvals: 'open', limit: 10 });
    const waiting = rows.flatMap(({ approvals = [] }) => approvals).find(({ state }) => state === 'pending');
    if (waiting) return waiting;
    await settled();
  }
  throw new Error('nothing waits');
}

const decide = (by: Peer, { approval_id, action_hash }: Approval, decision = 'approve'): Promise<unknown> =>
  by.request('approval/decide', { approval_id, action_hash, decision });

/** What the record of an approval's task says about approvals. */
async function record(mesh: TestMesh, { task_id }: Approval): Promise<string[]> {
  const events = await mesh.ledger.history(task_id);
  return events
    .filter(({ type }) => type === 'audit' || type.startsWith('approval_'))
    .map(({ type, payload }) => {
      const { code, by, effect_key } = JSON.parse(payload) as Record<string, unknown>;
      return type === 'audit' ? ['refused', code, by, effect_key].filter(Boolean).join(' ') : type;
    });
}

/** The code of an error, or whether it was the first use. */
const outcome = (value: unknown): unknown => {
  const { code, first } = Object(value) as { code?: number; first?: boolean };
  return code ?? first ?? value;
};
