/** The effect webhook against real servers that misbehave: it costs a bound, and leads nowhere else (ATK-G1, G2, G3). */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { createBreaker } from '../../boot/breaker.ts';
import { createWebhook, WEBHOOK_BOUNDS, type WebhookAddress, type WebhookDeps } from '../../boot/webhook.ts';
import { AuroraError } from '../../protocol/index.ts';
import { manualClock, seededRandom, systemClock } from '../../seams/index.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** What came in, and a server that answers as it is told. */
interface Heard {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}
async function receiver(answer: (response: ServerResponse, nth: number, request: IncomingMessage) => void) {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      heard.push({ method: request.method, path: request.url, headers: request.headers, body });
      answer(response, heard.length, request);
    });
    response.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return { heard, port, url: `http://127.0.0.1:${port}/act` };
}
const ok = (response: ServerResponse) => void response.writeHead(204).end();
const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('why');

const LOOPBACK = ['127.0.0.0/8'];
const message = { body: { endpoint_id: 'WS-042' }, idempotency_key: 'task_1:kind:WS-042' };
const quick = { try_ms_max: 300, pause_ms_max: 20 };
const never = new AbortController().signal;
const hook = (address: WebhookAddress, deps: Partial<WebhookDeps> = {}) =>
  createWebhook(
    { networks: LOOPBACK, ...address },
    { clock: systemClock, random: seededRandom(1), bounds: quick, ...deps },
  );

test('a message is posted once, as JSON, under its key and signed', async () => {
  const { heard, url } = await receiver(ok);
  const post = hook({ url, secret: 'hush' });
  expect(await post({ ...message, token: 'granted' }, never)).toEqual({ status: 204, tries: 1 });
  const text = JSON.stringify(message.body);
  expect(heard).toMatchObject([{ method: 'POST', path: '/act', body: text }]);
  expect(heard[0]?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'idempotency-key': message.idempotency_key,
    authorization: 'Bearer granted',
    'x-aurora-signature': `sha256=${createHmac('sha256', 'hush').update(text).digest('hex')}`,
  });
});

