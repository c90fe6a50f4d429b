/** The port: who may come in, how many, and how everything else is told no. */
import { connect } from 'node:net';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Link } from '../../mesh/link.ts';
import { LINK_LIMITS } from '../../mesh/link.ts';
import { listen, LISTEN_BOUNDS, type ListenOptions } from '../../mesh/listen.ts';
import { dialWebsocket } from '../../mesh/websocket.ts';
import { AuroraError } from '../../protocol/index.ts';
import { countingIds, manualClock, memoryLog, systemClock } from '../../seams/index.ts';
import { exchange, frame, openRaw, upgradeRequest } from './raw.ts';
import { record, type Recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(given: Partial<ListenOptions> = {}) {
  const links: Link[] = [];
  const owners: Recorder[] = [];
  const faults: unknown[] = [];
  const port = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    ids: countingIds(),
    onLink: (link) => {
      owners.push(record(link));
      links.push(link);
    },
    onFault: (fault) => faults.push(fault),
    ...given,
  });
  cleanups.push(() => port.close());
  return { port: port.port, url: port.url, close: port.close, links, owners, faults };
}

/** Status and parsed body of a raw answer. */
function parseAnswer(answer: string): { status: number; head: string; code: string | undefined } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const envelope = (body ? JSON.parse(body) : {}) as {
    error?: { code: string; timestamp: string; request_id: string };
  };
  if (envelope.error) {
    expect(envelope.error.timestamp).toMatch(/^\d{4}-\d\d-\d\dT/);
    expect(envelope.error.request_id).toMatch(/^[0-9a-f-]{36}$/);
  }
  return { status: Number(head.split(' ')[1]), head, code: envelope.error?.code };
}

const upgrade = async (port: number, headers: Record<string, string>) =>
  parseAnswer(await exchange(port, upgradeRequest(port, headers)));

const get = (port: number, path: string, method = 'GET') =>
  new Promise<{ status: number; body: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    request.on('error', reject).end();
  });

describe('an upgrade', () => {
  test('agrees on mesh.v1 among others, on nothing when nothing is offered, and refuses strangers (wire.md 1)', async () => {
    const { port, links } = await open();
    const mesh = await openRaw(port, { 'Sec-WebSocket-Protocol': 'soap, mesh.v1' });
    expect(mesh.head).toContain('Sec-WebSocket-Protocol: mesh.v1');
    const bare = await openRaw(port);
    expect(bare.head.toLowerCase()).not.toContain('sec-websocket-protocol');
    expect(links.map((link) => link.protocol)).toEqual(['mesh.v1', '']);
    expect(await upgrade(port, { 'Sec-WebSocket-Protocol': 'soap, mesh.v2' })).toMatchObject({
      status: 400,
      code: 'AURORA-4000',
    });
    mesh.socket.destroy();
    bare.socket.destroy();
  });

  test('from a page is refused before the 101 unless its origin is configured (wire.md 4)', async () => {
    const { port, links } = await open({ allow_origins: ['https://console.example.com'] });
    for (const origin of ['https://evil.example.com', 'null', 'https://console.example.com.evil.example.com', '']) {
      expect(await upgrade(port, { Origin: origin })).toMatchObject({ status: 403, code: 'AURORA-4030' });
    }
    const old = { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'https://evil.example.com' };
    expect((await upgrade(port, old)).status).toBe(403);
    const own = { Origin: 'https://console.example.com' };
    const allowed = await openRaw(port, { ...own, 'Sec-WebSocket-Protocol': 'mesh.v1' });
    expect(allowed.head).toContain(' 101 ');
    expect(links).toHaveLength(1);
    allowed.socket.destroy();
  });

  test('from a page is never anonymous: bare it is refused, also from an origin that is configured (wire.md 1)', async () => {
    const { port, links } = await open({ allow_origins: ['https://console.example.com'] });
    const pages = [
      { Origin: 'https://console.example.com' },
      { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'https://console.example.com' },
    ];
    for (const page of pages) expect(await upgrade(port, page)).toMatchObject({ status: 403, code: 'AURORA-4030' });
    expect(links).toEqual([]);
  });

  test('is refused with what admit throws, and takes the limits that admit answers (ATK-A5)', async () => {
    const { port, links } = await open({
      admit: async ({ headers }) => {
        if (headers.authorization !== 'Bearer right') throw new AuroraError(4010);
        return { ...LINK_LIMITS, frame_bytes_max: 65_536 };
      },
    });
    expect(await upgrade(port, {})).toMatchObject({ status: 401, code: 'AURORA-4010' });
    const raw = await openRaw(port, { Authorization: 'Bearer right' });
    raw.socket.write(frame({ opcode: 1, claimed: 65_537n }));
    expect(await raw.closed).toBe(1009);
    expect(links).toHaveLength(1);
    raw.socket.destroy();
  });

  test('is refused 503 over the bound, and the next one fits when a link has gone', async () => {
    const { port, owners } = await open({ bounds: { ...LISTEN_BOUNDS, links_max: 2 } });
    const [one, other] = [await openRaw(port), await openRaw(port)];
    expect(await upgrade(port, {})).toMatchObject({ status: 503, code: 'AURORA-5030' });
    one.socket.destroy();
    await owners[0]?.closed;
    const third = await openRaw(port);
    expect(third.head).toContain(' 101 ');
    for (const { socket } of [other, third]) socket.destroy();
  });

  test('with a wrong handshake is told so in the same envelope', async () => {
    const { port } = await open();
    expect(await upgrade(port, { 'Sec-WebSocket-Key': 'short' })).toMatchObject({ status: 400, code: 'AURORA-4000' });
    expect(await upgrade(port, { Upgrade: 'h2c', Connection: 'Upgrade, close' })).toMatchObject({
      status: 404,
      code: 'AURORA-4040',
    });
    expect(await upgrade(port, { 'Sec-WebSocket-Protocol': 'mesh.v1,,' })).toMatchObject({
      status: 400,
      code: 'AURORA-4000',
    });
  });

  test('of a WebSocket version that nobody speaks is told which one is spoken (RFC 6455, 4.4)', async () => {
    const { port } = await open();
    const answer = await exchange(port, upgradeRequest(port, { 'Sec-WebSocket-Version': '99' }));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.toLowerCase()).toContain('\r\nsec-websocket-version: 13\r\n');
  });

  test('whose owner throws costs that link alone', async () => {
    const { port, faults } = await open({
      onLink: () => {
        throw new Error('a fault of the owner');
      },
    });
    const raw = await openRaw(port);
    expect(await raw.closed).toBe(1006);
    expect(faults).toHaveLength(1);
    expect((await get(port, '/')).status).toBe(404);
  });
});

