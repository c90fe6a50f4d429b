/** A peer answers: every frame as the wire says, each call settled once, nothing told that is nobody's business. */
import { describe, expect, test } from 'vitest';
import type { MethodHandler } from '../../mesh/index.ts';
import { AuroraError } from '../../protocol/index.ts';
import { rawPeer, still } from './raw-peer.ts';

const gate = () => {
  let open: (value?: unknown) => void = () => undefined;
  const opened = new Promise<unknown>((resolve) => (open = resolve));
  return { open: (value?: unknown) => open(value), opened };
};
const call = (id: unknown, method = 'slow', params: unknown = {}) => ({ jsonrpc: '2.0', method, params, id });

describe('the three frames of the reference, on a bare peer', () => {
  const request =
    '{"jsonrpc":"2.0","method":"analyze_threat","params":{"alert_id":"ALRT-2026-05821","iocs":[{"type":"ip","value":"45.33.32.156"}]},"id":"req-001"}';

  test('the answer has the result and the same id, byte for byte (REQ-M01, REQ-M07, REQ-M09)', async () => {
    const seen: unknown[] = [];
    const raw = rawPeer({
      methods: {
        analyze_threat: (params) => {
          seen.push(params);
          return { severity: 'high', confidence: 0.9, mitre_techniques: ['T1071'], iocs: [] };
        },
      },
    });
    await raw.ask(request);
    expect(seen).toEqual([{ alert_id: 'ALRT-2026-05821', iocs: [{ type: 'ip', value: '45.33.32.156' }] }]);
    expect(raw.heard.texts).toEqual([
      '{"jsonrpc":"2.0","result":{"severity":"high","confidence":0.9,"mitre_techniques":["T1071"],"iocs":[]},"id":"req-001"}',
    ]);
  });

  test('an unknown method is -32601 without data, with the same id, byte for byte (REQ-M10)', async () => {
    const raw = rawPeer();
    await raw.ask(request);
    expect(raw.heard.texts).toEqual([
      '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"req-001"}',
    ]);
  });

  test('a result of nothing is null, so that the answer is one', async () => {
    const raw = rawPeer({ methods: { nothing: () => undefined } });
    expect(await raw.ask(call(1, 'nothing'))).toEqual([{ jsonrpc: '2.0', result: null, id: 1 }]);
  });
});

describe('what names no method', () => {
  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'rpc.x',
    '',
    'a'.repeat(10_240),
    'Echo',
    ' echo',
    '$/unknown',
  ])('ATK-A10: %j is -32601 and invokes nothing', async (method) => {
    let runs = 0;
    const raw = rawPeer({ methods: { echo: () => ++runs } });
    const answers = await raw.ask(call(1, method));
    expect(answers).toEqual([{ jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: 1 }]);
    expect(runs).toBe(0);
  });

  test('unknown notifications are ignored, those under $/ too', async () => {
    const raw = rawPeer();
    expect(await raw.ask({ jsonrpc: '2.0', method: '$/unknown', params: {} })).toEqual([]);
    expect(await raw.ask({ jsonrpc: '2.0', method: 'mesh/unknown' })).toEqual([]);
    expect(raw.link.open).toBe(true);
  });
});

