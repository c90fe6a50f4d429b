/** The tools that make the faults: what they pass on, what they spoil, and that a seed makes the same weather again. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from './waiting.ts';
import { startChaosProxy, type ChaosProxy, type Climate } from './chaos-proxy.ts';

let server: Server;
let proxy: ChaosProxy;
let served: Socket[] = [];
beforeEach(async () => {
  served = [];
  server = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => undefined).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await proxy.close();
  for (const socket of served) socket.destroy();
  server.close();
});

test('fair weather changes no byte, in either direction', async () => {
  const socket = await dial({});
  socket.write('x'.repeat(100_000));
  expect((await heard(socket, 100_000)).length).toBe(100_000);
});

test('slices arrive one by one and whole, and later by the latency', async () => {
  const socket = await dial({ up: { slice_bytes: 1, latency_ms: 40 } });
  const began = performance.now();
  socket.write('sliced');
  expect(await heard(socket, 6)).toBe('sliced');
  expect(performance.now() - began).toBeGreaterThan(38);
});

test('a cut lets exactly so many bytes through, on every connection anew', async () => {
  for (const bytes of [1, 3]) {
    const socket = await dial({ up: { cut_after_bytes: bytes, cut_by: 'end' } });
    socket.write('abcdef');
    await once(socket, 'close');
    expect(proxy.bytes.up).toBe(6);
    await until('all arrived', () => served.at(-1)?.bytesRead === bytes);
    await proxy.close();
  }
});

test('a black hole swallows everything and tells nobody, not even of the end', async () => {
  const socket = await dial({});
  socket.write('a');
  await heard(socket, 1);
  proxy.set({ up: { blackhole: true }, down: { blackhole: true } });
  socket.end('b');
  await until('it is swallowed', () => proxy.bytes.swallowed === 1);
  proxy.set({});
  const other = connect(proxy.port, '127.0.0.1');
  other.write('c');
  expect(await heard(other, 1)).toBe('c');
  expect([served[0]?.readyState, served[0]?.bytesRead]).toEqual(['open', 1]);
  other.destroy();
});

test('a reset is a reset at both ends', async () => {
  const socket = await dial({});
  socket.write('a');
  await heard(socket, 1);
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve));
  proxy.reset();
  expect((await failed).code).toBe('ECONNRESET');
  expect(proxy.standing).toBe(0);
});

async function dial(climate: Climate): Promise<Socket> {
  proxy = await startChaosProxy({ target_port: (server.address() as AddressInfo).port, climate, seed: 1 });
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

async function heard(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  for await (const [chunk] of onData(socket)) {
    text += chunk.toString();
    if (text.length >= bytes) break;
  }
  return text;
}

async function* onData(socket: Socket): AsyncGenerator<[Buffer]> {
  for (;;) yield (await once(socket, 'data')) as [Buffer];
}