describe('a request', () => {
  test('ATK-A1: of too many bytes or too many headers is 431 and the port goes on', async () => {
    const { port } = await open();
    const many = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`a${index}`, '']));
    expect((await upgrade(port, many)).status).toBe(431);
    const some = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`a${index}`, '1']));
    expect(await upgrade(port, some)).toMatchObject({ status: 431, code: 'AURORA-4310' });
    expect(await upgrade(port, { a: 'x'.repeat(17_000) })).toMatchObject({ status: 431, code: 'AURORA-4310' });
    expect((await get(port, '/')).status).toBe(404);
  });

  test('ATK-A1: 15 KB of spaces and commas as subprotocols is refused', async () => {
    const { port } = await open();
    for (const value of [' ,'.repeat(7_500), 'mesh.v1' + ' '.repeat(15_000) + ',', 'mesh.v1' + ' ,'.repeat(7_400)]) {
      expect((await upgrade(port, { 'Sec-WebSocket-Protocol': value })).status).toBe(400);
    }
  });

  test('ATK-A2: half an upgrade is hung up on after its time, and whole ones go on meanwhile', async () => {
    const { port } = await open({ bounds: { ...LISTEN_BOUNDS, headers_ms_max: 200 } });
    const slow = Array.from({ length: 50 }, () => exchange(port, 'GET / HTTP/1.1\r\nHost: 127'));
    const raw = await openRaw(port);
    expect(raw.head).toContain(' 101 ');
    expect(await Promise.all(slow)).toEqual(Array(50).fill(''));
    raw.socket.write(frame({ opcode: 9 }));
    raw.socket.destroy();
  });

  test('for another Host is refused, whatever it asks (DNS rebinding)', async () => {
    const { port } = await open({ allow_hosts: ['threat-intel', 'proxy.example.com:443'] });
    const asking = async (host: string) =>
      parseAnswer(await exchange(port, `GET /none HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).status;
    for (const host of [
      'evil.example.com',
      `evil.example.com:${port}`,
      `127.0.0.1:${port + 1}`,
      'localhost',
      'proxy.example.com:444',
      '',
    ]) {
      expect([host, await asking(host)]).toEqual([host, 403]);
    }
    for (const host of [
      `127.0.0.1:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      'threat-intel:9001',
      'threat-intel',
      'proxy.example.com:443',
    ]) {
      expect([host, await asking(host)]).toEqual([host, 404]);
    }
    expect(await upgrade(port, { Host: 'evil.example.com' })).toMatchObject({ status: 403, code: 'AURORA-4030' });
    expect(await upgrade(port, { host: `127.0.0.1:${port}` })).toMatchObject({ status: 400, code: 'AURORA-4000' }); // a second one
  });

  test('is answered by its route; unknown paths are 404, other methods 405, faults 500 without a word about them', async () => {
    const { port, faults } = await open({
      routes: [
        { method: 'GET', path: '/health', handle: (_request, response) => void response.end('{"status":"ok"}') },
        { method: 'GET', path: '/blobs/', handle: (request, response) => void response.end(request.url) },
        {
          method: 'GET',
          path: '/broken',
          handle: async () => {
            throw new Error('secret cause');
          },
        },
        {
          method: 'PUT',
          path: '/blobs/',
          handle: async () => {
            throw new AuroraError(4130);
          },
        },
      ],
    });
    const health = await get(port, '/health?verbose');
    expect(health).toMatchObject({ status: 200, body: '{"status":"ok"}' });
    expect(health.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    expect(await get(port, '/health', 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await get(port, '/blobs/abc')).body).toBe('/blobs/abc');
    expect((await get(port, '/health/')).status).toBe(404);
    expect((await get(port, '/%68ealth')).status).toBe(404);
    const other = await get(port, '/health', 'DELETE');
    expect([other.status, other.headers.allow]).toEqual([405, 'GET']);
    expect(JSON.parse(other.body)).toMatchObject({
      error: { code: 'AURORA-4050', message: 'Method not allowed', detail: null },
    });
    expect((await get(port, '/blobs/abc', 'PUT')).status).toBe(413);
    const broken = await get(port, '/broken');
    expect(broken.status).toBe(500);
    expect(broken.body).not.toContain('secret');
    expect(String(faults[0])).toContain('secret cause');
  });

  test('that is no HTTP is 400', async () => {
    const { port } = await open();
    expect(parseAnswer(await exchange(port, '\x16\x03\x01\x02\x00\x01\r\n\r\n'))).toMatchObject({
      status: 400,
      code: 'AURORA-4000',
    });
  });
});

