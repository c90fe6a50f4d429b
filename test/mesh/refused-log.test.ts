/** Who was refused at a port, as the log says it: every reason, no secret, and no more lines than a disk can bear. */
import { afterEach, expect, test } from 'vitest';
import { createRefusedLog } from '../../mesh/refused-log.ts';
import { listen, LISTEN_BOUNDS, type ListenOptions } from '../../mesh/listen.ts';
import { countingIds, manualClock, memoryLog, systemClock } from '../../seams/index.ts';
import { exchange, openRaw, upgradeRequest } from './raw.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function open(given: Partial<ListenOptions> = {}) {
  const log = memoryLog();
  const about = { host: '127.0.0.1', port: 0, clock: systemClock, ids: countingIds(), onLink: () => undefined };
  const port = await listen({ ...about, log, ...given });
  cleanups.push(() => port.close());
  return { port: port.port, log };
}

test.each([
  ['a wrong origin', { Origin: 'https://evil.example.com' }, /origin not allowed/i],
  ['a wrong host', { Host: 'evil.example.com' }, /does not answer for that Host/],
  ['a key that is none', { 'Sec-WebSocket-Key': 'short' }, /Sec-WebSocket-Key/i],
  ['a protocol nobody speaks', { 'Sec-WebSocket-Protocol': 'soap' }, /subprotocol here is mesh\.v1/],
])('an upgrade with %s is one line: why, from where, and the id that was answered', async (_what, headers, why) => {
  const { port, log } = await open();
  const request_id = '0b9f0c4e-5f6a-4c1e-9d3b-1a2b3c4d5e6f';
  const secrets = { 'X-Request-Id': request_id, Authorization: 'Bearer s3cret', Cookie: 'sid=s3cret' };
  const asked = upgradeRequest(port, { ...headers, ...secrets }, '/events?ticket=s3cret');
  expect(await exchange(port, asked)).toContain(request_id);
  const remote = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown;
  const fields = { request_id, remote, why: expect.stringMatching(why) as unknown, method: 'GET', path: '/events' };
  expect(log.lines).toMatchObject([{ level: 'warn', fields, text: 'the port refused a request' }]);
  expect(JSON.stringify(log.lines)).not.toContain('s3cret');
});

test('so are a path that is not there, what is no HTTP, half a request and one link too many', async () => {
  const { port, log } = await open({ bounds: { ...LISTEN_BOUNDS, links_max: 1, headers_ms_max: 200 } });
  await exchange(port, `GET /none HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  await exchange(port, '\x16\x03\x01\x02\x00\x01\r\n\r\n');
  const raw = await openRaw(port);
  await exchange(port, upgradeRequest(port));
  raw.socket.destroy();
  await exchange(port, 'GET / HTTP/1.1\r\nHost: 127');
  const codes = log.lines.map(({ fields }) => ('code' in fields ? fields.code : undefined));
  expect(codes).toEqual([4040, 4000, 5030, undefined]);
  expect(log.lines[3]).toMatchObject({
    text: 'the port dropped a connection',
    fields: { why: 'No whole request came in time' },
  });
});

test('who is welcome is no line', async () => {
  const { port, log } = await open();
  const raw = await openRaw(port);
  raw.socket.destroy();
  expect(log.lines).toEqual([]);
});

test('ATK-J2: of one address 20 lines a minute are written, of all 60; how many more there were is said after it', () => {
  const [log, clock] = [memoryLog(), manualClock()];
  const tell = createRefusedLog({ log, clock });
  const flood = (remote: string, lines: number) => {
    for (let line = 0; line < lines; line++) tell({ remote, why: 'x'.repeat(10_000) }, 'the port refused a request');
  };
  flood('192.0.2.7:1', 1_000);
  expect(log.lines).toHaveLength(20);
  flood('[2001:db8::1]:1', 15);
  flood('[2001:db8::2]:1', 15); // the same /64
  expect(log.lines).toHaveLength(40);
  for (let host = 1; host < 250; host++) flood(`198.51.100.${host}:1`, 1);
  expect(log.lines).toHaveLength(60);
  expect(Math.max(...log.lines.map((line) => JSON.stringify(line).length))).toBeLessThan(1_000);
  clock.advance(60_000);
  expect(log.lines.at(-1)).toMatchObject({ fields: { unlogged: 1_000 - 20 + 10 + 249 - 20 } });
  flood('192.0.2.7:1', 1);
  expect(log.lines).toHaveLength(62);
  clock.advance(60_000);
  expect(log.lines).toHaveLength(62); // nothing was left out
});