describe('ids in flight', () => {
  test('ATK-A16: a second request of an id in flight is refused with id null, and the first is answered', async () => {
    const { open, opened } = gate();
    const raw = rawPeer({ methods: { slow: () => opened } });
    raw.say(call('twice'));
    const [refused] = await raw.ask(call('twice'));
    expect(refused).toMatchObject({ id: null, error: { code: -32600 } });
    expect(JSON.stringify(refused)).toContain('twice');
    open('first');
    await still();
    expect(raw.frames().slice(1)).toEqual([{ jsonrpc: '2.0', result: 'first', id: 'twice' }]);
    expect(await raw.ask(call('twice', 'none'))).toMatchObject([{ id: 'twice', error: { code: -32601 } }]);
  });

  test.each([
    ['names no method', call('twice', 'none')],
    ['is no request', { jsonrpc: '1.0', method: 'slow', id: 'twice' }],
    ['has bad params', call('twice', 'slow', 'text')],
  ])('ATK-A16: a frame of an id in flight that %s leaves the first unharmed as well', async (_name, frame) => {
    const { open, opened } = gate();
    const raw = rawPeer({ methods: { slow: () => opened } });
    raw.say(call('twice'));
    expect(await raw.ask(frame)).toMatchObject([{ id: null, error: { code: -32600 } }]);
    open('first');
    await still();
    expect(raw.frames().at(-1)).toEqual({ jsonrpc: '2.0', result: 'first', id: 'twice' });
  });

  test('ATK-A16: inside one batch too; 1 and "1" are two ids', async () => {
    const raw = rawPeer({ methods: { echo: (params) => params } });
    const [answers] = await raw.ask([call(1, 'echo', ['a']), call(1, 'echo', ['b']), call('1', 'echo', ['c'])]);
    expect(answers).toMatchObject([
      { id: 1, result: ['a'] },
      { id: null, error: { code: -32600 } },
      { id: '1', result: ['c'] },
    ]);
  });

  test('64 requests may run at once; the next is 4290 with a time to come back, and room comes again', async () => {
    const { open, opened } = gate();
    const raw = rawPeer({ methods: { slow: () => opened, quick: () => 'ok' } });
    for (let id = 1; id <= 64; id++) raw.say(call(id));
    const [refused] = await raw.ask(call(65, 'quick'));
    expect(refused).toMatchObject({ id: 65, error: { code: 4290, data: { retry_after_ms: 1_000, retryable: true } } });
    open();
    await still();
    expect(raw.heard.texts).toHaveLength(65);
    expect(await raw.ask(call(66, 'quick'))).toEqual([{ jsonrpc: '2.0', result: 'ok', id: 66 }]);
  });
});

describe('batches', () => {
  const echo: MethodHandler = (params) => params ?? null;

  test('ATK-A14: answers come in one array, also for one element; notifications alone are answered by nothing', async () => {
    const raw = rawPeer({ methods: { echo } });
    expect(await raw.ask([call(1, 'echo')])).toEqual([[{ jsonrpc: '2.0', result: {}, id: 1 }]]);
    expect(await raw.ask([{ jsonrpc: '2.0', method: 'echo' }])).toEqual([]);
    expect(await raw.ask('[{"jsonrpc":"2.0","method":"echo"},null]')).toMatchObject([[{ id: null }]]);
    expect(await raw.ask('[null]')).toMatchObject([[{ error: { code: -32600 }, id: null }]]);
    expect(await raw.ask('[]')).toMatchObject([{ error: { code: -32600 }, id: null }]);
  });

  test('ATK-A14: 10 000 calls in one frame are one refusal, and none of them runs', async () => {
    let runs = 0;
    const raw = rawPeer({ methods: { echo: () => ++runs } });
    const answers = await raw.ask(Array.from({ length: 10_000 }, (_, id) => call(id, 'echo')));
    expect(answers).toMatchObject([{ error: { code: -32600 }, id: null }]);
    expect(runs).toBe(0);
  });

  test('answers that each fit but not all together: those over the frame are 4130, the others arrive', async () => {
    const raw = rawPeer({ methods: { big: () => 'x'.repeat(40_000) }, limits: { frame_bytes_max: 100_000 } });
    await raw.ask(Array.from({ length: 4 }, (_, id) => call(id, 'big')));
    expect(Buffer.byteLength(raw.heard.texts[0]!)).toBeLessThanOrEqual(100_000);
    const [answers] = raw.frames() as { id: number; error?: { code: number } }[][];
    expect(answers!.map(({ id, error }) => [id, error?.code])).toEqual([
      [0, undefined],
      [1, undefined],
      [2, 4130],
      [3, 4130],
    ]);
  });
});

