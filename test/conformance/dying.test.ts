/** Peers that are not there, die while they are tried, or say nothing: what they cannot break they do not keep either. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { conform, profilesOf } from '../../conformance/index.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test('with nobody at the address nothing holds: the run rejects, whatever profile was asked for', async () => {
  const { url, end } = await listen(() => undefined);
  end();
  for (const profiles of [['bare'], ['mesh.v1'], undefined] as const) {
    await expect(conform({ url, profiles })).rejects.toThrow('ECONNREFUSED');
  }
});

test('a peer that dies of a sentence fails that one, and the rest is not tried', async () => {
  const peer = await listen((socket) => {
    answering(socket);
    socket.on('error', () => peer.end()); // an unmasked frame
  });
  const report = await conform({ url: peer.url, profiles: ['bare'], level: 'must', answer_ms_max: 300 });
  const of = (id: string) => report.results.find((result) => result.id === id);
  expect(of('WS-05')).toMatchObject({ outcome: 'fail', why: expect.stringContaining('gone afterwards') as string });
  expect(of('WS-06')).toMatchObject({ outcome: 'skip', why: 'the peer was gone after WS-05' });
  expect(of('FRAME-01')).toMatchObject({ outcome: 'skip', why: 'the peer was gone after WS-05' });
  expect(report.results.filter(({ why }) => why?.includes('ECONNREFUSED'))).toEqual([]);
  expect(report).toMatchObject({ conforms: false, ended: 'the peer was gone after WS-05' });
});

test('of who takes every connection and says nothing, no sentence about what must not be said holds', async () => {
  const { url } = await listen(() => undefined);
  const only = ['WS-03', 'WS-17', 'FRAME-01', 'CALL-14', 'LIFE-03'] as const;
  const report = await conform({ url, profiles: ['bare'], only, answer_ms_max: 100 });
  expect(report.counts).toEqual({ pass: 0, fail: 0, skip: 5 });
  expect(report.conforms).toBe(false);
});

test.each([
  { who: 'an agent that refuses hello as no method of its own', say: answering },
  { who: 'an agent that sends back what comes', say: echoing },
  { who: 'an agent that answers hello without a proof', say: (socket: WebSocket) => answering(socket, { result: {} }) },
])('$who is bare, though its library agrees to mesh.v1', async ({ say }) => {
  const { url } = await listen((socket) => say(socket));
  expect(await profilesOf({ url, answer_ms_max: 500 })).toEqual(['bare']);
});

function echoing(socket: WebSocket): void {
  socket.on('message', (data: Buffer) => socket.send(data.toString()));
}

function answering(socket: WebSocket, answer: object = { error: { code: -32601, message: 'Method not found' } }): void {
  socket.on('message', (data: Buffer) => {
    const id = idIn(data.toString());
    if (id !== undefined) socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
}

function idIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { id?: unknown }).id;
  } catch {
    return null;
  }
}

/** The default of a well-known library: it agrees to any subprotocol, and to none. */
async function listen(onSocket: (socket: WebSocket) => void): Promise<{ url: string; end: () => void }> {
  const http = createServer((_request, response) => void response.writeHead(404).end());
  const server = new WebSocketServer({ server: http });
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const end = () => {
    for (const socket of server.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  };
  closing.push(end);
  return { url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`, end };
}
