/** Where skills run: once per fence, in their lanes, until they answer, are cancelled or run out of time. */
import { describe, expect, test } from 'vitest';
import type { Peer } from '../../mesh/index.ts';
import type { AuroraError, ProgressEvent } from '../../protocol/index.ts';
import { doorstep, routingTo, type Doorstep, type Run } from './doorstep.ts';
import { still } from './raw-peer.ts';

const read = { text: 'x' };
const handed = (door: Doorstep, about: Record<string, unknown> = {}) => ({
  ...read,
  _meta: { handoff: routingTo(door.clock, about) },
});

describe('a handoff', () => {
  test('runs with its routing taken out of the params, and the rest of its time to live', async () => {
    const seen: unknown[] = [];
    const run: Run = (text, ctx) => {
      seen.push([text, ctx.remaining_ms()]);
      return text;
    };
    const door = doorstep({ run });
    const peer = await door.enter(door.orchestrator);
    expect(await peer.request('read_text', handed(door, { budget_ms: 1_234 }))).toEqual(read);
    expect(seen).toEqual([['x', 1_234]]);
  });

  test('ATK-E5: replayed with changed params, or with an older fence, is 4090 and runs once', async () => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const peer = await door.enter(door.orchestrator);
    await peer.request('write_text', handed(door, { fence: 5 }));
    for (const [fence, text] of [
      [6, 'changed'],
      [5, 'changed'],
      [4, 'x'],
      [0, 'x'],
    ] as const) {
      const replayed = peer.request('write_text', { ...handed(door, { fence }), text });
      await expect(replayed).rejects.toMatchObject({ code: 4090, detail: { fence } });
    }
    await expect(peer.request('read_text', handed(door, { fence: 5 }))).rejects.toMatchObject({ code: 4090 });
    await peer.request('write_text', handed(door, { fence: 1, task_id: 'task_2' }));
    expect(runs).toBe(2);
  });

  test('ATK-E5: captured and sent again unchanged, on any proven link, runs nothing: it is answered what is kept', async () => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const first = await door.enter(door.orchestrator);
    expect(await first.request('read_text', handed(door))).toEqual({ text: '1' });
    const second = await door.enter({ ...door.orchestrator, instance_id: 'orchestrator-2' });
    for (const peer of [first, second]) {
      expect(await peer.request('read_text', handed(door))).toEqual({ text: '1' });
    }
    expect(runs).toBe(1);
  });

  test('ATK-E5: the fence of an attempt that was stopped, and so left nothing to answer, is not taken again', async () => {
    const door = doorstep({ run: (_text, { signal }) => new Promise((_, no) => signal.addEventListener('abort', no)) });
    const peer = await door.enter(door.orchestrator);
    const stop = new AbortController();
    const asked = peer.request('read_text', handed(door), { signal: stop.signal });
    await still();
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 4990 });
    await expect(peer.request('read_text', handed(door))).rejects.toMatchObject({ code: 4090, detail: { fence: 1 } });
  });

  test('comes as often as the orchestrator has room for: its frames are not counted, those of an operator are', async () => {
    const door = doorstep({ host: { quota: { frames_per_s: 1, burst_frames: 3 } } });
    const peer = await door.enter(door.orchestrator);
    for (let nth = 0; nth < 50; nth++) await peer.request('read_text', handed(door, { task_id: `task_${nth}` }));
    const operator = await door.enter(door.operator);
    const asked = Array.from({ length: 50 }, () => operator.request('read_text', read));
    expect((await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(40);
    expect([peer.link.open, operator.link.open]).toEqual([true, false]);
  });

  test('ATK-E5: addressed to another agent is 4030', async () => {
    const door = doorstep();
    const peer = await door.enter(door.orchestrator);
    const asked = peer.request('read_text', handed(door, { to: 'threat-intel' }));
    await expect(asked).rejects.toMatchObject({ code: 4030 });
  });

  test.each([
    ['after its deadline', { deadline: '2025-12-31T23:59:59.000Z' }, 5040],
    ['with no budget left', { budget_ms: 0 }, 5040],
    ['with routing that is none', { fence: 'x' }, -32602],
  ])('ATK-E5: %s it does not start', async (_name, about, code) => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const peer = await door.enter(door.orchestrator);
    await expect(peer.request('read_text', handed(door, about))).rejects.toMatchObject({ code });
    expect(runs).toBe(0);
  });

  test("an operator's call is no handoff: its routing is ignored and it cannot hand off", async () => {
    const door = doorstep({
      run: async (_text, ctx) => ctx.handoff({ to: {}, params: {}, reason: '' }) as Promise<string>,
    });
    const peer = await door.enter(door.operator);
    for (let time = 0; time < 2; time++) {
      await expect(peer.request('read_text', handed(door))).rejects.toMatchObject({ code: 4030 });
    }
  });

  test('ATK-A19: params that do not fit are -32602 naming the path, without their values and without a stack', async () => {
    const door = doorstep();
    const peer = await door.enter(door.operator);
    const errors = [{ text: 5 }, {}, ['secret'], undefined].map((params) =>
      peer.request('read_text', (params ?? {}) as never).then(
        (): AuroraError => expect.unreachable(),
        (reason: unknown) => reason as AuroraError,
      ),
    );
    for (const error of await Promise.all(errors)) {
      expect(error.code).toBe(-32602);
      expect(error.message).toMatch(/^Invalid params: \/(text)? /);
      expect(JSON.stringify([error.message, error.detail])).not.toMatch(/secret|\.ts:/);
    }
  });

  test('a path of the caller that is very long is not sent back at length', async () => {
    const door = doorstep();
    const peer = await door.enter(door.operator);
    const asked = peer.request('read_text', { text: Object.fromEntries([['k'.repeat(10_000), 1]]) });
    const error = (await asked.catch((reason: unknown) => reason)) as AuroraError;
    expect(JSON.stringify([error.message, error.detail]).length).toBeLessThan(2_000);
  });
});