describe('a receiver that misbehaves costs a bound and no more (ATK-G3)', () => {
  test('the bounds: 5 s a try, 3 tries, 3 redirects, 64 KiB', () => {
    expect(WEBHOOK_BOUNDS).toMatchObject({
      try_ms_max: 5_000,
      tries_max: 3,
      redirects_max: 3,
      answer_bytes_max: 65_536,
      failures_max: 5,
    });
  });

  test('one that hangs is given up after its time, three times, and nobody says that it did not act', async () => {
    const { heard, url } = await receiver(() => undefined);
    const gave_up = hook({ url })(message, never);
    await expect(gave_up).rejects.toMatchObject({
      code: 5030,
      message: expect.stringMatching(/may have acted or not/) as string,
    });
    expect(heard).toHaveLength(3);
    expect(new Set(heard.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set([message.idempotency_key]));
  });

  test('a body of 1 GB is cut at 64 KiB, and its status still counts', async () => {
    let sent = 0;
    let cut: () => void = () => undefined;
    const is_cut = new Promise<void>((resolve) => (cut = resolve));
    const { url } = await receiver((response) => {
      response.writeHead(200, { 'content-length': String(1_073_741_824) });
      response.once('close', cut);
      const chunk = Buffer.alloc(65_536);
      const pour = () => {
        while (!response.destroyed && sent < 1_073_741_824) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', pour);
        }
      };
      pour();
    });
    expect(await hook({ url })(message, never)).toEqual({ status: 200, tries: 1 });
    await is_cut;
    expect(sent).toBeLessThan(67_108_864); // what the kernel buffers, not what was read
  });

  test('a body that stalls after its head ends with the try', async () => {
    const { heard, url } = await receiver(
      (response) => void response.writeHead(200, { 'content-length': '9' }).write('x'),
    );
    await expect(hook({ url })(message, never)).rejects.toMatchObject({ code: 5030 });
    expect(heard).toHaveLength(3);
  });

  test('a storm of redirects ends after three, and is not tried again', async () => {
    const { heard, url } = await receiver((response) => status(301, { location: '/again' })(response));
    const refusal = { code: 5030, message: 'The webhook may not be reached: it redirects more than 3 times' };
    await expect(hook({ url })(message, never)).rejects.toMatchObject(refusal);
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /act',
      ...Array<string>(3).fill('POST /again'),
    ]);
  });

  test.each([500, 503, 429])('HTTP %i is tried again, and what is answered then counts', async (code) => {
    const { heard, url } = await receiver((response, nth) => (nth < 3 ? status(code) : ok)(response));
    expect(await hook({ url })(message, never)).toEqual({ status: 204, tries: 3 });
    expect(heard).toHaveLength(3);
  });

  test('a connection that is cut is tried again', async () => {
    const { url } = await receiver((response, nth) => (nth === 1 ? void response.destroy() : ok(response)));
    expect(await hook({ url })(message, never)).toEqual({ status: 204, tries: 2 });
  });

  test('Retry-After is honoured, up to a bound', async () => {
    const { url } = await receiver((response, nth) =>
      (nth === 1 ? status(503, { 'retry-after': '86400' }) : ok)(response),
    );
    const waits: number[] = [];
    const after = (ms: number, run: () => void) => {
      waits.push(ms);
      return systemClock.after(ms > 3_000 ? 0 : ms, run);
    };
    const post = hook({ url }, { clock: { ...systemClock, after }, bounds: { try_ms_max: 3_000 } });
    expect(await post(message, never)).toEqual({ status: 204, tries: 2 });
    expect(waits).toEqual([3_000, 10_000, 3_000]);
  });

  test.each([400, 403, 404, 303, 304])('HTTP %i is a refusal: no second try', async (code) => {
    const { heard, url } = await receiver(status(code, { location: '/elsewhere' }));
    await expect(hook({ url })(message, never)).rejects.toMatchObject({
      code: 5000,
      message: `The webhook refused: HTTP ${code}`,
    });
    expect(heard).toHaveLength(1);
  });

  test('a signal stops further tries', async () => {
    const stop = new AbortController();
    const { heard, url } = await receiver((response) => {
      stop.abort();
      status(503)(response);
    });
    await expect(hook({ url })(message, stop.signal)).rejects.toMatchObject({
      code: 5030,
      message: 'The webhook answers HTTP 503',
    });
    expect(heard).toHaveLength(1);
  });

  test('a further try is asked for anew, and what is no longer allowed is not tried again', async () => {
    const { heard, url } = await receiver(status(503));
    const asked: number[] = [];
    const mayGoOn = async () => {
      asked.push(heard.length);
      if (asked.length === 2) throw new AuroraError(4031, { message: 'The mode is monitor' });
    };
    await expect(hook({ url })(message, never, mayGoOn)).rejects.toMatchObject({
      code: 5030,
      message: 'The webhook answers HTTP 503; it is not tried again: The mode is monitor',
    });
    expect(asked).toEqual([1, 2]);
    expect(heard).toHaveLength(2);
  });

  test('after five failed messages it is left alone, and tried once after the pause', async () => {
    let is_well = false;
    const { heard, url } = await receiver((response) => (is_well ? ok : status(500))(response));
    let ahead_ms = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead_ms };
    const post = hook({ url }, { clock, bounds: { ...quick, tries_max: 1 } });
    for (let nth = 0; nth < 5; nth++) await expect(post(message, never)).rejects.toMatchObject({ code: 5030 });
    const refused = await post(message, never).catch((reason: unknown) => reason as { retry_after_ms: number });
    expect((refused as { retry_after_ms: number }).retry_after_ms).toBeGreaterThan(29_000);
    expect(heard).toHaveLength(5);
    is_well = true;
    ahead_ms = 30_001;
    const [probe, other] = await Promise.allSettled([post(message, never), post(message, never)]);
    expect([probe.status, other.status]).toEqual(['fulfilled', 'rejected']);
    expect(await post(message, never)).toMatchObject({ status: 204 });
  });
});

test('a breaker stays open twice as long each time, at most five minutes', () => {
  const clock = manualClock();
  const breaker = createBreaker(clock, { failures_max: 2, open_ms: 30_000, open_ms_max: 300_000 });
  const pauses: number[] = [];
  breaker.report(false);
  for (let nth = 0; nth < 6; nth++) {
    breaker.report(false);
    try {
      breaker.check();
    } catch (reason) {
      const { retry_after_ms = 0 } = reason as { retry_after_ms?: number };
      pauses.push(retry_after_ms);
      clock.advance(retry_after_ms);
      breaker.check();
    }
  }
  expect(pauses).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
  breaker.report(true);
  breaker.report(false);
  expect(() => breaker.check()).not.toThrow();
});