describe('quotas', () => {
  const quota = { frames_per_s: 10, burst_frames: 20 };
  const echo: MethodHandler = (params) => params ?? null;

  test('ATK-A14: each entry of a batch costs as much as a frame', async () => {
    const raw = rawPeer({ methods: { echo }, quota });
    raw.say(Array.from({ length: 32 }, (_, id) => call(id, 'echo')));
    await still();
    expect(raw.link.open).toBe(true);
    raw.say(Array.from({ length: 9 }, (_, id) => call(id, 'echo')));
    expect(await raw.heard.closed).toMatchObject({ code: 4029 });
  });

  test('ATK-A8: a flood of frames is closed 4029 after the burst; the average goes on for ever', async () => {
    const steady = rawPeer({ methods: { echo }, quota });
    for (let second = 0; second < 100; second++) {
      for (let id = 0; id < 10; id++) steady.say(call(id, 'echo'));
      await still();
      steady.clock.advance(1_000);
    }
    expect(steady.heard.texts).toHaveLength(1_000);

    const flood = rawPeer({ methods: { echo }, quota });
    for (let id = 0; id < 10_000; id++) flood.say(call(id, 'echo'));
    expect(await flood.heard.closed).toMatchObject({ code: 4029 });
    expect(flood.heard.texts.length).toBeLessThanOrEqual(40);
    expect(flood.metrics.of('links_closed_total')).toBe(1);
  });

  test('ATK-E10: over the average thoughts and logs are shed first, results and states still count, then 4029', async () => {
    const raw = rawPeer({ protocol: 'mesh.v1', quota });
    const kinds: string[] = [];
    const work = raw.peer.request('work', {}, { onProgress: ({ kind }) => kinds.push(kind) });
    await still();
    const progress = (kind: string, seq: number) => ({
      jsonrpc: '2.0',
      method: '$/progress',
      params: { token: 1, seq, at: '2026-01-01T00:00:00.000Z', kind, value: { text: 'x' } },
    });
    for (let seq = 1; seq <= 20; seq++) raw.say(progress('thought', seq));
    for (let seq = 21; seq <= 25; seq++) raw.say(progress('thought', seq));
    raw.say([progress('log', 26), progress('status', 27), progress('thought', 28), progress('artifact', 29)]);
    raw.say({ jsonrpc: '2.0', result: 'done', id: 1 });
    expect(await work).toBe('done');
    expect(kinds.filter((kind) => kind === 'thought')).toHaveLength(20);
    expect(kinds.slice(20)).toEqual(['status', 'artifact']);
    expect(raw.metrics.of('progress_shed_total')).toBe(7);
    for (let seq = 30; seq <= 45; seq++) raw.say(progress('thought', seq));
    expect(await raw.heard.closed).toMatchObject({ code: 4029 });
  });

  test('answers to our own questions cost nothing', async () => {
    const raw = rawPeer({ quota: { frames_per_s: 1, burst_frames: 1 } });
    const asked = Array.from({ length: 100 }, () => raw.peer.request('work', {}));
    for (let id = 1; id <= 100; id++) raw.say({ jsonrpc: '2.0', result: id, id });
    expect(await Promise.all(asked)).toHaveLength(100);
    expect(raw.link.open).toBe(true);
  });
});