describe('a port', () => {
  test('says goodbye on every link when it closes, and takes no more', async () => {
    const { port, url, close } = await open();
    const endings = await Promise.all(
      Array.from({ length: 5 }, async () =>
        record(await dialWebsocket({ url, protocol: 'mesh.v1', clock: systemClock })),
      ),
    );
    await close(1012, 'restart');
    for (const owner of endings) expect(await owner.closed).toEqual({ code: 1012, reason: 'restart' });
    await expect(dialWebsocket({ url, protocol: '', clock: systemClock })).rejects.toThrow('ECONNREFUSED');
    expect(port).toBeGreaterThan(0);
  });

  test('does not wait for a peer that never answers, nor for half a request', async () => {
    const clock = manualClock();
    const { port, close } = await open({ clock });
    const raw = await openRaw(port);
    const half = connect(port, '127.0.0.1', () => half.write('GET / HT'));
    await new Promise((resolve) => half.once('connect', resolve));
    const closing = close();
    expect(await raw.closed).toBe(1001); // and the raw peer says nothing back
    clock.advance(2_000);
    await closing;
    half.destroy();
  });

  test('ATK-I2 INV12: an upgrade that meets it closing is told when to come again', async () => {
    const { port, close } = await open();
    const [start, end] = upgradeRequest(port).split('\r\nUpgrade');
    let said = '';
    const half = connect(port, '127.0.0.1', () => half.write(start ?? ''));
    half.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const hung_up = new Promise((resolve) => half.once('close', resolve));
    await new Promise((resolve) => half.once('connect', resolve));
    expect(await upgrade(port, { 'Sec-WebSocket-Protocol': 'soap' })).toMatchObject({ status: 400 }); // it was heard meanwhile
    const closing = close();
    half.write(`\r\nUpgrade${end}`);
    await hung_up;
    await closing;
    expect(parseAnswer(said)).toMatchObject({ status: 503, code: 'AURORA-5030' });
    expect(said.toLowerCase()).toContain('retry-after: 1\r\n');
  });

  test('binds off loopback only with TLS or the explicit word (wire.md 4)', async () => {
    const given = { port: 0, clock: systemClock, ids: countingIds(), onLink: () => {} };
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'agent.example.com', '']) {
      await expect(listen({ ...given, host })).rejects.toThrow('A bind other than loopback needs TLS');
    }
    const open = await listen({ ...given, host: '0.0.0.0', tls: 'terminated-by-proxy' });
    await open.close();
    await expect(listen({ ...given, host: '127.0.0.1', port: 70_000 })).rejects.toThrow();
  });

  test('a host without a port means 443 behind a proxy that ends TLS: what is proven is what was dialled (wire.md 4)', async () => {
    for (const [tls, dialled] of [
      ['terminated-by-proxy', 'mesh.test:443'] as const,
      [undefined, 'mesh.test:80'] as const,
    ]) {
      const { port, links } = await open({ allow_hosts: ['mesh.test'], ...(tls && { tls }) });
      const raw = await openRaw(port, { Host: 'mesh.test', 'Sec-WebSocket-Protocol': 'mesh.v1' });
      expect(links.map((link) => link.dialled)).toEqual([dialled]);
      raw.socket.destroy();
    }
  });

  test('that is taken is an error of the one who opens it', async () => {
    const { port } = await open();
    const given = { host: '127.0.0.1', clock: systemClock, ids: countingIds(), onLink: () => {} };
    await expect(listen({ ...given, port })).rejects.toThrow('EADDRINUSE');
  });
});