test.each([3_600_000, -7_200_000])(
  'how long a breaker stays open is no matter of the wall, which jumps by %i ms (FLT-X32)',
  (jump_ms) => {
    const clock = manualClock();
    const breaker = createBreaker(clock, { failures_max: 1, open_ms: 30_000, open_ms_max: 300_000 });
    breaker.report(false);
    clock.advance(10_000);
    clock.jumpWall(jump_ms);
    expect(() => breaker.check()).toThrow(expect.objectContaining({ retry_after_ms: 20_000 }) as Error);
    clock.advance(20_000);
    expect(() => breaker.check()).not.toThrow();
  },
);

describe('it is led nowhere it may not go (ATK-G1, ATK-G2)', () => {
  const unreachable = { code: 5030, message: expect.stringContaining('may not be reached') as string };

  test.each([
    ['loopback by number', (port: number) => `http://127.0.0.1:${port}/act`],
    ['loopback by a name', (port: number) => `http://localhost:${port}/act`],
    ['loopback, oddly written', (port: number) => `http://0x7f.1:${port}/act`],
    ['the cloud’s own metadata', () => 'http://169.254.169.254/latest/meta-data'],
    ['with a password in it', (port: number) => `http://a:b@127.0.0.1:${port}/act`],
  ])('an address that is %s is not called, unless a network allows it', async (_name, urlOf) => {
    const { heard, port } = await receiver(ok);
    await expect(hook({ url: urlOf(port), networks: [] })(message, never)).rejects.toMatchObject(unreachable);
    expect(heard).toEqual([]);
  });

  test('a name that resolves to a private address is not called, even when only one of its addresses is', async () => {
    const { heard, port } = await receiver(ok);
    const resolve = async () => ['93.184.215.14', '127.0.0.1'];
    const post = hook({ url: `http://hooks.example:${port}/act`, networks: [] }, { resolve });
    await expect(post(message, never)).rejects.toMatchObject(unreachable);
    expect(heard).toEqual([]);
  });

  test('a name that is rebound between the check and the call changes nothing: the checked address is called', async () => {
    const { heard, port } = await receiver(ok);
    let asked = 0;
    // The system would not find this name at all: only the address that was judged can have been dialled.
    const resolve = async () => [++asked === 1 ? '127.0.0.1' : '10.0.0.1'];
    const post = hook({ url: `http://rebound.invalid:${port}/act` }, { resolve });
    expect(await post(message, never)).toEqual({ status: 204, tries: 1 });
    expect([heard.length, asked, heard[0]?.headers.host]).toEqual([1, 1, `rebound.invalid:${port}`]);
  });

  test('each redirect is judged anew: from an allowed address to a private one it ends', async () => {
    const inside = await receiver(ok);
    const outside = await receiver(status(307, { location: `http://inside.example:${inside.port}/admin` }));
    const resolve = async () => ['10.0.0.1'];
    const post = hook({ url: outside.url }, { resolve });
    await expect(post(message, never)).rejects.toMatchObject(unreachable);
    expect([outside.heard.length, inside.heard.length]).toEqual([1, 0]);
  });

  test.each(['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://['])('a redirect to %s ends', async (location) => {
    const { heard, url } = await receiver(status(302, { location }));
    await expect(hook({ url, networks: ['127.0.0.1/32'] })(message, never)).rejects.toMatchObject({ code: 5030 });
    expect(heard).toHaveLength(1);
  });

  test('a redirect elsewhere keeps the message and its key, and does not show the token there', async () => {
    const there = await receiver(ok);
    const { url } = await receiver(status(308, { location: there.url }));
    expect(await hook({ url })({ ...message, token: 'granted' }, never)).toEqual({ status: 204, tries: 1 });
    expect(there.heard).toMatchObject([{ method: 'POST', body: JSON.stringify(message.body) }]);
    expect(there.heard[0]?.headers).toMatchObject({ 'idempotency-key': message.idempotency_key });
    expect(there.heard[0]?.headers.authorization).toBeUndefined();
  });
});
