/** An agent with a good key and bad intentions: what it says about itself and its work is judged, never believed. */
import { describe, expect, test, vi } from 'vitest';
import { defineAgent, memoryLink, type Link } from '../../mesh/index.ts';
import { cardOf, readCard, skill, TaskPage, type SkillContext } from '../../protocol/index.ts';
import { z } from 'zod';
import { manualClock } from '../../seams/index.ts';
import { runFor, settled } from '../support/drive.ts';
import { echoAgent, untilStopped } from '../support/echo.ts';
import { startMesh } from '../support/mesh.ts';
import { tapped, type Frame } from '../support/tap.ts';

const ask = { to: { skill: 'echo_text' }, params: { text: 'x' } };

/** A link whose agent end says what `said` makes of each frame. */
const rewriting =
  (said: (frame: Frame) => Frame | undefined) =>
  (url: string): [Link, Link] => {
    const [near, far] = memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host });
    return [near, tapped(far, { said })];
  };

const isProgress = ({ method }: Frame): boolean => method === '$/progress';
const isAnswer = (frame: Frame): boolean =>
  'result' in frame && (frame['result'] as { by?: string } | null)?.by !== undefined;
const failing = (error: object) => (frame: Frame) =>
  isAnswer(frame) ? { jsonrpc: '2.0', id: frame['id'], error } : frame;

test('a forged state or gap from an agent is neither believed nor fatal (ATK-E6, ATK-E10)', async () => {
  const forged = [
    { kind: 'status', value: { state: 'completed', agent_id: 'orchestrator' } },
    { kind: 'gap', value: { from: { toString: 1, valueOf: 1 }, to: 5 } },
    { kind: 'gap', value: { from: 1, to: 999 } },
  ];
  const mesh = await startMesh(
    [
      echoAgent('parrot', (text, ctx) => {
        for (let event = 0; event < 3; event++) ctx.progress.thought('as it is');
        return text;
      }),
    ],
    {
      link: rewriting((frame) =>
        isProgress(frame) ? { ...frame, params: { ...(frame['params'] as object), ...forged.shift() } } : frame,
      ),
    },
  );
  await mesh.online(1);
  expect(await mesh.operator.request('handoff', ask)).toMatchObject({ by: 'parrot' });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  const seen: { kind: string; value: unknown }[] = [];
  const following = await mesh.operator.subscribe('task/subscribe', { task_id: items[0]!.task_id }, (event) =>
    seen.push(event),
  );
  const states = () =>
    seen.filter(({ kind }) => kind === 'status').map(({ value }) => (value as { state?: string }).state);
  await vi.waitFor(() => expect(states()).toContain('completed'));
  following.stop();
  expect(states()).toEqual(['submitted', 'working', undefined, 'completed']);
  const gaps = seen.filter(({ kind }) => kind === 'gap').map(({ value }) => value as { from: number; to: number });
  expect(gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)).toBe(2);
});

test.each([
  ['a cancel', { code: 4990, message: 'cancelled' }, /^failed$/],
  ['a denial', { code: 4031, message: 'denied' }, /^failed$/],
  // What 5030 asks for it gets: other tries while there is time. That its link was lost is not believed.
  ['a lost link', { code: 5030, message: 'gone', data: { detail: { link_lost: true } } }, /^(5030 )*failed$/],
])('an agent that claims %s has merely failed, with what it said and no more', async (_what, error, outcomes) => {
  const mesh = await startMesh([echoAgent('parrot')], { link: rewriting(failing(error)) });
  await mesh.online(1);
  const asked = mesh.operator.request('handoff', { ...ask, options: { deadline_ms: 2_000 } });
  await expect(asked).rejects.toMatchObject({ code: error.code === 5030 ? 5000 : error.code }); // it was kept (INV12)
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ state: 'failed', error: { code: error.code } });
  expect(items[0]?.attempts.map(({ outcome }) => outcome).join(' ')).toMatch(outcomes);
});

test('a broken replica is left for the one that works, after a moment and not after a day', async () => {
  const clock = manualClock();
  const broken = rewriting(failing({ code: 5030, message: 'no room', data: { retry_after_ms: 1e9 } }));
  const mesh = await startMesh([echoAgent('parrot'), echoAgent('parrot')], {
    clock,
    link: (url) =>
      url.includes('-0.') ? broken(url) : memoryLink({ protocol: 'mesh.v1', dialled: new URL(url).host }),
  });
  await mesh.online(2);
  let answered = 0;
  for (let call = 0; call < 4; call++) {
    void mesh.operator.request('handoff', { ...ask, options: { deadline_ms: 120_000 } }).then(() => answered++);
  }
  for (let turn = 0; turn < 2_000 && answered < 4; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (turn % 50 === 49) clock.advance(1_000);
  }
  expect(answered).toBe(4);
  expect(clock.monotonic()).toBeLessThan(60_000);
});

test('a skill that acts is denied in monitor, whatever class its card names (INV14)', async () => {
  let ran = 0;
  const wipe = skill({
    id: 'wipe_disk',
    title: 'Wipe',
    description: 'Acts.',
    tags: [],
    effect: 'non_idempotent',
    params: z.object({}),
    result: z.object({}),
  });
  const act = wipe.implement(() => {
    ran++;
    return {};
  });
  const mesh = await startMesh([defineAgent({ id: 'wiper', name: 'W', description: 'W.', skills: [act] })]);
  await mesh.online(1);
  await expect(mesh.operator.request('handoff', { to: { skill: 'wipe_disk' }, params: {} })).rejects.toMatchObject({
    code: 4031,
  });
  expect(ran).toBe(0);
});

