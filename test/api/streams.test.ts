/** Live streams: who gets in, what is told again, what is lost, and who is thrown out (T07, ATK-B15, I3, I4). */
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createRateLimiter } from '../../api/rate.ts';
import { createStreams, STREAM_LIMITS, type StreamHub } from '../../api/streams.ts';
import { memoryLink, LINK_LIMITS } from '../../mesh/index.ts';
import { AuroraError, stream, type Caller } from '../../protocol/index.ts';
import { countingMetrics, localBus, manualClock, silentLog, type Bus, type ManualClock } from '../../seams/index.ts';
import { openRaw } from '../mesh/raw.ts';
import { startApi, type Frame, type TestApi } from '../support/api.ts';
import { echoAgent } from '../support/echo.ts';

describe('over a real port', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startApi([], { streams_per_caller_max: 3, origins: ['https://soc.example'] });
  });
  afterAll(() => api.stop());
  const post = (title: string) =>
    api.call('POST', '/api/v1/alerts', { as: 'analyst', body: { title, severity: 'low', source: 'test' } });

  test('REQ-T07: a stream that was killed is taken up behind the last number that was seen, and nothing is lost', async () => {
    const first = await api.follow('/api/v1/ws/alerts', { as: 'viewer' });
    for (const title of ['one', 'two']) await post(title);
    const seen = await first.until(({ data }) => data?.['title'] === 'one');
    first.socket.terminate();
    await post('three');
    const second = await api.follow(`/api/v1/ws/alerts?after_seq=${seen.seq}`, { as: 'viewer' });
    await second.until(({ data }) => data?.['title'] === 'three');
    await post('four');
    await second.until(({ data }) => data?.['title'] === 'four');
    expect(second.events().map(({ seq, data }) => [seq - seen.seq, data['title']])).toEqual([
      [1, 'two'],
      [2, 'three'],
      [3, 'four'],
    ]);
    expect(Object.keys(second.events()[0] ?? {})).toEqual(['type', 'seq', 'at', 'id', 'data']);
    second.close();
    await second.closed;
  });

  test('REQ-T07: what a restart lost is a gap, for whoever saw an event before it and for whoever only saw the stream begin', async () => {
    const idle = await api.follow('/api/v1/ws/agent-thoughts', { as: 'viewer' });
    const began = await idle.until(({ type }) => type === 'heartbeat');
    const alerts = await api.follow('/api/v1/ws/alerts', { as: 'viewer' });
    await post('before the restart');
    const seen = await alerts.until(({ data }) => data?.['title'] === 'before the restart');
    await post('never seen');
    const next = await startApi([], { epoch: 2 });
    try {
      for (const [path, { seq }] of [
        ['alerts', seen],
        ['agent-thoughts', began],
      ] as const) {
        const resumed = await next.follow(`/api/v1/ws/${path}?after_seq=${seq}`, { as: 'viewer' });
        const { data } = await resumed.until(({ type }) => type !== 'heartbeat');
        expect([resumed.events()[0]?.type, data]).toEqual(['gap', { from: seq + 1, to: next.bus.lastSeq(path) }]);
        resumed.close();
      }
    } finally {
      for (const stream of [idle, alerts]) stream.close();
      await next.stop();
    }
  });

  test('the first frame is a heartbeat: it tells where the stream stands', async () => {
    const stream = await api.follow('/api/v1/ws/alerts', { as: 'viewer' });
    const { seq } = await stream.until(({ type }) => type === 'heartbeat');
    expect([stream.frames[0]?.type, seq]).toEqual(['heartbeat', api.bus.lastSeq('alerts')]);
    stream.close();
    await stream.closed;
  });

  test('ATK-B15: a ticket opens one stream within 30 seconds; a token in the address opens none', async () => {
    const ticketOf = async () => (await api.call('POST', '/api/v1/ws/ticket', { as: 'viewer' })).body.ticket;
    const ticket = await ticketOf();
    const stream = await api.follow(`/api/v1/ws/alerts?ticket=${ticket}`);
    await expect(api.follow(`/api/v1/ws/alerts?ticket=${ticket}`)).rejects.toMatchObject({ status: 401 });
    const late = await ticketOf();
    api.clock.shift(31_000);
    await expect(api.follow(`/api/v1/ws/alerts?ticket=${late}`)).rejects.toMatchObject({ status: 401 });
    const bearer = api.tokens.get('viewer') ?? '';
    for (const name of ['token', 'access_token', 'api_key']) {
      await expect(api.follow(`/api/v1/ws/alerts?${name}=${bearer}`, { as: 'viewer' })).rejects.toMatchObject({
        status: 401,
      });
    }
    stream.close();
    await stream.closed;
  });

  test('a ticket gives no more than its owner holds now', async () => {
    const bearer = await api.signIn('gina', 'analyst');
    const { body } = await api.call('POST', '/api/v1/ws/ticket', { headers: { authorization: `Bearer ${bearer}` } });
    await api.call('PATCH', '/api/v1/users/gina', { as: 'admin', body: { role: 'viewer' } });
    await expect(api.follow(`/api/v1/ws/approvals?ticket=${body.ticket}`)).rejects.toMatchObject({ status: 403 });
  });

  test('ATK-I3: one caller has so many streams, and the next is refused with 503', async () => {
    const three = await Promise.all([1, 2, 3].map(() => api.follow('/api/v1/ws/alerts', { as: 'operator' })));
    await expect(api.follow('/api/v1/ws/alerts', { as: 'operator' })).rejects.toMatchObject({ status: 503 });
    (await api.follow('/api/v1/ws/alerts', { as: 'admin' })).close();
    for (const one of three) one.close();
    await Promise.all(three.map(({ closed }) => closed));
    (await api.follow('/api/v1/ws/alerts', { as: 'operator' })).close();
  });

  test('ATK-I3 INV11: they are counted by person, however they sign in, and as they come: of ten at once three are let in', async () => {
    const key = await api.call('POST', '/api/v1/auth/api-keys', {
      as: 'operator',
      body: { name: 'streams', scopes: ['alerts:read'] },
    });
    const ways = [{ as: 'operator' }, { headers: { 'x-api-key': key.body.api_key } }];
    const asked = Array.from({ length: 10 }, (_, nth) => api.follow('/api/v1/ws/alerts', ways[nth % 2]));
    const came = await Promise.allSettled(asked);
    const open = came.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = came.flatMap((one) => (one.status === 'rejected' ? [one.reason as Record<string, unknown>] : []));
    expect(open).toHaveLength(3);
    for (const one of refused) {
      expect(one).toMatchObject({ status: 503, body: { error: { code: 'AURORA-5030' } } });
      expect((one['headers'] as Record<string, string>)['retry-after']).toMatch(/^[1-9]\d*$/); // ATK-I2
    }
    for (const one of open) one.close();
    await Promise.all(open.map(({ closed }) => closed));
    const again = await Promise.all([0, 1, 2].map(() => api.follow('/api/v1/ws/alerts', ways[1])));
    for (const one of again) one.close();
    await Promise.all(again.map(({ closed }) => closed));
  });

  test('ATK-I3: the bounds are 5 000 streams in all, and 200 of one caller', () => {
    expect(STREAM_LIMITS).toMatchObject({ streams_max: 5_000, streams_per_caller_max: 200 });
  });

  test('a stream that is asked for without an upgrade is there, and says how it is opened', async () => {
    const { status, body } = await api.call('GET', '/api/v1/ws/alerts', { as: 'viewer' });
    const { code, message } = body.error;
    expect([status, code, message]).toEqual([400, 'AURORA-4000', 'This is a stream: open it as a WebSocket']);
    expect((await api.call('GET', '/api/v1/ws/nothing', { as: 'viewer' })).status).toBe(404);
  });

  test('an unknown stream is 404, a number that is none 422, a page of another origin 403', async () => {
    const as = 'viewer';
    await expect(api.follow('/api/v1/ws/nothing', { as })).rejects.toMatchObject({ status: 404 });
    await expect(api.follow('/api/v1/ws/alerts?after_seq=-1', { as })).rejects.toMatchObject({ status: 422 });
    await expect(api.follow('/api/v1/ws/alerts?x=1', { as })).rejects.toMatchObject({ status: 422 });
    for (const origin of ['https://evil.example', 'null', 'https://soc.example.evil']) {
      await expect(api.follow('/api/v1/ws/alerts', { as, headers: { origin } })).rejects.toMatchObject({ status: 403 });
    }
    (await api.follow('/api/v1/ws/alerts', { as, headers: { origin: 'https://soc.example' } })).close();
  });

  test('REQ-H01 REQ-H02 REQ-H03: a 101 and a refused upgrade name version, mode and the request, by the id it came with', async () => {
    const request_id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const upgrade = (headers: Record<string, string>) =>
      openRaw(api.port, { 'X-Request-ID': request_id, ...headers }, '/api/v1/ws/alerts');
    const open = await upgrade({ Authorization: `Bearer ${api.tokens.get('viewer') ?? ''}` });
    const refused = await upgrade({});
    expect([open, refused].map(({ head }) => head.split(' ')[1])).toEqual(['101', '401']);
    expect(refused.head.toLowerCase()).toContain('\r\nwww-authenticate: bearer realm="aurora"\r\n'); // RFC 9110, 11.6.1
    for (const { head, socket } of [open, refused]) {
      const lines = head.toLowerCase().split('\r\n');
      for (const line of ['x-api-version: 1.0', 'x-aurorasoc-mode: monitor', `x-request-id: ${request_id}`]) {
        expect(lines.filter((one) => one === line)).toHaveLength(1);
      }
      socket.destroy();
    }
    const told = api.follow('/api/v1/ws/nothing', { as: 'viewer', headers: { 'x-request-id': request_id } });
    await expect(told).rejects.toMatchObject({ status: 404, body: { error: { request_id } } });
  });

  test('steps of an agent that does not exist are 404 for whoever may read them, of one that is away they are followed', async () => {
    const own = await startApi([echoAgent('ada')]);
    try {
      const path = (agent_id: string) => `/api/v1/ws/agents/${agent_id}/tool-calls`;
      await expect(own.follow(path('nobody'))).rejects.toMatchObject({ status: 401 });
      await expect(own.follow(path('nobody'), { as: 'viewer' })).rejects.toMatchObject({
        status: 404,
        body: { error: { code: 'AURORA-4043', detail: { agent_id: 'nobody' } } },
      });
      (await own.follow(path('ada'), { as: 'viewer' })).close();
      own.mesh.crash('ws://ada');
      (await own.follow(`${path('ada')}?after_seq=1`, { as: 'viewer' })).close();
    } finally {
      await own.stop();
    }
  });

  test('an address that is none is 404, and no fault of ours', async () => {
    for (const path of ['//', '//x', '///api/v1/ws/alerts', '/%', '/[']) {
      await expect(api.follow(path, { as: 'viewer' })).rejects.toMatchObject({ status: 404 });
    }
    await expect(api.follow('/api/v1/ws/alerts?after_seq=//[', { as: 'viewer' })).rejects.toMatchObject({
      status: 422,
    });
  });

  test('ATK-I1 ATK-B8: upgrades and requests share one budget, of a caller and of an address that guesses', async () => {
    const own = await startApi([], { user_minute_max: 5 });
    const statusOf = (ask: Parameters<TestApi['follow']>[1], path = '/api/v1/ws/alerts') =>
      own.follow(path, ask).then(
        (stream) => (stream.close(), 101),
        (refusal: unknown) => refusal,
      );
    try {
      const guess = { headers: { 'x-api-key': 'aurora_key_x' } };
      for (let nth = 0; nth < 3; nth++) expect(await statusOf(guess)).toMatchObject({ status: 401 });
      expect(await statusOf({}, '/api/v1/ws/alerts?ticket=guessed')).toMatchObject({ status: 401 });
      expect((await own.call('GET', '/api/v1/alerts', guess)).status).toBe(401);
      expect(await statusOf(guess)).toMatchObject({
        status: 429,
        headers: { 'retry-after': expect.stringMatching(/^\d+$/) as unknown },
      });
      expect((await own.call('GET', '/api/v1/alerts', guess)).status).toBe(429);
      for (let nth = 0; nth < 4; nth++) expect(await statusOf({ as: 'viewer' })).toBe(101);
      expect((await own.call('GET', '/api/v1/alerts', { as: 'viewer' })).status).toBe(200);
      expect(await statusOf({ as: 'viewer' })).toMatchObject({ status: 429 });
      expect(await statusOf({ as: 'analyst' })).toBe(101);
      own.clock.shift(60_000);
      expect(await statusOf({ as: 'viewer' })).toBe(101);
    } finally {
      await own.stop();
    }
  });

  test('a follower that talks instead of listening is closed with 4029', async () => {
    const stream = await api.follow('/api/v1/ws/alerts', { as: 'admin' });
    for (let nth = 0; nth < 100; nth++) stream.socket.send('{"seq":1}');
    expect((await stream.closed).code).toBe(4029);
  });
});

