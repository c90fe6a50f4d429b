/** A stream against a server that drops it, refuses it, falls silent or repeats itself: nothing is lost without being said. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { AuthError, ConnectionError, type Client, type Stream } from '../../client/index.ts';
import { TokenPair } from '../../protocol/index.ts';
import { clientOn, createMachine, type Machine } from './machine.ts';
import { answer, refuse, startRudeServer, tokenPair, type RudeServer } from './rude-server.ts';

let server: RudeServer;
let machine: Machine;
let client: Client;

beforeEach(async () => {
  server = await startRudeServer();
  machine = createMachine();
  client = clientOn(server.url, machine);
});
afterEach(async () => {
  client.close();
  await server.close();
});

const frame = (type: string, seq: number, data: unknown = null) =>
  JSON.stringify({ type, seq, at: '2026-01-01T00:00:00.000Z', id: null, data });
const call = (seq: number) =>
  frame('tool_call', seq, {
    call_id: `c${seq}`,
    agent_id: 'a',
    investigation_id: 'i',
    task_id: 't',
    skill: 's',
    tool: 'x',
    input_digest: null,
    outcome: 'ok',
    duration_ms: 1,
    at: '2026-01-01T00:00:00.000Z',
  });
const upgrades = () => server.got.filter(({ method }) => method === 'UPGRADE');
const send = (socket: WebSocket, ...texts: string[]) => texts.forEach((text) => socket.send(text));
const open = () => client.streams.toolCalls({ agent_id: 'a' });

/** That many events, as their numbers; a gap as `from-to`. */
async function take<E>(stream: Stream<E>, count: number): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  while (seen.length < count) {
    const { done, value } = await stream.next();
    if (done) break;
    seen.push(value.lost ? JSON.stringify(value.lost) : value.seq);
  }
  return seen;
}

test('REQ-T07: a stream comes back behind its last event, and what comes twice is given once', async () => {
  server.onSocket((socket, _got, count) => {
    if (count === 0) {
      send(socket, frame('heartbeat', 10), call(11), call(13));
      socket.close(1001);
    }
    if (count === 1) {
      send(socket, frame('heartbeat', 13), call(13), call(14));
      socket.terminate();
    }
    if (count === 2) send(socket, frame('heartbeat', 20), frame('gap', 18, { from: 15, to: 18 }), call(19));
  });
  const stream = open();
  expect(await take(stream, 5)).toEqual([11, 13, 14, '{"from":15,"to":18}', 19]);
  expect(stream.last_seq).toBe(19);
  expect(upgrades().map(({ url }) => url)).toEqual([
    '/api/v1/ws/agents/a/tool-calls',
    '/api/v1/ws/agents/a/tool-calls?after_seq=13',
    '/api/v1/ws/agents/a/tool-calls?after_seq=14',
  ]);
  expect(upgrades().every(({ headers }) => headers.authorization === 'Bearer token-1')).toBe(true);
});

test('whoever listens for reconnects and throws does not end the stream', async () => {
  server.onSocket((socket, _got, count) => {
    send(socket, frame('heartbeat', 10), call(11 + count));
    if (count === 0) socket.close(1001);
  });
  const onReconnect = (): never => {
    throw new Error('a listener that is broken');
  };
  expect(await take(client.streams.toolCalls({ agent_id: 'a' }, { onReconnect }), 2)).toEqual([11, 12]);
});

test('a stream that was lost before its first event misses nothing: it comes back to where it began', async () => {
  server.onSocket((socket, _got, count) => {
    send(socket, frame('heartbeat', 40));
    if (count === 0) socket.close(1012);
    else send(socket, call(41));
  });
  expect(await take(open(), 1)).toEqual([41]);
  expect(upgrades()[1]?.url).toContain('after_seq=40');
});

test('a later process goes on where this one stopped', async () => {
  server.onSocket((socket) => send(socket, call(8)));
  expect(await take(client.streams.toolCalls({ agent_id: 'a' }, { after_seq: 7 }), 1)).toEqual([8]);
  expect(upgrades()[0]?.url).toContain('after_seq=7');
});

test('a silent connection is left after two missed heartbeats, for nothing else shows that it is dead', async () => {
  let is_back: () => void = () => undefined;
  const back = new Promise<void>((resolve) => (is_back = resolve));
  server.onSocket((socket, _got, count) => {
    send(socket, frame('heartbeat', 1));
    if (count === 1) is_back();
  });
  const stream = open();
  await stream.opened;
  machine.clock.advance(49_999);
  expect(upgrades()).toHaveLength(1);
  machine.clock.advance(1);
  await back;
  expect(upgrades()).toHaveLength(2);
});

test('a token that ended is renewed once, at the door and on the open stream', async () => {
  server.refuseSockets({ status: 401 });
  server.onSocket((socket, _got, count) => {
    send(socket, call(count + 1));
    if (count === 0) socket.close(4001);
  });
  expect(await take(open(), 2)).toEqual([1, 2]);
  expect(upgrades().map(({ headers }) => headers.authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
    'Bearer token-3',
  ]);
  expect(machine.pauses).toEqual([]);
});

