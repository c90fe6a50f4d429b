/** A handoff as it is asked for: what travels on, what is too large, what a text means, what a planner is told (wire.md 5). */
import { z } from 'zod';
import { expect, test } from 'vitest';
import { defineAgent, memoryLink, type Agent } from '../../mesh/index.ts';
import { HandoffTool, skill, Source } from '../../protocol/index.ts';
import { echoAgent } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';
import { tapped } from '../support/tap.ts';

const to = { agent_id: 'ada', skill: 'echo_text' };

test('tracestate, unknown keys, refs and the idempotency key of the asker reach the agent; what is ours is written by us', async () => {
  const { mesh, metas } = await watched([echoAgent('ada')]);
  const _meta = {
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    tracestate: 'vendor=1',
    'example.com/case': { nr: 7 },
    handoff: { refs: { alert_id: 'ALRT-1' }, untrusted: ['/text'], from: 'somebody else', mode: 'active' },
  };
  await mesh.operator.request('handoff', { to, params: { text: 'hi' }, options: { idempotency_key: 'k' }, _meta });
  expect(metas).toMatchObject([
    {
      tracestate: 'vendor=1',
      'example.com/case': { nr: 7 },
      handoff: {
        refs: { alert_id: 'ALRT-1' },
        untrusted: ['/text'],
        idempotency_key: 'k',
        from: 'operator:test',
        mode: 'monitor',
      },
    },
  ]);
});

test('what a task carries goes on to what it hands off, but an agent cannot call params trusted', async () => {
  const ada = echoAgent('ada', async (text, ctx) => {
    await ctx.handoff({ to: { agent_id: 'bob', skill: 'echo_text' }, params: { text }, reason: 'bob knows' });
    return text;
  });
  const { mesh, metas } = await watched([ada, echoAgent('bob')]);
  const _meta = { 'example.com/case': 7, handoff: { refs: { case_id: 'C-1' }, untrusted: [] } };
  await mesh.operator.request('handoff', { to, params: { text: 'hi' }, _meta });
  expect(metas).toHaveLength(2);
  expect(metas[1]).toMatchObject({ 'example.com/case': 7, handoff: { to: 'bob', refs: { case_id: 'C-1' } } });
  expect(metas[1]).not.toHaveProperty('handoff.untrusted');
});

test('unknown keys inside _meta.handoff travel on like those beside it, down to children; names of ours do not (wire.md 5)', async () => {
  const ada = echoAgent('ada', async (text, ctx) => {
    await ctx.handoff({ to: { agent_id: 'bob', skill: 'echo_text' }, params: { text }, reason: 'bob knows' });
    return text;
  });
  const { mesh, metas } = await watched([ada, echoAgent('bob')]);
  const theirs = { 'example.com/shift': { name: 'night' }, refs: { ticket_id: 'T-1' } };
  const ours = {
    approval: { approval_id: 'approval_1_x', action_hash: 'f00d', exp: '2099-01-01T00:00:00.000Z' },
    blobs: { url: 'http://203.0.113.1', token: 'mine' },
    reason: 'forged',
    actor: { sub: 'admin', scopes: ['*'], tenant: 'default' },
    operation: 'investigate',
  };
  const _meta = { handoff: { ...theirs, ...ours } };
  await mesh.operator.request('handoff', { to, params: { text: 'hi' }, _meta });
  expect(metas).toHaveLength(2);
  expect(metas).toMatchObject([{ handoff: theirs }, { handoff: { ...theirs, reason: 'bob knows' } }]);
  for (const meta of metas)
    for (const name of ['approval', 'blobs', 'operation']) expect(meta).not.toHaveProperty(['handoff', name]);
  expect(metas[0]).not.toHaveProperty('handoff.reason');
  expect(metas[0]).toMatchObject({ handoff: { actor: { sub: 'operator:test' } } });
});

test.each([
  ['more than 4 KiB of unknown keys in handoff', { handoff: { note: 'x'.repeat(5_000) } }, 4130],
  ['more than 4 KiB of unknown keys', { note: 'x'.repeat(5_000) }, 4130],
  ['a tracestate that is no text', { tracestate: 7 }, -32602],
  ['a pointer that is none', { handoff: { untrusted: ['text'] } }, -32602],
])('%s is refused before a task is made', async (_what, _meta, code) => {
  const { mesh, metas } = await watched([echoAgent('ada')]);
  await expect(mesh.operator.request('handoff', { to, params: { text: 'hi' }, _meta })).rejects.toMatchObject({ code });
  expect(metas).toEqual([]);
});

test('params over 256 KiB are 4130 with the way to send them', async () => {
  const { mesh } = await watched([echoAgent('ada')]);
  const large = mesh.operator.request('handoff', { to, params: { text: 'x'.repeat(262_144) } });
  await expect(large).rejects.toThrow(/blob\/grant/);
});

test('a bound is one of bytes: params and keys that have fewer characters are 4130 as well, which names it', async () => {
  const { mesh, metas } = await watched([echoAgent('ada')]);
  const text = '\u6f22'.repeat(100_000); // 300 000 bytes
  const large = mesh.operator.request('handoff', { to, params: { text } });
  await expect(large).rejects.toMatchObject({ code: 4130, detail: { bytes_max: 262_144 } });
  const noted = mesh.operator.request('handoff', { to, params: { text: '' }, _meta: { note: text.slice(0, 2_000) } });
  await expect(noted).rejects.toMatchObject({ code: 4130, detail: { bytes_max: 4_096 } });
  expect(metas).toEqual([]);
});

