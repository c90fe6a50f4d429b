/** A task's road over links in memory: accepted, routed, handed off, settled. */
import { z } from 'zod';
import { expect, test } from 'vitest';
import { createHost, defineAgent, literalPins, memoryLink, type Agent } from '../../mesh/index.ts';
import { AuroraError, skill, TaskPage } from '../../protocol/index.ts';
import {
  countingIds,
  countingMetrics,
  literalContent,
  manualClock,
  seededRandom,
  silentLog,
} from '../../seams/index.ts';
import { identityOf, startMesh } from '../support/mesh.ts';

const echo = skill({
  id: 'echo_text',
  title: 'Echo',
  description: 'Answers what it is told.',
  tags: ['echo'],
  effect: 'read',
  params: z.object({ text: z.string() }),
  result: z.object({ text: z.string(), by: z.string() }),
});

const echoAgent = (id: string, run?: (text: string) => Promise<string>): Agent =>
  defineAgent({
    id,
    name: id,
    description: 'Echoes.',
    skills: [echo.implement(async ({ text }) => ({ text: run ? await run(text) : text, by: id }))],
  });

test('a handoff by skill reaches the specialist and its result comes back (REQ-M05, REQ-M06)', async () => {
  const mesh = await startMesh([echoAgent('parrot')]);
  await mesh.online(1);
  const result = await mesh.operator.request('handoff', { to: { skill: 'echo_text' }, params: { text: 'hi' } });
  expect(result).toEqual({ text: 'hi', by: 'parrot' });
});

test('bad params come back as -32602 naming the path', async () => {
  const mesh = await startMesh([echoAgent('parrot')]);
  await mesh.online(1);
  const failing = mesh.operator.request('handoff', { to: { skill: 'echo_text' }, params: { text: 1 } });
  await expect(failing).rejects.toMatchObject({ code: -32602, message: expect.stringContaining('/text') as string });
});

test('work that only reads is handed to the other replica when its agent does not come back, as attempt 2', async () => {
  const seen: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow = (name: string) =>
    echoAgent('parrot', async (text) => {
      seen.push(name);
      if (seen.length === 1) await gate;
      return text;
    });
  const down = new Set<string>();
  const mesh = await startMesh([slow('first'), slow('second')], { is_up: (url) => !down.has(url) });
  await mesh.online(2);
  const answer = mesh.operator.request('handoff', {
    to: { agent_id: 'parrot' },
    method: 'echo_text',
    params: { text: 'x' },
  });
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const url = seen[0] === 'first' ? 'ws://parrot-0.test:1' : 'ws://parrot-1.test:1';
  down.add(url);
  mesh.crash(url);
  await expect(answer).resolves.toMatchObject({ text: 'x' });
  release();
  const { items } = (await mesh.operator.request('task/list', {})) as { items: { attempts: { outcome: string }[] }[] };
  expect(items[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['agent_lost', 'completed']);
});

test('an impostor that sat on a port is refused, and the agent is found when it comes back (ATK-E1)', async () => {
  const real = echoAgent('parrot');
  const clock = manualClock();
  const impostor = createHost(real, {
    clock,
    ids: countingIds(),
    random: seededRandom(2),
    log: silentLog,
    metrics: countingMetrics(),
    anonymous: 'off',
    content: literalContent(),
    openRef: () => {
      throw new Error('no blobs here');
    },
    self: identityOf('parrot', 'agent', 'impostor').identity,
    pins: literalPins([]),
  });
  let dials = 0;
  const mesh = await startMesh([real], {
    clock,
    link: (url) => {
      const pair = memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host });
      if (++dials > 1) return pair;
      const [near, stolen] = memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host });
      impostor.accept(stolen);
      return [near, pair[1]];
    },
  });
  await expect(mesh.online(1)).rejects.toThrow('did not prove its key');
  clock.advance(500);
  await mesh.online(1);
  expect(dials).toBe(2);
  const result = await mesh.operator.request('handoff', { to: { skill: 'echo_text' }, params: { text: 'hi' } });
  expect(result).toEqual({ text: 'hi', by: 'parrot' });
});

test('investigate asked of another agent is not answered by the orchestrator in its place', async () => {
  const mesh = await startMesh([echoAgent('parrot')]);
  await mesh.online(1);
  const asked = { to: { agent_id: 'parrot' }, method: 'investigate', params: { input: { name: 'x', text: 'x' } } };
  await expect(mesh.operator.request('handoff', asked)).rejects.toMatchObject({ code: 4043 });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toEqual([]); // refused before anything was kept (INV12)
});

test('an agent without the right to read may not start an investigation either', async () => {
  const asking = skill({ ...echo, id: 'ask_text' });
  const asker = defineAgent({
    id: 'asker',
    name: 'A',
    description: 'A.',
    skills: [
      asking.implement(async ({ text }, ctx) => {
        const params = { input: { name: 'x', text } };
        const code = await ctx.handoff({ to: { skill: 'investigate' }, params, reason: 'because' }).then(
          () => 'done',
          (reason: unknown) => (reason instanceof AuroraError ? String(reason.code) : 'other'),
        );
        return { text: code, by: 'asker' };
      }),
    ],
  });
  const mesh = await startMesh([asker], { orchestrator: { grants: { asker: ['skill:nothing'] } } });
  await mesh.online(1);
  const result = await mesh.operator.request('handoff', { to: { skill: 'ask_text' }, params: { text: 'x' } });
  expect(result).toEqual({ text: '4030', by: 'asker' });
});

test('an agent that was drained before the start gets nothing until somebody resumes it (REQ-T02)', async () => {
  const mesh = await startMesh([echoAgent('ada')], { orchestrator: { drained: ['ada'] } });
  await mesh.online(1);
  expect(mesh.orchestrator.agents()).toMatchObject([{ agent_id: 'ada', health: 'draining' }]);
  const asked = { to: { agent_id: 'ada', skill: 'echo_text' }, params: { text: 'hi' } };
  await expect(mesh.operator.request('handoff', asked)).rejects.toMatchObject({ code: 5030 });
  mesh.orchestrator.setDrained('ada', false);
  expect(await mesh.operator.request('handoff', asked)).toMatchObject({ text: 'hi' });
});

test('ATK-I2 INV12: work that was kept and ended with a retryable code is 5000 naming it, under its key again as well', async () => {
  const busy = echoAgent('parrot', () =>
    Promise.reject(new AuroraError(5030, { message: 'No room', retry_after_ms: 1 })),
  );
  const mesh = await startMesh([busy], { orchestrator: { bounds: { retry: { attempts_max: 1 } } } });
  await mesh.online(1);
  const asked = { to: { skill: 'echo_text' }, params: { text: 'x' }, options: { idempotency_key: 'once' } };
  for (const time of ['first', 'again']) {
    const reason: unknown = await mesh.operator.request('handoff', asked).catch((thrown: unknown) => thrown);
    expect([time, reason]).toMatchObject([time, { code: 5000, detail: { code: 'AURORA-5030' } }]);
  }
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items.map(({ error }) => error?.code)).toEqual([5030]); // the record says what it was
});