describe('errors', () => {
  const circle = () => {
    const self: Record<string, unknown> = {};
    return Object.assign(self, { self });
  };
  const broken: MethodHandler = () => {
    throw new Error('SELECT secret FROM /etc/passwd', { cause: new Error('deeper') });
  };

  test('ATK-A19: a handler that throws says nothing of why: no stack, no path, no SQL; the log has it under the request id', async () => {
    for (const protocol of ['', 'mesh.v1']) {
      const raw = rawPeer({ protocol, methods: { broken } });
      await raw.ask(call(1, 'broken'));
      const [text] = raw.heard.texts;
      expect(text).toContain('-32603');
      expect(text).not.toMatch(/SELECT|passwd|deeper|\.ts|at /);
      const line = raw.log.lines.find(({ level }) => level === 'error');
      const { request_id } = line!.fields as { request_id: string };
      expect(text).toContain(request_id);
      expect(JSON.stringify(line)).toContain('SELECT');
    }
  });

  test.each([
    ['a rejection', () => Promise.reject(new TypeError('secret'))],
    ['a big integer as result', () => 1n],
    ['a circle as result', () => circle()],
  ])('a handler that gives %s is -32603, and the peer lives on', async (_name, handler) => {
    const raw = rawPeer({ methods: { odd: handler, echo: () => 'ok' } });
    const [answer] = await raw.ask(call(1, 'odd'));
    expect(answer).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(await raw.ask(call(1, 'echo'))).toMatchObject([{ result: 'ok' }]);
  });

  test('under mesh.v1 every error has data: code, message, detail, timestamp, request id, whether to repeat', async () => {
    const missing: MethodHandler = () => {
      throw new AuroraError(4041, { detail: { case_id: 'c1' } });
    };
    const raw = rawPeer({ protocol: 'mesh.v1', methods: { missing } });
    const answers = [
      ...(await raw.ask(call(1, 'missing'))),
      ...(await raw.ask(call(2, 'none'))),
      ...(await raw.ask('{')),
    ];
    const data = { timestamp: '2026-01-01T00:00:00.000Z', request_id: expect.any(String) as string, retryable: false };
    expect(answers).toMatchObject([
      { id: 1, error: { code: 4041, data: { ...data, code: 'AURORA-4041', detail: { case_id: 'c1' } } } },
      { id: 2, error: { code: -32601, data: { ...data, code: 'JSONRPC-32601', message: 'Method not found' } } },
      { id: null, error: { code: -32700, data: { ...data, code: 'JSONRPC-32700', message: 'Parse error' } } },
    ]);
  });

  test('bare, the codes of JSON-RPC have no data but name the request id; ours have data', async () => {
    const raw = rawPeer({
      methods: {
        strict: () => {
          throw new AuroraError(-32602, { message: 'Invalid params: /iocs is missing', detail: { issues: [] } });
        },
        missing: () => {
          throw new AuroraError(4041);
        },
      },
    });
    const [bad] = (await raw.ask(call(1, 'strict'))) as [{ error: { message: string } }];
    expect(bad.error).toEqual({
      code: -32602,
      message: expect.stringMatching(/^Invalid params: \/iocs is missing \(request [0-9a-f-]{36}\)$/) as string,
    });
    expect(await raw.ask(call(2, 'missing'))).toMatchObject([{ error: { code: 4041, data: { code: 'AURORA-4041' } } }]);
    expect(await raw.ask('{')).toEqual([
      { jsonrpc: '2.0', error: { code: -32700, message: expect.stringMatching(/^Parse error/) as string }, id: null },
    ]);
  });

  test('an answer over the frame size is 4130, and the link lives on', async () => {
    const raw = rawPeer({
      methods: { big: () => 'x'.repeat(1_001), echo: () => 'ok' },
      limits: { frame_bytes_max: 1_000 },
    });
    const [answer] = await raw.ask(call(1, 'big'));
    expect(answer).toMatchObject({ id: 1, error: { code: 4130, data: { detail: { frame_bytes_max: 1_000 } } } });
    expect(await raw.ask(call(2, 'echo'))).toMatchObject([{ result: 'ok' }]);
  });
});