test('text for a skill that is named is refused, not dropped: /task says what to do', async () => {
  const { mesh, metas } = await watched([echoAgent('ada')]);
  for (const named of [
    { to: { skill: 'echo_text' } },
    { to: { agent_id: 'ada' }, method: 'echo_text' },
    { to: { agent_id: 'ada' } }, // with params, that no skill would get
    { method: 'echo_text' },
    {},
  ]) {
    const order = mesh.operator.request('handoff', { ...named, task: 'say hi', params: { text: 'x' } });
    await expect(order).rejects.toMatchObject({ code: -32602, detail: { issues: [{ path: '/task' }] } });
  }
  expect(metas).toEqual([]);
});

test.each([
  ['without a key', {}],
  ['with one', { idempotency_key: 'k' }],
])('a number that JSON cannot pass on, 1e400, is -32602 and never runs as null: %s', async (_what, options) => {
  const { mesh, metas } = await watched([echoAgent('ada')]);
  const [near, far] = memoryLink();
  mesh.orchestrator.attend(far, {
    id: 'operator:raw',
    role: 'operator',
    instance_id: 'raw',
    frame_bytes_max: 0,
    in_flight_max: 0,
    in_flight: [],
  });
  const answer = new Promise<string>((resolve) => near.attach({ onText: resolve, onClose: () => undefined }));
  const params = `{"to":${JSON.stringify(to)},"options":${JSON.stringify(options)},"params":{"text":"x","a":[{"b":1e400}]}}`;
  near.send(`{"jsonrpc":"2.0","id":1,"method":"handoff","params":${params}}`);
  expect(JSON.parse(await answer)).toMatchObject({
    error: { code: -32602, message: expect.stringContaining('/params') as unknown },
  });
  expect(metas).toEqual([]);
});

test('the largest input is what the configuration says: more is 4130 when it is announced', async () => {
  const mesh = await startMesh([], { orchestrator: { bounds: { blobs: { blob_bytes_max: 100 } } } });
  const ref = { sha256: 'a'.repeat(64), media_type: 'text/plain', name: 'x' };
  await expect(mesh.operator.request('blob/grant', { ...ref, size: 100 })).resolves.toMatchObject({
    token: expect.any(String) as unknown,
  });
  await expect(mesh.operator.request('blob/grant', { ...ref, size: 101 })).rejects.toMatchObject({ code: 4130 });
});

test('free text for a named agent becomes the skill of that agent that the planner would use', async () => {
  const { mesh, asked } = await watched([readerAgent('ada')]);
  await mesh.operator.request('handoff', { to: { agent_id: 'ada' }, task: 'is 192.0.2.7 bad?' });
  expect(asked).toEqual([['extract_iocs', { source: { name: 'task', text: 'is 192.0.2.7 bad?' } }]]);
});

test.each([
  ['text that names nothing', 'ada', 'hello there', -32602, { skills: ['extract_iocs'] }],
  ['text for an agent without a fitting skill', 'bob', 'is 192.0.2.7 bad?', -32602, { skills: ['echo_text'] }],
  ['text for nobody that is online', 'eve', 'is 192.0.2.7 bad?', 4043, { agent_id: 'eve' }],
])('%s is refused, and says what there is', async (_what, agent_id, task, code, detail) => {
  const { mesh } = await watched([readerAgent('ada'), echoAgent('bob')]);
  const order = mesh.operator.request('handoff', { to: { agent_id }, task });
  await expect(order).rejects.toMatchObject({ code, detail });
});

test('a planner is told the params of each skill, and an agent is asked for them once', async () => {
  const { mesh, asked } = await watched([echoAgent('ada')]);
  for (let time = 0; time < 2; time++) {
    const { items } = z.object({ items: z.array(HandoffTool) }).parse(await mesh.operator.request('agent/tools', {}));
    expect(items).toMatchObject([
      {
        name: 'handoff_ada',
        input_schema: {
          oneOf: [
            {
              properties: {
                skill: { const: 'echo_text' },
                params: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
              },
            },
            { required: ['task'] },
          ],
        },
      },
    ]);
  }
  expect(asked.map(([method]) => method)).toEqual(['rpc.discover']);
});

/** A mesh that notes what its agents are asked, and with which `_meta`. */
async function watched(agents: readonly Agent[]) {
  const metas: unknown[] = [];
  const asked: [string, unknown][] = [];
  const mesh = await startMesh(agents, {
    link: (url) => {
      const [near, far] = memoryLink({ dialled: new URL(url).host });
      const note = tapped(near, {
        said: (frame) => {
          const request = Asked.safeParse(frame);
          if (request.success && request.data.method !== 'mesh/hello') {
            const { _meta, ...params } = request.data.params;
            asked.push([request.data.method, params]);
            if (_meta !== undefined && request.data.method !== 'rpc.discover') metas.push(_meta);
          }
          return frame;
        },
      });
      return [note, far];
    },
  });
  await mesh.online(agents.length);
  return { mesh, metas, asked };
}

const Asked = z.object({ method: z.string(), id: z.unknown(), params: z.looseObject({}) });

const readerAgent = (id: string): Agent =>
  defineAgent({
    id,
    name: id,
    description: 'Reads.',
    skills: [
      skill({
        id: 'extract_iocs',
        title: 'Read',
        description: 'Reads a text.',
        tags: [],
        effect: 'read',
        params: z.object({ source: Source }),
        result: z.object({ chars: z.number() }),
      }).implement(({ source }) => ({ chars: source.text?.length ?? 0 })),
    ],
  });