test('an upgrade to something else than WebSocket is answered as the request that it is (RFC 9110, 7.8)', async () => {
  const routes = [{ method: 'POST', path: '/echo', handle: echoBody }];
  const { port } = await open({ routes });
  const lines = ['POST /echo HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Connection: close, Upgrade, HTTP2-Settings'];
  const more = ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA', 'Content-Length: 5', '', 'hello'];
  const answer = await exchange(port, [...lines, ...more].join('\r\n'));
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*hello/);
});

test.each([
  ['without a Host', '', 403],
  ['with two of them', 'Host: localhost\r\nhOST: localhost\r\n', 400],
  [
    'with two proofs, of which a proxy may see the other',
    'Host: localhost\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n',
    400,
  ],
  ['with an expectation', 'Host: localhost\r\nExpect: a-miracle\r\n', 400],
])('a request %s is refused in the one form (REQ-V01)', async (_how, headers, status) => {
  const { port } = await open({ headers: () => ({ 'x-api-version': '1' }) });
  const answer = await exchange(port, `GET /health HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  const { status: told, code } = parseAnswer(answer);
  expect(told).toBe(status);
  expect(code).toMatch(/^AURORA-\d{4}$/);
  expect(answer).toContain('x-api-version: 1');
});

function echoBody(request: IncomingMessage, response: ServerResponse): void {
  request.pipe(response);
}

describe('many requests at once on one connection', () => {
  const ask = (port: number, count: number, more = '') =>
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${more}\r\n`.repeat(count - 1) +
    `GET /last HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`;
  const statusesOf = (answers: string) => [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

  test('are answered one by one, each in a turn of its own, so that others get theirs', async () => {
    const [seen, turns] = [[0], [0]];
    let [under_way, turn] = [0, 0];
    const { port } = await open({
      handle: (_request, response) => {
        seen.push((under_way += 1));
        turns.push(turn);
        setImmediate(() => (turn += 1));
        response.on('close', () => (under_way -= 1)).end('here');
      },
    });
    expect(statusesOf(await exchange(port, ask(port, 50)))).toEqual(Array(50).fill('200'));
    expect(Math.max(...seen)).toBe(1);
    expect(new Set(turns).size).toBe(50);
  });

  test('end it where they are more than it holds: nobody gathers what nobody answers', async () => {
    const lines = memoryLog();
    let asked = 0;
    const { port } = await open({
      log: lines,
      handle: (_request, response) => {
        asked += 1;
        response.end('here');
      },
    });
    await exchange(port, ask(port, 1_000));
    expect(asked).toBeLessThan(1_000);
    expect(lines.lines.map(({ fields }) => fields)).toMatchObject([{ why: 'Too many requests at once' }]);
    const refused = statusesOf(await exchange(port, ask(port, 1_000, 'Expect: a-miracle\r\n')));
    expect(refused.length).toBeLessThan(1_000);
    expect((await get(port, '/')).status).toBe(200);
  });
});
