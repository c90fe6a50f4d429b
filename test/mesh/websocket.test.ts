/** Links over real sockets: good peers, slow ones, dead ones, and bytes no library would send. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Link, LinkLimits } from '../../mesh/link.ts';
import { LINK_LIMITS } from '../../mesh/link.ts';
import { listen, type Port } from '../../mesh/listen.ts';
import { dialWebsocket } from '../../mesh/websocket.ts';
import { countingIds, manualClock, systemClock, type Clock } from '../../seams/index.ts';
import { frame, openRaw } from './raw.ts';
import { record } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Given {
  limits?: Partial<LinkLimits>;
  clock?: Clock;
  through?: (port: Port) => Promise<string>;
  /** Of both ends. */
  onFault?: (fault: unknown) => void;
}

/** A port that hands out its links one by one. */
async function open(given: Pick<Given, 'limits' | 'clock' | 'onFault'> = {}) {
  const arrived: Link[] = [];
  const waiting: ((link: Link) => void)[] = [];
  const port = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: given.clock ?? systemClock,
    ids: countingIds(),
    admit: () => ({ ...LINK_LIMITS, ...given.limits }),
    ...(given.onFault && { onFault: given.onFault }),
    onLink(link) {
      const waiter = waiting.shift();
      if (waiter) waiter(link);
      else arrived.push(link);
    },
  });
  cleanups.push(() => port.close());
  const nextLink = () =>
    new Promise<Link>((resolve) => {
      const link = arrived.shift();
      if (link) resolve(link);
      else waiting.push(resolve);
    });
  return { port, nextLink };
}

/** Both ends of a real connection. */
async function pair(given: Given = {}) {
  const { port, nextLink } = await open(given);
  const url = given.through ? await given.through(port) : port.url;
  const near = await dialWebsocket({
    url,
    protocol: 'mesh.v1',
    clock: given.clock ?? systemClock,
    limits: { ...LINK_LIMITS, ...given.limits },
    headers: { host: `127.0.0.1:${port.port}` },
    ...(given.onFault && { onFault: given.onFault }),
  });
  const far = await nextLink();
  cleanups.push(() => near.cut());
  return { port, near, far };
}