describe('a reader who does not read', () => {
  test('many large answers do not stop the link: what was held back goes on when they are gone', async () => {
    const raw = rawPeer({ methods: { big: () => 'x'.repeat(700_000), echo: () => 'ok' } });
    raw.link.pause();
    raw.say(call(1, 'big'));
    raw.say(call(2, 'big'));
    await still();
    raw.say(call(3, 'echo'));
    await still();
    raw.link.resume();
    await still();
    expect(raw.heard.texts).toHaveLength(2); // the third was not read: the first two were not gone
    raw.clock.advance(20);
    await still();
    expect(raw.frames()[2]).toEqual({ jsonrpc: '2.0', result: 'ok', id: 3 });
  });

  test('ATK-I4: an asker that never reads is cut once nothing was taken for the time, and not before', async () => {
    const raw = rawPeer({ methods: { big: () => 'x'.repeat(700_000) }, limits: { stall_ms_max: 100 } });
    raw.link.pause();
    for (let id = 1; id <= 4; id++) raw.say(call(id, 'big'));
    await still();
    raw.clock.advance(80);
    await still();
    expect(raw.heard.ended).toBeUndefined();
    raw.clock.advance(40);
    expect(await raw.peer.closed).toEqual({ code: 1006, reason: 'cut' });
    expect(raw.metrics.of('links_closed_total')).toBe(1);
  });

  test('ATK-I4: one that reads slowly is kept for as long as it goes on reading', async () => {
    const raw = rawPeer({ methods: { big: () => 'x'.repeat(700_000) }, limits: { stall_ms_max: 100 } });
    raw.link.pause();
    raw.heard.onText = () => raw.link.pause(); // one frame at a time
    for (let id = 1; id <= 6; id++) raw.say(call(id, 'big'));
    await still();
    for (let taken = 0; taken < 4; taken++) {
      raw.clock.advance(80);
      raw.link.resume();
      await still();
    }
    expect(raw.peer.link.unsent_bytes).toBe(2 * (700_000 + 44));
    expect(raw.peer.link.open).toBe(true);
  });
});