test('a renewal that the server is too busy for costs a pause, and not the stream', async () => {
  const own = clientOn(server.url, machine, { credentials: { refresh_token: 'refresh-0', access_token: 'kept' } });
  server.refuseSockets({ status: 401 }, { status: 401 });
  server.on('/auth/refresh', refuse(5030), answer(200, tokenPair(1)));
  server.onSocket((socket) => send(socket, call(1)));
  expect(await take(own.streams.toolCalls({ agent_id: 'a' }), 1)).toEqual([1]);
  expect(machine.pauses).toHaveLength(1);
  own.close();
});

test('so does a renewal that may pass, as whoever keeps the session says; any other failure of theirs ends the stream', async () => {
  const reasons: Error[] = [new ConnectionError('busy', { operation: 'auth.refresh' })];
  const renew = async () => {
    const reason = reasons.shift();
    if (reason) throw reason;
    return TokenPair.parse(tokenPair(1));
  };
  const own = clientOn(server.url, machine, { credentials: { access_token: 'kept', renew } });
  server.refuseSockets({ status: 401 }, { status: 401 });
  server.onSocket((socket) => send(socket, call(1)));
  expect(await take(own.streams.toolCalls({ agent_id: 'a' }), 1)).toEqual([1]);
  expect(machine.pauses).toHaveLength(1);
  reasons.push(new Error('signed out'));
  server.refuseSockets({ status: 401 });
  await expect(own.streams.toolCalls({ agent_id: 'a' }).next()).rejects.toThrow('signed out');
  own.close();
});

test('a refused renewal and a lost permission end the stream', async () => {
  server.refuseSockets({ status: 401 }, { status: 401 });
  await expect(open().next()).rejects.toBeInstanceOf(AuthError);
  server.onSocket((socket) => socket.close(4003));
  await expect(open().next()).rejects.toMatchObject({ status: 403 });
  server.refuseSockets({ status: 404, body: '{"error":{"code":"AURORA-4043","message":"Agent not found"}}' });
  await expect(open().next()).rejects.toMatchObject({ status: 404, code: 'AURORA-4043' });
});

test('a busy door is tried again, later each time and as late as it asks, until enough is enough', async () => {
  const own = clientOn(server.url, machine, { reconnects_max: 3 });
  server.refuseSockets({ status: 503, headers: ['Retry-After: 9'] }, { status: 503 }, { status: 429 }, { status: 503 });
  const stream = own.streams.toolCalls({ agent_id: 'a' });
  await expect(stream.next()).rejects.toMatchObject({ name: 'RetryBudgetError', attempts: 4 });
  expect(machine.pauses).toEqual([10_000, 2_000, 4_000]);
  own.close();
});

test('a stream that is closed before it is connected opens nothing, and its reader is told that it is over', async () => {
  const own = clientOn(server.url, machine, { credentials: { api_key: 'ak_1' } });
  const stream = own.streams.toolCalls({ agent_id: 'a' });
  stream.close();
  expect(await stream.next()).toEqual({ done: true, value: undefined });
  await expect(stream.opened).rejects.toMatchObject({ name: 'ClosedError' });
  expect(upgrades()).toEqual([]);
  own.close();
});

test('what is not read stays with the server: the connection is left, and taken up where it stopped', async () => {
  let isLeft: () => void = () => undefined;
  const left = new Promise<void>((resolve) => (isLeft = resolve));
  server.onSocket((socket, got) => {
    socket.once('close', isLeft);
    const after = Number(new URL(got.url, 'http://x').searchParams.get('after_seq') ?? 0);
    for (let seq = after + 1; seq <= 2_500; seq += 1) socket.send(call(seq));
  });
  const stream = open();
  await left;
  const seen = await take(stream, 2_500);
  expect(seen).toEqual(Array.from({ length: 2_500 }, (_, index) => index + 1));
  expect(upgrades().length).toBeGreaterThan(1);
});

test('a frame of another form ends the stream; a kind that was added later is passed over', async () => {
  server.onSocket((socket) => send(socket, frame('added_later', 1, {}), call(2), frame('tool_call', 3, {})));
  const stream = open();
  expect(await take(stream, 1)).toEqual([2]);
  await expect(stream.next()).rejects.toMatchObject({ name: 'InvalidResponseError' });
  server.onSocket((socket) => socket.send('no json'));
  await expect(open().next()).rejects.toMatchObject({ name: 'InvalidResponseError' });
});

test('REQ-K14: leaving the loop, closing the stream and closing the client end it', async () => {
  const closed: Promise<unknown>[] = [];
  server.onSocket((socket) => {
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.send(call(1));
  });
  for await (const event of open()) {
    expect(event.seq).toBe(1);
    break;
  }
  const second = open();
  await second.next();
  second.close();
  expect(await second.next()).toEqual({ done: true, value: undefined });
  const third = open();
  await third.next();
  client.close();
  expect((await third.next()).done).toBe(true);
  await Promise.all(closed);
  expect(closed).toHaveLength(3);
});