describe('cancel and deadline', () => {
  const forever: Run = () => new Promise(() => undefined);
  const tick = async (door: Doorstep, ms: number) => {
    await still();
    door.clock.advance(ms);
    await still();
  };

  test('a handler that hears the signal answers what it has', async () => {
    const run: Run = (_text, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('half')));
    const door = doorstep({ run });
    const peer = await door.enter(door.operator);
    const stop = new AbortController();
    const asked = peer.request('read_text', read, { signal: stop.signal });
    await still();
    stop.abort();
    expect(await asked).toEqual({ text: 'half' });
  });

  test.each<[string, Run, number]>([
    [
      'throws because of it',
      (_text, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
      0,
    ],
    ['ignores it', forever, 1_500],
  ])('a handler that %s is answered 4990', async (_name, run, grace_ms) => {
    const door = doorstep({ run });
    const peer = await door.enter(door.operator);
    const stop = new AbortController();
    const asked = peer.request('read_text', read, { signal: stop.signal });
    asked.catch(() => undefined);
    await still();
    stop.abort();
    await tick(door, grace_ms);
    await expect(asked).rejects.toMatchObject({ code: 4990 });
    expect(door.metrics.of('late_results_total')).toBe(0); // answered by the host within the grace of the caller
  });

  test('a call that is cancelled in the frame that asks it does not start', async () => {
    let runs = 0;
    const door = doorstep({ run: () => String(++runs) });
    const peer = await door.enter(door.operator);
    const asked = peer.request('read_text', read);
    peer.notify('$/cancel', { id: 2 });
    await expect(asked).rejects.toMatchObject({ code: 4990 });
    expect(runs).toBe(0);
  });

  test('at the end of its budget a call is 5040, and the handler is told', async () => {
    let told: unknown;
    const run: Run = (_text, { signal }) => {
      signal.addEventListener('abort', () => (told = signal.reason as unknown));
      return new Promise(() => undefined);
    };
    const door = doorstep({ run });
    const peer = await door.enter(door.orchestrator);
    const asked = peer.request('read_text', handed(door, { budget_ms: 500 }));
    asked.catch(() => undefined);
    await tick(door, 500);
    await expect(asked).rejects.toMatchObject({ code: 5040 });
    expect(told).toMatchObject({ code: 5040 });
  });

  test('time is monotonic: a jump of the wall while a call runs changes nothing (FLT-X32)', async () => {
    const door = doorstep({ run: forever });
    const peer = await door.enter(door.orchestrator);
    let is_settled = false;
    const asked = peer.request('read_text', handed(door, { budget_ms: 500 })).finally(() => (is_settled = true));
    asked.catch(() => undefined);
    await still();
    door.clock.jumpWall(3_600_000);
    await tick(door, 499);
    expect(is_settled).toBe(false);
    await tick(door, 1);
    await expect(asked).rejects.toMatchObject({ code: 5040 });
  });

  test('a call that waits for a lane is 5040 at its deadline as well, and leaves the queue', async () => {
    const door = doorstep({ run: forever, concurrency: 1 });
    const peer = await door.enter(door.orchestrator);
    const first = peer.request('read_text', handed(door));
    const second = peer.request('read_text', handed(door, { task_id: 'task_2', budget_ms: 100 }));
    for (const asked of [first, second]) asked.catch(() => undefined);
    await tick(door, 100);
    await expect(second).rejects.toMatchObject({ code: 5040 });
    expect(door.host.running).toBe(1);
  });
});