test('a card cannot offer what is no skill id', () => {
  const named = (id: string) => ({ id, name: id, description: '', tags: [] });
  const card = {
    name: 'x',
    description: 'x',
    version: '1',
    supportedInterfaces: [{ url: 'ws://x', protocolBinding: 'x', protocolVersion: '1.0' }],
    capabilities: {},
    defaultInputModes: [],
    defaultOutputModes: [],
    skills: [named('(\\w+)+$'), named('('), named('__proto__'), named('echo_text')],
  };
  expect([...readCard(card).skills.keys()]).toEqual(['echo_text']);
});

test('an agent whose pin is taken away is given no more work over its standing link', async () => {
  const revoked = new Set<string>();
  const mesh = await startMesh([echoAgent('parrot')], { revoked });
  await mesh.online(1);
  expect(await mesh.operator.request('handoff', ask)).toMatchObject({ by: 'parrot' });
  revoked.add('parrot');
  const refused = mesh.operator.request('handoff', { ...ask, options: { deadline_ms: 200 } });
  await expect(refused).rejects.toMatchObject({ code: 5040 });
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items[0]?.attempts).toEqual([]);
});

test('an agent whose pin is taken away while its card is read is given no work', async () => {
  const revoked = new Set<string>();
  const parrot = echoAgent('parrot');
  const fetchCard = async (url: string) => {
    revoked.add('parrot');
    return cardOf(parrot, url);
  };
  const mesh = await startMesh([parrot], { revoked, orchestrator: { fetchCard } });
  await mesh.online(1);
  const refused = mesh.operator.request('handoff', { ...ask, options: { deadline_ms: 200 } });
  await expect(refused).rejects.toMatchObject({ code: 5040 });
});

describe('an agent whose pin is taken away while it works (wire.md 4, 10)', () => {
  /** `parrot` works as the test says until its pin is gone; only then is there `crow`, who could do the same. */
  async function revokedAtWork(run: (ctx: SkillContext) => Promise<string>) {
    const clock = manualClock();
    const revoked = new Set<string>();
    const closed: number[] = [];
    let is_working = false;
    const parrot = echoAgent('parrot', (_text, ctx) => {
      is_working = true;
      return run(ctx);
    });
    const mesh = await startMesh([parrot, echoAgent('crow')], {
      clock,
      revoked,
      link: (url) => {
        const [near, far] = memoryLink({ clock, dialled: new URL(url).host });
        return [url.includes('parrot') ? tapped(near, { closing: (code) => closed.push(code) }) : near, far];
      },
    });
    await mesh.online(2);
    mesh.orchestrator.setDrained('crow', true);
    const answer = mesh.operator.request('handoff', ask);
    while (!is_working) await settled();
    mesh.orchestrator.setDrained('crow', false);
    revoked.add('parrot');
    const outcomes = async () => {
      const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
      return items.map(({ attempts }) => attempts.map(({ agent_id, outcome }) => `${agent_id} ${outcome}`));
    };
    return { clock, closed, answer, outcomes };
  }

  test('and says nothing is closed with 4001 within two seconds; its attempt is lost, and another does the work', async () => {
    const { clock, closed, answer, outcomes } = await revokedAtWork((ctx) => untilStopped(ctx, () => 'too late'));
    await runFor(clock, 2_000);
    expect(closed[0]).toBe(4001);
    expect(await answer).toEqual({ text: 'x', by: 'crow' });
    expect(await outcomes()).toEqual([['parrot revoked', 'crow completed']]);
  });

  test.each([
    ['answers', () => 'mine'],
    [
      'fails',
      () => {
        throw new Error('mine');
      },
    ],
  ])('and %s at once is not believed', async (_what, say) => {
    let finish: () => void = () => undefined;
    const { clock, closed, answer, outcomes } = await revokedAtWork(async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return say();
    });
    finish();
    await runFor(clock, 0);
    expect(await answer).toEqual({ text: 'x', by: 'crow' });
    expect(closed).toEqual([4001]);
    expect(await outcomes()).toEqual([['parrot revoked', 'crow completed']]);
  });

  test('and hands work on is told 4010, and closed with 4001 once it was told', async () => {
    let handOn: () => void = () => undefined;
    let told: unknown;
    const { clock, closed, answer, outcomes } = await revokedAtWork(async (ctx) => {
      await new Promise<void>((resolve) => (handOn = resolve));
      const asked = { to: { agent_id: 'crow', skill: 'echo_text' }, params: { text: 'x' }, reason: 'on' };
      told = await ctx.handoff(asked).catch((reason: unknown) => reason);
      return untilStopped(ctx, () => 'too late');
    });
    handOn();
    await settled();
    expect(told).toMatchObject({ code: 4010 });
    await runFor(clock, 0);
    expect(closed).toEqual([4001]);
    expect(await answer).toEqual({ text: 'x', by: 'crow' });
    expect(await outcomes()).toEqual([['parrot revoked', 'crow completed']]); // and no task that it handed on
  });
});
