/** Peers that mean harm to the kit itself: whatever they send, it ends in time, stays small, and tells nobody the token. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { judgeAnswer } from '../../conformance/answers.ts';
import { createChance } from '../../conformance/chance.ts';
import type { Exchanged } from '../../conformance/exchange.ts';
import { askHttp } from '../../conformance/http.ts';
import { conform, parseReplay, visit } from '../../conformance/index.ts';
import { makeFitting } from '../../conformance/params.ts';
import { readSchema } from '../../conformance/schemas.ts';
import { readShape } from '../../conformance/shape.ts';
import { startTalk } from '../../conformance/talk.ts';
import { isTame } from '../../conformance/tame.ts';
import { isWire, openWire } from '../../conformance/upgrade.ts';
import type { Wire } from '../../conformance/wire.ts';
import type { Received } from '../../conformance/ws-messages.ts';

const MIB = 1_048_576;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

test('a card that drips is not waited for longer than an answer may take', async () => {
  const url = await serve({ onRequest: drip });
  const asked = askHttp({ url, limits: { answer_ms_max: 200 } }, { path: '/card' }, SILENT);
  await expect(asked).rejects.toThrow('not answered within 200 ms');
});

test('the path of a recording leads to no other host', async () => {
  let called = 0;
  const other = await serve({ onRequest: (_request, response) => void ((called += 1), response.end()) });
  const url = await serve({ onRequest: (_request, response) => void response.end('{}') });
  const subject = { url, token: 'secret', limits: { answer_ms_max: 1_000 } };
  for (const path of [other.replace('ws:', 'http:'), other.replace('ws:', ''), 'http://[', 'file:///etc/passwd']) {
    await expect(askHttp(subject, { path }, SILENT)).rejects.toThrow('is no path of');
  }
  expect(called).toBe(0);
  expect(await askHttp(subject, { path: '/card' }, SILENT)).toMatchObject({ status: 200 });
});

test('finding out what a peer speaks and can do takes no longer than a check may', async () => {
  const url = await serve({ onRequest: drip, onSocket: () => undefined });
  const bounds = { url, answer_ms_max: 30_000, check_ms_max: 150 };
  await expect(conform(bounds)).rejects.toThrow('what the peer speaks was not found out within 150 ms');
  await expect(conform({ ...bounds, profiles: ['bare'] })).rejects.toThrow('what the peer can do was not found out');
});

test('a schema that would be compiled for minutes is not judged, and why is said', () => {
  const names = Array.from({ length: 50_000 }, (_, at) => `p${at}`);
  const large = [
    [{ type: 'object', properties: { one: { enum: names } } }, 'a list of it has over 1000 entries'],
    [{ type: 'object', required: names }, 'a list of it has over 1000 entries'],
    [{ allOf: Array.from({ length: 900 }, () => ({ anyOf: names.slice(0, 20) })) }, 'it has over 10000 values'],
  ] as const;
  for (const [schema, why] of large) {
    const told: string[] = [];
    expect(readShape(schema, (said) => told.push(said))).toBeUndefined();
    expect(told).toEqual([why]);
    expect(readSchema(schema)).toMatchObject({ unjudged: why });
    expect(readSchema({ type: 'object' }, { components: { schemas: schema } })).toMatchObject({ unjudged: why });
  }
});

test('a pattern that makes a backtracking engine think for ever is judged at once', () => {
  const schema = { type: 'object', properties: { text: { type: 'string', pattern: '^(a+)+$' } } };
  const value = { text: `${'a'.repeat(50_000)}!` };
  expect(readShape(schema)?.faults(value)).toEqual(['#/properties/text/pattern']);
  expect(readShape(schema)?.faults({ text: 'aaa' })).toEqual([]);
  const read = readSchema(schema);
  expect('fault' in read ? read : read.faultOf(value)).toContain('must match pattern');
});

test('a pattern that needs a backtracking engine is not judged, and the reason is told; one that is none is a fault', () => {
  const schema = { type: 'string', pattern: '^(?!a)b' };
  const told: string[] = [];
  expect(readShape(schema, (why) => told.push(why))).toBeUndefined();
  expect(told).toEqual([expect.stringContaining('(?!a)b')]);
  const read = readSchema(schema);
  expect(read).toMatchObject({ unjudged: expect.stringContaining('(?!a)b') as string });
  expect('fault' in read ? read : read.faultOf('a')).toBeUndefined();
  expect(readSchema({ type: 'string', pattern: '(' })).toHaveProperty('fault');
  expect(readSchema({ type: 'string', pattern: 'b' })).toMatchObject({ unjudged: undefined });
});

test('more text than the budget of patterns, and a schema without a ground, are judged by nobody', () => {
  const schema = { type: 'array', items: { pattern: '^(?:[a-z]{1,50}){1,19}$' } };
  expect(readShape(schema)?.faults(Array.from({ length: 40 }, () => 'A'.repeat(MIB)))).toEqual([]);
  const endless = { type: 'object', allOf: [{ $ref: '#' }] };
  expect(readShape(endless)?.fits({})).toBe(false);
});

test('a schema that is nested too deep to be written down is judged by nobody', () => {
  const deep: unknown = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  expect(readShape({ type: 'object', examples: deep })).toBeUndefined();
});

test('nothing endless is made from a schema', () => {
  const wild = ['((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*', '(?:a{900}){900}', 'a{99999}', '(?i:a)b', '('];
  expect(wild.filter(isTame)).toEqual([]);
  const tame = ['^CVE-\\d{4}-\\d{4,7}$', '^(\\d{1,3}\\.){3}\\d{1,3}$', '^[a-f0-9]{64}$', '^[A-Z][(]*x|y$'];
  expect(tame.filter((pattern) => !isTame(pattern))).toEqual([]);
  const of = (text: object) => ({ type: 'object', properties: { text }, required: ['text'] });
  const make = (schema: Record<string, unknown>) => {
    const shape = readShape(schema);
    return shape && makeFitting(shape, createChance(1));
  };
  expect(make(of({ type: 'string', pattern: `^${wild[0]}bcd$` }))).toBeUndefined();
  expect(make(of({ type: 'array', minItems: 1e9 }))).toBeUndefined();
  expect(make(of({ type: 'string', pattern: tame[0] }))).toMatchObject({
    text: expect.stringMatching(/^CVE-/) as string,
  });
  const name = `${'a'.repeat(40)}!`;
  const keyed = { type: 'object', properties: { [name]: {} }, required: [name], patternProperties: { '^(a+)+$': {} } };
  expect(make(keyed)).toHaveProperty([name]);
});

test('a long error is judged at once, and told in short', () => {
  const told: string[] = [];
  const judge = (error: unknown) => {
    judgeAnswer({ jsonrpc: ['x'.repeat(MIB)], id: 1, error }, 'mesh.v1', (id, about) => told.push(`${id} ${about}`));
  };
  for (const text of ['a-', '/home/', 'at a', 'File "', 'a.'].map((piece) => piece.repeat(MIB))) {
    judge({ code: -32603, message: text, data: [text] });
  }
  judge({ code: 'x'.repeat(MIB) });
  expect(Math.max(...told.map(({ length }) => length))).toBeLessThan(500);
  const leaks = [['at run (/srv/x.js)'], ['File "/srv/x.py", line 3'], [`${'x'.repeat(500)}.py:12`]];
  for (const [text] of leaks) judge({ code: -32603, message: text });
  expect(told.filter((each) => each.includes('an error shows')).length).toBeGreaterThanOrEqual(leaks.length);
});

test('of a refusal only the beginning is read, and a head without an end is none', async () => {
  const refusal = (start: string) =>
    serve({ onUpgrade: (socket) => flood(socket, Buffer.from(start), Buffer.alloc(MIB, 'x')) });
  const refused = await dialAt(await refusal('HTTP/1.1 403 Forbidden\r\n\r\n'));
  if (isWire(refused)) throw new Error('it was agreed to');
  expect(refused).toMatchObject({ status: 403, body: expect.stringMatching(/^x{60000,65536}$/) as string });
  expect(await dialAt(await refusal('HTTP/1.1 403 Forbidden\r\nx: '))).toMatchObject({ status: 0 });
});

test('fragments without an end are a fault, and the connection is dropped', async () => {
  const part = (size: number, first = 0) => frameOf(first, Buffer.alloc(size));
  for (const size of [MIB, 0]) {
    const pieces = size === 0 ? Buffer.concat(Array.from({ length: 10_000 }, () => part(0))) : part(size);
    const wire = await dialWire(await serve({ onSocket: (_ws, socket) => flood(socket, part(size, 1), pieces) }));
    const heard: Received[] = [];
    await new Promise<void>((resolve) => {
      wire.hear((received) => {
        heard.push(received);
        if (received.kind === 'end') resolve();
      });
    });
    expect(heard).toMatchObject([
      { kind: 'fault', about: expect.stringContaining('fragments of more') as string },
      { kind: 'end' },
    ]);
  }
});

test('what nobody heard, and what a conversation keeps, is bounded in bytes', async () => {
  const text = JSON.stringify({ jsonrpc: '2.0', method: 'x', params: { text: 'x'.repeat(4 * MIB) } });
  const onSocket = (ws: WebSocket) => {
    for (let nth = 0; nth < 12; nth++) ws.send(text);
    ws.close();
  };
  const url = await serve({ onSocket });
  let onEnd: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (onEnd = resolve));
  const unheard = await dialWire(url, {
    all: [],
    add: (note) => {
      if (note.text === 'the connection ended') onEnd();
    },
  });
  await ended;
  const kinds: string[] = [];
  unheard.hear(({ kind }) => kinds.push(kind));
  expect(kinds).toEqual([...Array.from({ length: 7 }, () => 'text'), 'end']);
  const deps = { profile: 'bare' as const, observe: () => undefined, monotonic: () => 0, answer_ms_max: 10_000 };
  const talk = startTalk(await dialWire(url), deps);
  await talk.ended();
  expect([talk.heard.length, talk.told.length]).toEqual([7, 7]);
});

test('a saved visit is cut as a failure is: a replay takes the file', async () => {
  const document = { openrpc: '1.3.2', methods: [], info: { title: 'x'.repeat(MIB) } };
  const onSocket = (ws: WebSocket) => {
    ws.on('message', (data: Buffer) => {
      const text = data.toString();
      if (text.startsWith('{')) ws.send(JSON.stringify({ jsonrpc: '2.0', id: idIn(text), result: document }));
    });
  };
  const url = await serve({ onSocket, onRequest: (_request, response) => void response.end('{}') });
  const here = await visit({ url, profile: 'bare' });
  expect(
    here.recording().exchanged.find(({ kind, bytes }) => kind === 'received' && (bytes ?? 0) > MIB)?.text,
  ).toHaveLength(4_097);
  for (let nth = 0; nth < 800; nth++) await here.say('\u0001'.repeat(4_096));
  await here.close();
  const file = JSON.stringify(here.recording(), null, 2);
  expect(Buffer.byteLength(file)).toBeLessThan(16 * MIB);
  expect(parseReplay(file).exchanged.at(-1)?.text).toBe('more was not kept');
});

const SILENT = { all: [] as Exchanged[], add: () => undefined };

const dialAt = (url: string, notes: Parameters<typeof openWire>[0]['notes'] = SILENT) =>
  openWire({ url, upgrade_ms_max: 10_000, notes, connection: 1 });

async function dialWire(url: string, notes?: Parameters<typeof openWire>[0]['notes']): Promise<Wire> {
  const wire = await dialAt(url, notes);
  if (!isWire(wire)) throw new Error(`the upgrade was answered ${wire.status}`);
  open.push(() => wire.cut());
  return wire;
}

const idIn = (text: string): unknown => (JSON.parse(text) as { id?: unknown }).id;

const drip: RequestListener = (_request, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
};

/** Writes the first piece, then the other until nobody takes it any more. */
function flood(socket: Duplex, first: Buffer, piece: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('error', () => undefined);
  socket.on('drain', more);
  socket.write(first);
  more();
}

/** A frame of the server, not the last of its message. */
function frameOf(opcode: number, payload: Buffer): Buffer {
  if (payload.length === 0) return Buffer.from([opcode, 0]);
  const head = Buffer.alloc(10);
  head.writeUInt8(opcode);
  head.writeUInt8(127, 1);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** A server that does as it is told. Answers its address. */
async function serve(does: {
  onRequest?: RequestListener;
  onUpgrade?: (socket: Duplex) => void;
  onSocket?: (ws: WebSocket, socket: Duplex) => void;
}): Promise<string> {
  const server = createServer(does.onRequest);
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    open.push(() => socket.destroy());
    if (does.onUpgrade) does.onUpgrade(socket);
    else sockets.handleUpgrade(request, socket, head, (ws) => does.onSocket?.(ws, socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
