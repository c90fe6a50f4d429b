/** A task's road over links in memory: accepted, routed, handed off, settled. */
import { z } from 'zod';
import { expect, test } from 'vitest';
import { defineAgent, type Agent } from '../../mesh/index.ts';
import { skill } from '../../protocol/index.ts';
import { startMesh } from '../support/mesh.ts';

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

test('a handoff by skill reaches the specialist and its result comes back (M05, M06)', async () => {
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

test('work that only reads is handed to the other replica when its link is cut, as attempt 2', async () => {
  const seen: string[] = [];
  let release: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const slow = (name: string) =>
    echoAgent('parrot', async (text) => {
      seen.push(name);
      if (seen.length === 1) await gate;
      return text;
    });
  const mesh = await startMesh([slow('first'), slow('second')]);
  await mesh.online(2);
  const answer = mesh.operator.request('handoff', {
    to: { agent_id: 'parrot' },
    method: 'echo_text',
    params: { text: 'x' },
  });
  while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  mesh.crash(seen[0] === 'first' ? 'ws://parrot-0.test:1' : 'ws://parrot-1.test:1');
  await expect(answer).resolves.toMatchObject({ text: 'x' });
  release();
  const { items } = (await mesh.operator.request('task/list', {})) as { items: { attempts: { outcome: string }[] }[] };
  expect(items[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['link_lost', 'completed']);
});