describe('answers to our requests', () => {
  test('each request is settled once, by its own id and by nothing else', async () => {
    const raw = rawPeer();
    const first = raw.peer.request('a', {});
    const second = raw.peer.request('b', {});
    await still();
    expect(raw.frames()).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'a', params: {} },
      { jsonrpc: '2.0', id: 2, method: 'b', params: {} },
    ]);
    raw.say([
      { jsonrpc: '2.0', result: 'second', id: 2 },
      { jsonrpc: '2.0', result: 'again', id: 2 },
    ]);
    expect(await second).toBe('second');
    raw.say({ jsonrpc: '2.0', error: { code: 4041, message: 'Case not found', data: { detail: { a: 1 } } }, id: 1 });
    await expect(first).rejects.toMatchObject({ code: 4041, message: 'Case not found', detail: { a: 1 } });
    expect(raw.metrics.of('late_results_total')).toBe(1);
    expect(raw.metrics.of('strikes_total')).toBe(0);
  });

  test('ATK-A15: a late result is counted and dropped, a hundred times, without a strike', async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {}, { timeout_ms: 100 });
    await still();
    raw.clock.advance(100);
    await expect(asked).rejects.toMatchObject({ code: 5040 });
    for (let time = 0; time < 100; time++) raw.say({ jsonrpc: '2.0', result: time, id: 1 });
    await still();
    expect(raw.metrics.of('late_results_total')).toBe(100);
    expect(raw.link.open).toBe(true);
  });

  test.each([
    ['an id that was never issued', { jsonrpc: '2.0', result: 1, id: 99 }],
    ['an id of another type', { jsonrpc: '2.0', result: 1, id: '1' }],
    ['an id below the first', { jsonrpc: '2.0', result: 1, id: 0 }],
    ['both result and error', { jsonrpc: '2.0', result: 1, error: { code: 1, message: 'm' }, id: 1 }],
  ])('ATK-A15: answers with %s leave the pending call alone; ten in a minute close 4000', async (_name, frame) => {
    const raw = rawPeer();
    let is_settled = false;
    const asked = raw.peer.request('a', {}).finally(() => (is_settled = true));
    asked.catch(() => undefined);
    for (let time = 0; time < 9; time++) raw.say(frame);
    await still();
    expect([raw.link.open, is_settled]).toEqual([true, false]);
    expect(raw.heard.texts).toHaveLength(1);
    raw.clock.advance(60_001);
    raw.say(frame);
    await still();
    expect(raw.link.open).toBe(true); // nine of them are older than a minute
    for (let time = 0; time < 9; time++) raw.say(frame);
    expect(await raw.heard.closed).toMatchObject({ code: 4000 });
    await expect(asked).rejects.toMatchObject({ code: 5030 });
  });

  test('an error with id null is logged, answered by nothing and no strike', async () => {
    const raw = rawPeer();
    expect(await raw.ask({ jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null })).toEqual([]);
    expect(raw.metrics.of('strikes_total')).toBe(0);
    expect(raw.log.lines.some(({ level }) => level === 'warn')).toBe(true);
  });

  test('ATK-A9: an answer nested too deeply settles its call with 5000', async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {});
    raw.say(`{"jsonrpc":"2.0","result":${'['.repeat(200_000)}${']'.repeat(200_000)},"id":1}`);
    await expect(asked).rejects.toMatchObject({ code: 5000 });
  });

  test('a code that is not in the table is 5000 and names the code; a text of any length is cut', async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {});
    raw.say({ jsonrpc: '2.0', error: { code: 12345, message: 'x'.repeat(100_000) }, id: 1 });
    const error = await asked.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 5000, detail: { peer_code: 12345 } });
    expect((error as Error).message.length).toBeLessThanOrEqual(1_024);
  });

  test('when the link goes, every waiting call is 5030 with link_lost, and a new one is refused at once', async () => {
    const raw = rawPeer();
    const asked = [raw.peer.request('a', {}), raw.peer.request('b', {})];
    const outcomes = Promise.allSettled(asked);
    await still();
    raw.link.cut();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 5030, detail: { link_lost: true, close_code: 1006 } } });
    }
    await expect(raw.peer.request('c', {})).rejects.toMatchObject({ code: 5030 });
  });

  test('a request over the frame size is 4130 here and never sent', async () => {
    const raw = rawPeer({ limits: { frame_bytes_max: 1_000 } });
    await expect(raw.peer.request('a', { text: 'x'.repeat(1_000) })).rejects.toMatchObject({ code: 4130 });
    expect(raw.heard.texts).toEqual([]);
  });

  test("that a frame is too large is seen here: the same words in an answer are the other end's error", async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {});
    await still();
    raw.say({ jsonrpc: '2.0', id: 1, error: { code: 4030, message: 'the frame is too large' } });
    await expect(asked).rejects.toMatchObject({ code: 4030 });
  });
});