describe('lanes, progress and leaving', () => {
  test('more calls than a skill takes at once wait in order; more than may wait are 4290', async () => {
    const waiting: (() => void)[] = [];
    const started: string[] = [];
    const run: Run = (text) => {
      started.push(text);
      return new Promise((resolve) => void waiting.push(() => resolve(text)));
    };
    const door = doorstep({ run, concurrency: 2, host: { queue_max: 2 } });
    const peer = await door.enter(door.operator);
    const asked = ['a', 'b', 'c', 'd', 'e'].map((text) => peer.request('read_text', { text }));
    await expect(asked[4]).rejects.toMatchObject({ code: 4290, retry_after_ms: 1_000 });
    expect([started, door.host.running]).toEqual([['a', 'b'], 2]);
    waiting[0]!();
    await still();
    expect(started).toEqual(['a', 'b', 'c']);
    for (const finish of waiting) finish();
    await still();
    waiting[3]!();
    expect(await Promise.all(asked.slice(0, 4))).toHaveLength(4);
  });

  test('progress comes in order, numbered from 1, before the answer; a tool call has its digest, outcome and time', async () => {
    const run: Run = async (text, { progress }) => {
      progress.status('begun');
      progress.thought('because');
      await progress.tool('look', { text }, () => 'seen');
      await progress.tool('fall', { text }, () => Promise.reject(new Error('x'))).catch(() => undefined);
      progress.artifact('half', { text });
      return text;
    };
    const door = doorstep({ run });
    const peer = await door.enter(door.orchestrator);
    const events: ProgressEvent[] = [];
    await peer.request('read_text', handed(door), { onProgress: (event) => events.push(event) });
    expect(events.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'status'],
      [2, 'thought'],
      [3, 'tool_call'],
      [4, 'tool_call'],
      [5, 'artifact'],
    ]);
    const tool = { input_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string, duration_ms: 0 };
    expect(events[2]?.value).toEqual({ tool: 'look', outcome: 'ok', ...tool });
    expect(events[3]?.value).toEqual({ tool: 'fall', outcome: 'failed', ...tool });
  });

  test('who did not ask for progress gets none', async () => {
    const door = doorstep({ run: (text, { progress }) => (progress.status('begun'), text) });
    const link = door.link({ protocol: '' });
    const texts: string[] = [];
    link.attach({ onText: (text) => texts.push(text), onClose: () => undefined });
    link.send('{"jsonrpc":"2.0","method":"read_text","params":{"text":"x"},"id":1}');
    await still();
    expect(texts).toEqual(['{"jsonrpc":"2.0","result":{"text":"x"},"id":1}']);
  });

  test('a proven orchestrator is not thrown out for its pace, an operator is', async () => {
    const door = doorstep({ host: { quota: { frames_per_s: 1, burst_frames: 10 } } });
    const ask = async (peer: Peer) => {
      for (let asked = 0; asked < 100; asked++) await peer.request('read_text', read);
    };
    await ask(await door.enter(door.orchestrator));
    const operator = await door.enter(door.operator);
    await expect(ask(operator)).rejects.toMatchObject({ code: 5030 });
    expect(await operator.closed).toMatchObject({ code: 4029 });
  });

  test('a result that breaks its schema is -32603 and says no more', async () => {
    const door = doorstep({ run: () => 5 as unknown as string });
    const peer: Peer = await door.enter(door.operator);
    await expect(peer.request('read_text', read)).rejects.toMatchObject({
      code: -32603,
      message: 'Internal error: the result breaks its schema',
      detail: null,
    });
  });

  test('draining says goaway, refuses new work with 5030, waits for the running call and closes 1001', async () => {
    let finish: () => void = () => undefined;
    const door = doorstep({ run: (text) => new Promise((resolve) => (finish = () => resolve(text))) });
    const peer = await door.enter(door.operator);
    const running = peer.request('read_text', read);
    await still();
    const drained = door.host.drain(10_000);
    await expect(peer.request('read_text', read)).rejects.toMatchObject({ code: 5030 });
    finish();
    expect(await running).toEqual(read);
    expect(await peer.closed).toMatchObject({ code: 1001 });
    await drained;
  });

  test('draining ends after its time even when a call never does', async () => {
    const door = doorstep({ run: () => new Promise(() => undefined) });
    const peer = await door.enter(door.operator);
    peer.request('read_text', read).catch(() => undefined);
    await still();
    const drained = door.host.drain(10_000);
    door.clock.advance(10_000);
    expect(await peer.closed).toMatchObject({ code: 1001 });
    await drained;
  });
});