/** A TCP listener of the test's own. */
async function tcp(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

describe('a link over WebSocket', () => {
  test('carries frames both ways in order, and knows its ends', async () => {
    const { port, near, far } = await pair();
    for (let count = 0; count < 100; count++) far.send(`before the owner ${count}`);
    const one = record(near);
    const other = record(far, (text) => far.send(`answer to ${text}`));
    near.send('é'.repeat(10_000));
    near.send('2');
    await one.count(102);
    expect(other.texts).toEqual(['é'.repeat(10_000), '2']);
    expect(one.texts.slice(-2)).toEqual([`answer to ${'é'.repeat(10_000)}`, 'answer to 2']);
    expect(one.texts[99]).toBe('before the owner 99');
    expect([near.protocol, far.protocol]).toEqual(['mesh.v1', 'mesh.v1']);
    expect([near.dialled, far.dialled]).toEqual([`127.0.0.1:${port.port}`, `127.0.0.1:${port.port}`]);
    expect([near.loopback, far.loopback]).toEqual([true, true]);
    expect(near.remote).toBe(`127.0.0.1:${port.port}`);
  });

  test('frames of one turn leave together, and none waits for a second', async () => {
    const chunks: number[] = [];
    const through = async (port: Port) => {
      const proxy = await tcp((socket) => {
        const onward = connect(port.port, '127.0.0.1');
        cleanups.push(() => onward.destroy());
        socket.on('data', (chunk) => {
          chunks.push(chunk.length);
          onward.write(chunk);
        });
        onward.pipe(socket);
      });
      return `ws://127.0.0.1:${proxy}`;
    };
    const { near, far } = await pair({ through });
    const other = record(far);
    record(near);
    chunks.length = 0;
    for (let count = 0; count < 50; count++) near.send('twenty bytes of text');
    await other.count(50);
    expect(chunks.filter((length) => length > 6)).toEqual([50 * 26]); // a ping or pong is six bytes and may fall in between
  });

  test('brings the close code and reason to both ends', async () => {
    const { near, far } = await pair();
    const [one, other] = [record(near), record(far)];
    near.close(4009, 'superseded');
    near.send('too late');
    expect(await other.closed).toEqual({ code: 4009, reason: 'superseded' });
    expect(await one.closed).toEqual({ code: 4009, reason: 'superseded' });
    expect([near.open, far.open]).toEqual([false, false]);
  });

  test('a reason too long for a close frame is shortened, not thrown', async () => {
    const { near, far } = await pair();
    record(near);
    const other = record(far);
    near.close(1008, 'é'.repeat(200));
    expect((await other.closed).reason).toBe('é'.repeat(61));
  });

  test('a cut is 1006 at both ends', async () => {
    const { near, far } = await pair();
    const [one, other] = [record(near), record(far)];
    near.cut();
    expect((await one.closed).code).toBe(1006);
    expect((await other.closed).code).toBe(1006);
  });

  test.each(['near', 'far'] as const)(
    'an owner that throws (%s) closes 1011, says why here and lives',
    async (thrower) => {
      const faults: unknown[] = [];
      const ends = await pair({ onFault: (fault) => faults.push(fault) });
      const other = thrower === 'near' ? ends.far : ends.near;
      const fault = new Error('a fault of the owner');
      const heard = record(other);
      record(ends[thrower], () => {
        throw fault;
      });
      other.send('x');
      expect(await heard.closed).toMatchObject({ code: 1011, reason: 'the receiver failed' });
      expect(faults).toEqual([fault]);
    },
  );

  test('a frame over the bound of the receiver closes 1009', async () => {
    const { near, far } = await pair({ limits: { frame_bytes_max: 1_000 } });
    const [one, other] = [record(near), record(far)];
    near.send('x'.repeat(1_000));
    near.send('x'.repeat(1_001));
    expect((await one.closed).code).toBe(1009);
    expect((await other.closed).code).toBe(1009);
    expect(other.texts).toHaveLength(1);
  });

  test('ATK-A5: frames of a stranger are small, those of whoever proved a key as large as any', async () => {
    const limits = { stranger_bytes_max: 65_536 };
    const known = await pair({ limits });
    record(known.near);
    const heard = record(known.far);
    known.near.send('a'.repeat(65_536));
    await heard.count(1);
    known.far.trust();
    known.near.send('b'.repeat(1_000_000));
    await heard.count(2);
    expect(heard.texts.map((text) => text.length)).toEqual([65_536, 1_000_000]);
    const strange = await pair({ limits });
    record(strange.near);
    const end = record(strange.far);
    strange.near.send('c'.repeat(65_537));
    expect(await end.closed).toMatchObject({ code: 1009 });
    expect(end.texts).toEqual([]);
  });

  test('what is unsent is counted in bytes, and a stranger may leave less of it until it proved a key', async () => {
    const unread = await pair({ limits: { unsent_bytes_max: 100_000 } });
    record(unread.far).onClose = () => undefined;
    unread.far.send('\u20ac'.repeat(40_000)); // 120 000 bytes
    expect(unread.far.open).toBe(false);
    const strange = await pair({ limits: { stranger_unsent_bytes_max: 1_000 } });
    const heard = record(strange.near);
    record(strange.far);
    strange.far.trust();
    strange.far.send('x'.repeat(100_000));
    await heard.count(1);
    const other = await pair({ limits: { stranger_unsent_bytes_max: 1_000 } });
    const end = record(other.near);
    record(other.far);
    other.far.send('x'.repeat(1_001));
    expect(await end.closed).toMatchObject({ code: 1013 });
  });

  test('a reader that stopped costs at most the bound: then 1013 (D7)', async () => {
    const clock = manualClock();
    const { near, far } = await pair({ clock, limits: { unsent_bytes_max: 1_000_000 } });
    const other = record(far);
    record(near);
    near.pause();
    let sent = 0;
    for (; far.open && sent < 1_000; sent++) {
      far.send('x'.repeat(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(far.open).toBe(false);
    expect(sent).toBeLessThan(500); // the kernel's own buffers, then ours
    expect(far.unsent_bytes).toBeLessThanOrEqual(1_100_000);
    expect(other.ended).toBeUndefined();
    clock.advance(2_000);
    expect((await other.closed).code).toBe(1013);
  });

  test('of large frames one a turn is read: what a turn brings is in memory several times over', async () => {
    const { near, far } = await pair();
    let turn = 0;
    let is_over = false;
    const count = () => {
      turn++;
      if (!is_over) setImmediate(count);
    };
    count();
    const turns: number[] = [];
    const one = record(near, () => turns.push(turn));
    for (let nth = 0; nth < 20; nth++) far.send('x'.repeat(100_000));
    await one.count(20);
    is_over = true;
    expect(new Set(turns).size).toBe(20);
  });

  test('a reader that was told to stop within a large frame stays stopped until it is told to go on', async () => {
    const { near, far } = await pair();
    const one = record(near, () => near.pause());
    for (let nth = 0; nth < 3; nth++) far.send('x'.repeat(100_000));
    await one.count(1);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(one.texts).toHaveLength(1);
    near.resume();
    await one.count(2);
  });

  test('a reader that goes on lets the sender know when half is gone', async () => {
    const { near, far } = await pair({ limits: { unsent_bytes_max: 8_000_000 } });
    const [one, other] = [record(near), record(far)];
    near.pause();
    while (far.unsent_bytes < 4_000_000) {
      far.send('x'.repeat(100_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    far.send('last');
    expect(other.drains).toBe(0);
    near.resume();
    while (one.texts.at(-1) !== 'last') await one.count(one.texts.length + 1);
    expect(other.drains).toBe(1);
    expect(far.open).toBe(true);
  });

  test('a half-open connection is cut after 20 s of silence, and a pinged one lives (X14)', async () => {
    const clock = manualClock();
    let blackhole = false;
    const through = async (port: Port) => {
      const proxy = await tcp((socket) => {
        const onward = connect(port.port, '127.0.0.1');
        cleanups.push(() => onward.destroy());
        socket.on('data', (chunk) => blackhole || onward.write(chunk));
        onward.on('data', (chunk: Buffer) => blackhole || socket.write(chunk));
      });
      return `ws://127.0.0.1:${proxy}`;
    };
    const { near, far } = await pair({ clock, through });
    const [one, other] = [record(near), record(far)];
    for (let round = 1; round <= 9; round++) {
      clock.advance(7_000); // a ping each way; the frame after it shows that it went through
      near.send('.');
      far.send('.');
      await Promise.all([one.count(round), other.count(round)]);
    }
    expect([near.open, far.open]).toEqual([true, true]);
    blackhole = true;
    clock.advance(20_000);
    expect((await one.closed).code).toBe(1006);
    expect((await other.closed).code).toBe(1006);
  });

  test('pings alone keep a quiet link alive', async () => {
    const clock = manualClock();
    const passed = { up: 0, down: 0 };
    const through = async (port: Port) => {
      const proxy = await tcp((socket) => {
        const onward = connect(port.port, '127.0.0.1');
        cleanups.push(() => onward.destroy());
        socket.on('data', (chunk: Buffer) => {
          passed.up += chunk.length;
          onward.write(chunk);
        });
        onward.on('data', (chunk: Buffer) => {
          passed.down += chunk.length;
          socket.write(chunk);
        });
      });
      return `ws://127.0.0.1:${proxy}`;
    };
    const { near, far } = await pair({ clock, through });
    const [one, other] = [record(near), record(far)];
    const before = { ...passed };
    for (let round = 1; round <= 9; round++) {
      clock.advance(7_000);
      // A ping and a pong each way, masked on the way up: whoever sent its pong has heard the ping.
      await vi.waitFor(() =>
        expect([passed.up - before.up, passed.down - before.down]).toEqual([12 * round, 4 * round]),
      );
    }
    expect(clock.monotonic()).toBeGreaterThan(20_000);
    expect([one.ended, other.ended, near.open, far.open]).toEqual([undefined, undefined, true, true]);
  });
});

describe('dialling', () => {
  test('a listener that accepts and never upgrades rejects in time (D3, X23)', async () => {
    const clock = manualClock();
    let onAsked = () => {};
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const port = await tcp((socket) => socket.once('data', onAsked)); // it takes the request and says nothing
    const dialling = dialWebsocket({ url: `ws://127.0.0.1:${port}`, protocol: 'mesh.v1', clock });
    await asked;
    clock.advance(5_000);
    await expect(dialling).rejects.toThrow('no upgrade within 5000 ms');
  });

  test('a redirect is not followed', async () => {
    let second = 0;
    const target = await tcp(() => second++);
    const port = await tcp((socket) =>
      socket.once('data', () =>
        socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${target}/\r\nContent-Length: 0\r\n\r\n`),
      ),
    );
    const dialling = dialWebsocket({ url: `ws://127.0.0.1:${port}`, protocol: '', clock: systemClock });
    await expect(dialling).rejects.toThrow('302');
    expect(second).toBe(0);
  });

  test('nobody there, an abort and a URL that is none reject', async () => {
    const port = await tcp(() => {});
    const stop = new AbortController();
    const dialling = dialWebsocket({
      url: `ws://127.0.0.1:${port}`,
      protocol: '',
      clock: systemClock,
      signal: stop.signal,
    });
    stop.abort(new Error('changed my mind'));
    await expect(dialling).rejects.toThrow('changed my mind');
    await expect(dialWebsocket({ url: 'ws://127.0.0.1:1', protocol: '', clock: systemClock })).rejects.toThrow(
      'ECONNREFUSED',
    );
    await expect(dialWebsocket({ url: 'nowhere', protocol: '', clock: systemClock })).rejects.toThrow('Invalid URL');
  });

  test('a pinned address is used whatever the name says, and the name stays in the Host (ATK-G1)', async () => {
    const { port, nextLink } = await open();
    const near = await dialWebsocket({
      url: `ws://localhost:${port.port}`,
      protocol: '',
      clock: systemClock,
      address: '127.0.0.1',
    });
    const far = await nextLink();
    expect(far.dialled).toBe(`localhost:${port.port}`);
    expect(far.protocol).toBe('');
    const elsewhere = dialWebsocket({
      url: `ws://agent.example.com:${port.port}`,
      protocol: '',
      clock: systemClock,
      address: '127.0.0.1',
    });
    await expect(elsewhere).rejects.toThrow('403'); // it reached us, and the Host was not ours
    near.cut();
  });
});

describe('bytes no library would send', () => {
  const cases: [string, number, Buffer][] = [
    ['ATK-A3: an unmasked frame', 1002, frame({ opcode: 1, payload: '{}', masked: false })],
    ['ATK-A3: a reserved bit', 1002, frame({ opcode: 1, payload: '{}', rsv: 2 })],
    ['ATK-A7: a compressed frame, though deflate was not agreed', 1002, frame({ opcode: 1, payload: '{}', rsv: 4 })],
    ['ATK-A3: an opcode that does not exist', 1002, frame({ opcode: 3 })],
    ['ATK-A3: a fragmented ping', 1002, frame({ opcode: 9, fin: false })],
    ['ATK-A3: a ping of 126 bytes', 1002, frame({ opcode: 9, payload: 'x'.repeat(126) })],
    ['ATK-A3: a close with code 1005', 1002, frame({ opcode: 8, payload: Buffer.from([0x03, 0xed]) })],
    ['ATK-A3: a continuation of nothing', 1002, frame({ opcode: 0, payload: 'x' })],
    ['ATK-A4: text that is not UTF-8', 1007, frame({ opcode: 1, payload: Buffer.from([0x7b, 0xff, 0x7d]) })],
    ['ATK-A5: a header that claims 100 MB', 1009, frame({ opcode: 1, claimed: 100_000_000n })],
    ['ATK-A5: a header that claims 2^63', 1009, frame({ opcode: 1, claimed: 1n << 63n })],
    ['ATK-A18: a binary frame with JSON', 1003, frame({ opcode: 2, payload: '{"jsonrpc":"2.0"}' })],
  ];
  test.each(cases)('%s closes %i', async (_name, code, bytes) => {
    const { port, nextLink } = await open();
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    raw.socket.write(bytes);
    expect(await raw.closed).toBe(code);
    raw.socket.destroy();
    expect((await owner.closed).code).toBe(code);
    expect(owner.texts).toEqual([]);
  });

  test('ATK-A6: fragments of one byte without end are stopped at their bound', async () => {
    const { port, nextLink } = await open();
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    const more = frame({ opcode: 0, payload: 'x', fin: false });
    raw.socket.write(
      Buffer.concat([frame({ opcode: 1, payload: 'x', fin: false }), ...Array<Buffer>(2_000).fill(more)]),
    );
    expect(await raw.closed).toBe(1008);
    raw.socket.destroy();
    expect((await owner.closed).code).toBe(1008);
    expect(owner.texts).toEqual([]);
  });

  test('a frame in few fragments is one text', async () => {
    const { port, nextLink } = await open();
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    raw.socket.write(frame({ opcode: 1, payload: 'a', fin: false }));
    raw.socket.write(frame({ opcode: 9 }));
    raw.socket.write(frame({ opcode: 0, payload: 'b' }));
    await owner.count(1);
    expect(owner.texts).toEqual(['ab']);
    raw.socket.destroy();
    expect((await owner.closed).code).toBe(1006);
  });

  test('ATK-A7: deflate is offered and not agreed', async () => {
    const { port } = await open();
    const raw = await openRaw(port.port, { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' });
    expect(raw.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(raw.head.toLowerCase()).not.toContain('sec-websocket-extensions');
    raw.socket.destroy();
  });

  test('ATK-A8: of 10 000 pings some fifty are answered, then 4029; another link goes on', async () => {
    const { port, nextLink } = await open({ clock: manualClock() });
    const other = await openRaw(port.port);
    const healthy = record(await nextLink());
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    raw.socket.write(Buffer.concat(Array<Buffer>(10_000).fill(frame({ opcode: 9, payload: 'ping' }))));
    expect(await raw.closed).toBe(4029);
    expect(raw.opcodes.filter((opcode) => opcode === 10).length).toBeLessThanOrEqual(51);
    raw.socket.destroy();
    expect((await owner.closed).code).toBe(4029);
    other.socket.write(frame({ opcode: 1, payload: 'still here' }));
    await healthy.count(1);
    other.socket.destroy();
  });

  test('X15: a connection that ends after any byte of a frame is 1006 and leaves nothing behind', async () => {
    const { port, nextLink } = await open();
    const whole = frame({ opcode: 1, payload: '{"jsonrpc":"2.0","method":"rpc.ping","id":1}' });
    for (let length = 1; length < whole.length; length++) {
      const raw = await openRaw(port.port);
      const owner = record(await nextLink());
      raw.socket.end(whole.subarray(0, length));
      expect((await owner.closed).code).toBe(1006);
      expect(owner.texts).toEqual([]);
    }
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    raw.socket.write(whole);
    await owner.count(1);
    raw.socket.destroy();
  });

  test('X16: a frame that comes byte by byte is whole', async () => {
    const { port, nextLink } = await open();
    const raw = await openRaw(port.port);
    const owner = record(await nextLink());
    raw.socket.setNoDelay(true);
    for (const byte of frame({ opcode: 1, payload: '{"jsonrpc":"2.0"}' })) {
      raw.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await owner.count(1);
    expect(owner.texts).toEqual(['{"jsonrpc":"2.0"}']);
    raw.socket.destroy();
  });

  test('a peer that never answers a goodbye is cut after 2 s', async () => {
    const clock = manualClock();
    const { port, nextLink } = await open({ clock });
    const raw = await openRaw(port.port);
    const link = await nextLink();
    const owner = record(link);
    link.close(1001, 'going away');
    expect(await raw.closed).toBe(1001);
    expect(owner.ended).toBeUndefined();
    clock.advance(2_000);
    expect((await owner.closed).code).toBe(1001);
  });
});