describe('cancel and deadline', () => {
  test('a cancelled request is answered: the partial result is taken within the grace', async () => {
    const raw = rawPeer();
    const stop = new AbortController();
    const asked = raw.peer.request('a', {}, { signal: stop.signal });
    stop.abort(new AuroraError(4990, { message: 'enough' }));
    await still();
    expect(raw.frames()[1]).toEqual({ jsonrpc: '2.0', method: '$/cancel', params: { id: 1, reason: 'enough' } });
    raw.say({ jsonrpc: '2.0', result: { partial: true }, id: 1 });
    expect(await asked).toEqual({ partial: true });
    raw.clock.advance(10_000);
    expect(raw.heard.texts).toHaveLength(2);
  });

  test('a callee that does not answer a cancel is given up with 4990 after the grace, once', async () => {
    const raw = rawPeer();
    const stop = new AbortController();
    const asked = raw.peer.request('a', {}, { signal: stop.signal });
    stop.abort();
    await still();
    raw.clock.advance(1_999);
    raw.clock.advance(1);
    await expect(asked).rejects.toMatchObject({ code: 4990 });
    raw.say({ jsonrpc: '2.0', result: 'late', id: 1 });
    await still();
    expect(raw.metrics.of('late_results_total')).toBe(1);
  });

  test('at its deadline a request is 5040, and the callee is told to stop', async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {}, { timeout_ms: 250 });
    raw.clock.advance(250);
    await expect(asked).rejects.toMatchObject({ code: 5040 });
    await still();
    expect(raw.frames()[1]).toMatchObject({ method: '$/cancel', params: { id: 1 } });
    expect(raw.clock.nextAt()).toBeUndefined();
  });

  test('an answered request leaves no timer behind', async () => {
    const raw = rawPeer();
    const asked = raw.peer.request('a', {}, { timeout_ms: 250 });
    raw.say({ jsonrpc: '2.0', result: 1, id: 1 });
    await asked;
    expect(raw.clock.nextAt()).toBeUndefined();
  });

  test('$/cancel aborts exactly the call of that id and type; a cancel of nothing does nothing', async () => {
    const aborted: unknown[] = [];
    const wait: MethodHandler = (_params, { stop: { signal } }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push(signal.reason);
          reject(AuroraError.from(signal.reason));
        });
      });
    const raw = rawPeer({ methods: { wait } });
    raw.say(call(1, 'wait'));
    raw.say(call('1', 'wait'));
    const cancel = (id: unknown) => ({ jsonrpc: '2.0', method: '$/cancel', params: { id, reason: 'x' } });
    raw.say(cancel(2));
    raw.say(cancel({}));
    raw.say({ jsonrpc: '2.0', method: '$/cancel' });
    await still();
    expect([raw.peer.running, raw.heard.texts]).toEqual([2, []]);
    raw.say(cancel('1'));
    await still();
    expect(raw.frames()).toMatchObject([{ id: '1', error: { code: 4990 } }]);
    expect(raw.peer.running).toBe(1);
    expect(aborted).toHaveLength(1);
  });

  test('when the link goes, running calls are told', async () => {
    let reason: unknown;
    const wait: MethodHandler = (_params, { stop: { signal } }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reason = signal.reason;
          resolve(null);
        });
      });
    const raw = rawPeer({ methods: { wait } });
    raw.say(call(1, 'wait'));
    await still();
    raw.link.cut();
    await still();
    expect(reason).toMatchObject({ code: 4990 });
    await raw.peer.idle();
    expect(raw.peer.running).toBe(0);
  });
});

describe('progress', () => {
  const progress = (token: unknown, seq: number, kind = 'status') => ({
    jsonrpc: '2.0',
    method: '$/progress',
    params: { token, seq, at: '2026-01-01T00:00:00.000Z', kind, value: seq },
  });

  test('it is heard in order, by the request it belongs to, until the answer', async () => {
    const raw = rawPeer({ protocol: 'mesh.v1' });
    const heard: [string, unknown][] = [];
    const first = raw.peer.request('a', {}, { onProgress: ({ value }) => heard.push(['first', value]) });
    const second = raw.peer.request(
      'b',
      { _meta: { traceparent: 't' } },
      { onProgress: ({ value }) => heard.push(['second', value]) },
    );
    await still();
    expect(raw.frames()).toMatchObject([
      { id: 1, params: { _meta: { progress_token: 1 } } },
      { id: 2, params: { _meta: { traceparent: 't', progress_token: 2 } } },
    ]);
    for (const frame of [progress(2, 1), progress(1, 1), progress(1, 2), progress(2, 2)]) raw.say(frame);
    raw.say({ jsonrpc: '2.0', result: null, id: 1 });
    raw.say(progress(1, 3));
    raw.say({ jsonrpc: '2.0', result: null, id: 2 });
    await Promise.all([first, second]);
    expect(heard).toEqual([
      ['second', 1],
      ['first', 1],
      ['first', 2],
      ['second', 2],
    ]);
  });

  test('ATK-E6: progress for a token that is not ours, or that is malformed, is dropped and counted', async () => {
    const raw = rawPeer({ protocol: 'mesh.v1' });
    const heard: unknown[] = [];
    const asked = raw.peer.request('a', {}, { onProgress: (event) => heard.push(event) });
    for (const frame of [
      progress(7, 1),
      progress('1', 1),
      progress(1, 0),
      progress(1, 1, 'gossip'),
      progress(1.5, 1),
    ]) {
      raw.say(frame);
    }
    raw.say({ jsonrpc: '2.0', result: null, id: 1 });
    await asked;
    expect(heard).toEqual([]);
    expect(raw.metrics.of('progress_dropped_total')).toBe(5);
  });

  test('a subscription hears progress after its answer, until it stops', async () => {
    const raw = rawPeer({ protocol: 'mesh.v1' });
    const heard: unknown[] = [];
    const asked = raw.peer.subscribe('task/subscribe', { task_id: 't' }, ({ value }) => heard.push(value));
    raw.say({ jsonrpc: '2.0', result: 'snapshot', id: 1 });
    const subscription = await asked;
    raw.say(progress(1, 1));
    await still();
    subscription.stop();
    raw.say(progress(1, 2));
    await still();
    expect([subscription.result, heard]).toEqual(['snapshot', [1]]);
  });
});