describe('on a clock that is moved', () => {
  const numbers = stream({
    path: '/api/v1/ws/numbers',
    permission: 'AUTH',
    shows: 'alerts:read',
    summary: 'Numbers.',
    keeps: [],
    topic: 'numbers',
    event: z.number(),
    kinds: ['number'],
  });
  const caller: Caller = {
    sub: 'user:ada',
    username: 'ada',
    role: 'viewer',
    permissions: ['alerts:read'],
    session_id: 's',
  };

  /** A hub with one follower over a link in memory that reads when it is told to. */
  async function follow(
    options: { until?: number; chars_max?: number; unsent_bytes_max?: number; backlog_bytes_max?: number } = {},
  ) {
    const clock = manualClock();
    const bus = localBus(clock, 0, { chars_max: options.chars_max ?? 8_388_608, events_max: 50_000, topics_max: 9 });
    const known: { is_in: boolean; gate?: Promise<void> } = { is_in: true };
    const metrics = countingMetrics();
    const hub = createStreams({
      streams: [['numbers', numbers]],
      bus,
      clock,
      log: silentLog,
      metrics,
      authority: {
        identify: async () => ({ caller, until: options.until }),
        again: async () => {
          const found = known.is_in ? caller : undefined;
          await known.gate;
          return found;
        },
      },
      tickets: {
        issue: () => {
          throw new AuroraError(5000);
        },
        redeem: () => {
          throw new AuroraError(4012);
        },
      },
      isAgent: () => true,
      limiter: createRateLimiter(clock),
      budgets: () => ({ user_minute_max: 100, chat_minute_max: 20, key_minute_max: 6_000 }),
      proxies: [],
      limits: { ...STREAM_LIMITS, ...(options.backlog_bytes_max && { backlog_bytes_max: options.backlog_bytes_max }) },
    });
    const limits = { ...LINK_LIMITS, unsent_bytes_max: options.unsent_bytes_max ?? 1_048_576 };
    const [near, far] = memoryLink({ clock, limits });
    const request = { url: '/api/v1/ws/numbers', headers: {} } as unknown as IncomingMessage;
    await hub.admit(request);
    hub.onLink(far, request);
    const frames: Frame[] = [];
    const closed = new Promise<number>((resolve) => {
      near.attach({ onText: (text) => void frames.push(JSON.parse(text) as Frame), onClose: (code) => resolve(code) });
    });
    return { clock, bus, hub, near, far, frames, closed, known, metrics };
  }
  const publish = (bus: Bus, data: unknown) => bus.publish('numbers', { type: 'number', id: null, data });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (clock: ManualClock, seconds: number) => {
    for (let nth = 0; nth < seconds; nth++) {
      clock.advance(1_000);
      await turn();
    }
  };

  test('silence is broken every 20 seconds by a heartbeat that moves nothing', async () => {
    const { clock, bus, frames, near } = await follow();
    publish(bus, 1);
    await pass(clock, 41);
    expect(frames.map(({ type, seq }) => [type, seq])).toEqual([
      ['heartbeat', 0],
      ['number', 1],
      ['heartbeat', 1],
      ['heartbeat', 1],
    ]);
    near.close(1000, 'seen enough');
  });

  test('ATK-I4: who takes nothing for 30 seconds is cut, and holds no more than its link until then', async () => {
    const { clock, bus, hub, near, far, closed, metrics } = await follow({ unsent_bytes_max: 1_048_576 });
    const flood = () => {
      for (let nth = 0; nth < 40; nth++) publish(bus, 'x'.repeat(50_000));
    };
    near.pause();
    flood();
    expect(far.unsent_bytes).toBeLessThan(700_000);
    await pass(clock, 25);
    near.resume(); // takes what is there
    await turn();
    near.pause();
    flood();
    await pass(clock, 25);
    expect([hub.count, metrics.of('streams_cut_total')]).toEqual([1, 0]);
    await pass(clock, 15);
    expect([hub.count, metrics.of('streams_cut_total'), await closed]).toEqual([0, 1, 1006]); // it did not hear the 1013
  });

  test('who takes some of what comes, less than it, is not cut, also where a character is more than a byte', async () => {
    const { clock, bus, hub, near, metrics } = await follow();
    const [their, ours] = memoryLink({ clock, limits: { ...LINK_LIMITS, unsent_bytes_max: 1_048_576 } });
    const request = { url: '/api/v1/ws/numbers', headers: {} } as unknown as IncomingMessage;
    await hub.admit(request);
    hub.onLink(ours, request);
    let taken = 0;
    const onText = () => {
      taken += 1;
      their.pause(); // one at a time
    };
    their.attach({ onText, onClose: () => undefined });
    await turn();
    for (let nth = 0; nth < 6; nth++) {
      publish(bus, '警'.repeat(10_000));
      publish(bus, '報'.repeat(10_000));
      their.resume();
      await pass(clock, 10);
    }
    expect([taken, ours.open, metrics.of('streams_cut_total')]).toEqual([7, true, 0]);
    for (const link of [near, their]) link.close(1000, 'seen enough');
  });

  test('ATK-I4: what all together have not taken is bounded: those furthest behind are cut, who reads stays', async () => {
    const { clock, bus, hub, near, frames, metrics } = await follow({ backlog_bytes_max: 1_000_000 });
    const stalled = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const [their, ours] = memoryLink({ clock, limits: { ...LINK_LIMITS, unsent_bytes_max: 1_048_576 } });
        const request = { url: '/api/v1/ws/numbers', headers: {} } as unknown as IncomingMessage;
        await hub.admit(request);
        hub.onLink(ours, request);
        their.attach({ onText: () => undefined, onClose: () => undefined });
        their.pause();
        return ours;
      }),
    );
    for (let nth = 0; nth < 10; nth++) {
      publish(bus, 'x'.repeat(50_000));
      await turn(); // who reads has read it
      const open = stalled.filter((link) => link.open);
      expect(open.reduce((sum, link) => sum + link.unsent_bytes, 0)).toBeLessThanOrEqual(1_000_000);
    }
    expect(metrics.of('streams_cut_total')).toBeGreaterThanOrEqual(4);
    expect(stalled.some((link) => link.open)).toBe(true); // no more of them than it takes
    expect(frames.filter(({ type }) => type === 'number')).toHaveLength(10);
    near.close(1000, 'seen enough');
  });

  test('who falls behind all that is kept is closed with 1013, not told a hole', async () => {
    const { bus, near, frames, closed } = await follow({ chars_max: 300_000, unsent_bytes_max: 200_000 });
    near.pause();
    for (let nth = 0; nth < 20; nth++) publish(bus, 'x'.repeat(40_000));
    near.resume();
    expect(await closed).toBe(1013);
    expect(frames.map(({ type }) => type)).not.toContain('gap');
  });

  test('an event that no link holds is a gap of its own, and those behind it come', async () => {
    const { bus, near, frames } = await follow();
    for (const data of ['one', 'x'.repeat(1_500_000), 'three']) publish(bus, data);
    await turn();
    expect(frames.slice(1).map(({ type, seq, data }) => [type, seq, data])).toEqual([
      ['number', 1, 'one'],
      ['gap', 2, { from: 2, to: 2 }],
      ['number', 3, 'three'],
    ]);
    near.close(1000, 'seen enough');
  });

  test('a proof that runs out ends the stream with 4001, and so does a session that ended', async () => {
    const expiring = await follow({ until: Date.UTC(2026, 0, 1) + 60_000 });
    await pass(expiring.clock, 59);
    publish(expiring.bus, 1);
    await pass(expiring.clock, 3);
    expect(await expiring.closed).toBe(4001);
    const ended = await follow();
    ended.known.is_in = false;
    await pass(ended.clock, 5);
    expect(await ended.closed).toBe(4001);
  });

  test('ATK-B5: who is thrown out while it is looked up who they are is looked up again at once', async () => {
    const { hub, known, closed } = await follow();
    let open: () => void = () => undefined;
    known.gate = new Promise((resolve) => (open = resolve));
    hub.recheck();
    known.is_in = false;
    hub.recheck();
    open();
    expect(await closed).toBe(4001);
  });

  test('a hub that closes says goodbye, and takes nobody new', async () => {
    const { hub, closed } = await follow();
    hub.close();
    expect(await closed).toBe(1001);
    await expect(askAgain(hub)).rejects.toMatchObject({ code: 5030 });
  });

  const askAgain = (hub: StreamHub) =>
    hub.admit({ url: '/api/v1/ws/numbers', headers: {} } as unknown as IncomingMessage);
});