describe('notifications', () => {
  test('ATK-A17: a notification of a method has no effect: the method never runs, nothing is answered', async () => {
    let runs = 0;
    const raw = rawPeer({
      methods: { handoff: () => ++runs, 'task/cancel': () => ++runs, 'agent/register': () => ++runs },
    });
    for (const method of ['handoff', 'task/cancel', 'agent/register']) {
      expect(await raw.ask({ jsonrpc: '2.0', method, params: { task_id: 't' } })).toEqual([]);
      expect(await raw.ask([{ jsonrpc: '2.0', method, params: {} }])).toEqual([]);
    }
    expect(runs).toBe(0);
  });

  test('a notification whose hearer throws is logged, and the peer lives on', async () => {
    const raw = rawPeer({
      notifications: {
        'mesh/goaway': () => {
          throw new Error('not understood');
        },
      },
    });
    expect(await raw.ask({ jsonrpc: '2.0', method: 'mesh/goaway', params: {} })).toEqual([]);
    expect(raw.log.lines.some(({ text }) => text.includes('not understood'))).toBe(true);
    expect(raw.link.open).toBe(true);
  });
});

describe('the end of the link', () => {
  test('is told to whoever keeps the peer, once, and to whoever asks for it before or after', async () => {
    const told: unknown[] = [];
    const raw = rawPeer({ onClosed: (peer, end) => told.push([peer, end]) });
    const before = raw.peer.closed;
    raw.link.close(1001, 'going away');
    await still();
    const end = { code: 1001, reason: 'going away' };
    expect(told).toEqual([[raw.peer, end]]);
    expect(await Promise.all([before, raw.peer.closed])).toEqual([end, end]);
  });

  test('is heard by requests that wait, and a request that comes later is refused at once', async () => {
    const raw = rawPeer();
    const asked = [1, 2].map(() => raw.peer.request('slow', {}).catch((reason: unknown) => reason));
    raw.link.cut();
    expect(await Promise.all(asked)).toMatchObject([{ code: 5030 }, { code: 5030 }]);
    await expect(raw.peer.request('slow', {})).rejects.toMatchObject({ code: 5030 });
  });

  test('answers to requests that overlap find their askers, whichever was the last to wait', async () => {
    const raw = rawPeer();
    const first = raw.peer.request('slow', {});
    raw.say({ jsonrpc: '2.0', id: 1, result: 'one' });
    await still();
    expect(await first).toBe('one');
    const [second, third] = [raw.peer.request('slow', {}), raw.peer.request('slow', {})];
    raw.say({ jsonrpc: '2.0', id: 3, result: 'three' });
    await still();
    raw.say({ jsonrpc: '2.0', id: 2, result: 'two' });
    expect(await Promise.all([second, third])).toEqual(['two', 'three']);
    expect(raw.metrics.of('strikes_total')).toBe(0);
  });
});
