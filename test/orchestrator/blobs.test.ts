/** Bytes over HTTP on a real port: only what was granted, whole or not at all (wire.md 5). */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listen, type Link, type Pin, type Port } from '../../mesh/index.ts';
import { blobRoutes } from '../../orchestrator/blob-routes.ts';
import { createBlobStore, type BlobStore } from '../../orchestrator/blobs.ts';
import type { TaskRow } from '../../orchestrator/ledger.ts';
import type { Attempt } from '../../protocol/index.ts';
import {
  countingIds,
  DiskRefused,
  fileBlobs,
  manualClock,
  memoryBlobs,
  memoryLog,
  seededRandom,
  sha256Of,
  systemClock,
  type Blobs,
  type ManualClock,
} from '../../seams/index.ts';
import { row } from '../support/ledger.ts';

let folder: string;
let clock: ManualClock;
let store: BlobStore;
let port: Port;
let log: ReturnType<typeof memoryLog>;
let faults: unknown[];
/** Under the store: whether it takes bytes, and how often it did not. */
let disk: { is_full: boolean; refused: number };
/** The task that is read for: its attempts, as far as reading asks. */
let task: TaskRow;
let pins: Map<string, Pin>;
const LIMITS = { blob_bytes_max: 1_000, blobs_bytes_max: 2_000, grant_ms_max: 900_000, silence_ms_max: 15_000 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aurora-blobs-'));
  clock = manualClock();
  log = memoryLog();
  faults = [];
  disk = { is_full: false, refused: 0 };
  task = { ...row('task_1'), attempts: [attempt(1)] };
  pins = new Map([['ada', { id: 'ada', role: 'agent', public_key: 'key of ada' }]]);
  store = createBlobStore({
    blobs: onDisk(fileBlobs(folder)),
    clock,
    random: seededRandom(1),
    ...known(),
    base_url: () => `http://127.0.0.1:${port.port}`,
    limits: LIMITS,
  });
  port = await listen({ ...listening(), routes: blobRoutes(store, log) });
});

afterEach(async () => {
  await port.close();
  await rm(folder, { recursive: true });
});

describe('putting', () => {
  test('what was announced is kept under its hash, and read back as it was', async () => {
    const bytes = Buffer.from('evidence');
    expect(await put(bytes)).toMatchObject({ status: 201 });
    expect(await get(sha256Of(bytes), readToken(bytes))).toMatchObject({ status: 200, body: 'evidence' });
    expect(await readdir(folder)).toEqual([sha256Of(bytes)]);
  });

  test('other bytes than announced are 4220, and nothing of them stays', async () => {
    const grant = store.forPutting(refTo(Buffer.from('evidence')));
    const answer = await ask('PUT', grant.url, { token: grant.token, body: Buffer.from('evidenXe') });
    expect(answer).toMatchObject({ status: 422, code: 'AURORA-4220' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('bytes already kept survive somebody who sends them under another name', async () => {
    const known = Buffer.from('known');
    await put(known);
    const grant = store.forPutting({ ...refTo(Buffer.from('other')), size: known.length });
    expect(await ask('PUT', grant.url, { token: grant.token, body: known })).toMatchObject({ status: 422 });
    expect(await get(sha256Of(known), readToken(known))).toMatchObject({ status: 200, body: 'known' });
  });

  test('more than announced is 4130, and nothing of it stays', async () => {
    const bytes = Buffer.alloc(200, 1);
    const grant = store.forPutting({ ...refTo(bytes), size: 100 });
    expect(await ask('PUT', grant.url, { token: grant.token, body: bytes })).toMatchObject({
      status: 413,
      code: 'AURORA-4130',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test('one upload after the other comes over the same connection, and a refusal ends it', async () => {
    const agent = new Agent({ keepAlive: true });
    try {
      const bytes = ['one', 'two', 'three'].map((text) => Buffer.from(text));
      const ports: unknown[] = [];
      for (const each of bytes) {
        const { url, token } = store.forPutting(refTo(each));
        const { status, local_port } = await ask('PUT', url, { token, body: each, agent });
        expect(status).toBe(201);
        ports.push(local_port);
      }
      expect(new Set(ports).size).toBe(1);
      const { url, token } = store.forPutting(refTo(Buffer.from('four')));
      const refused = await ask('PUT', url, { token, body: Buffer.from('f0ur'), agent });
      expect(refused).toMatchObject({ status: 422, headers: { connection: 'close' } });
    } finally {
      agent.destroy();
    }
  });

  test('ATK-I2: a refusal in the middle of an upload is heard by who still sends', async () => {
    const large = createBlobStore({
      blobs: { ...memoryBlobs(), put: refusingAfterOnePiece },
      clock,
      random: seededRandom(1),
      ...known(),
      base_url: () => `http://127.0.0.1:${busy.port}`,
      limits: { ...LIMITS, blob_bytes_max: 50_000_000, blobs_bytes_max: 50_000_000 },
    });
    const busy = await listen({ ...listening(), routes: blobRoutes(large, log) });
    try {
      const grants = Array.from({ length: 10 }, () => large.forPutting(refTo(Buffer.alloc(26_000_000, 7))));
      expect(await sentByAnother(grants)).toEqual(grants.map(() => 503));
    } finally {
      await busy.close();
    }
  });

  test('more than one blob may have is refused when it is announced', () => {
    expect(() => store.forPutting({ ...refTo(Buffer.alloc(1)), size: 1_001 })).toThrow(
      expect.objectContaining({ code: 4130 }),
    );
  });

  test('an upload that breaks off leaves nothing, and no lie about its size', async () => {
    const bytes = Buffer.alloc(500, 7);
    const grant = store.forPutting(refTo(bytes));
    await breakOff(grant.url, grant.token, bytes.subarray(0, 100));
    await expect.poll(() => readdir(folder)).toEqual([]);
    expect(await get(sha256Of(bytes), readToken(bytes))).toMatchObject({ status: 404, code: 'AURORA-4040' });
    expect(await put(bytes)).toMatchObject({ status: 201 }); // and it can be sent again
    expect([faults, log.lines.map(({ level }) => level)]).toEqual([[], ['info']]); // no fault of ours
  });

  test('a disk that fails is not called too large', async () => {
    const failing = createBlobStore({
      blobs: { ...fileBlobs(folder), put: () => Promise.reject(new Error('disk full')) },
      clock,
      random: seededRandom(1),
      ...known(),
      base_url: () => '',
    });
    const grant = failing.forPutting(refTo(Buffer.from('x')));
    const kept = failing.put(grant.token, sha256Of('x'), bytesOf(Buffer.from('x')));
    await expect(kept).rejects.toThrow('disk full');
  });

  test('PROM-P15 ATK-I2: a disk that is full is said, is 5030 until it takes bytes again, and that is found out by itself', async () => {
    const [kept, more] = [Buffer.alloc(500, 1), Buffer.alloc(500, 2)];
    expect(await put(kept)).toMatchObject({ status: 201 });
    expect(store.trouble()).toBeUndefined();

    disk.is_full = true;
    const answer = await put(more);
    expect(answer).toMatchObject({ status: 503, code: 'AURORA-5030' });
    expect(JSON.parse(answer.body)).toMatchObject({ error: { retryable: true, retry_after_ms: 2_000 } });
    expect(answer.headers['retry-after']).toBe('2');
    expect(store.trouble()).toBe('blobs: the disk is full');
    expect(await get(sha256Of(kept), readToken(kept))).toMatchObject({ status: 200 });
    for (let tries = 1; tries <= 3; tries++) {
      clock.advance(2_000);
      await expect.poll(() => disk.refused).toBe(1 + tries); // nobody has to come for it
    }
    expect(store.trouble()).toBe('blobs: the disk is full');

    disk.is_full = false;
    await expect.poll(() => (clock.advance(2_000), store.trouble())).toBeUndefined();
    await expect.poll(() => readdir(folder)).toEqual([sha256Of(kept)]); // the try left nothing
    expect(await put(more)).toMatchObject({ status: 201 });
    expect([faults, log.lines.map(({ level }) => level)]).toEqual([[], ['error', 'info']]);
  });

  test('a full disk loses what nobody needs, however small the disk is', async () => {
    const [old, needed, more] = [1, 2, 3].map((fill) => Buffer.alloc(300, fill)) as [Buffer, Buffer, Buffer];
    await put(old);
    clock.advance(900_000);
    await put(needed);
    disk.is_full = true;
    expect(await put(more)).toMatchObject({ status: 503 });
    expect(await readdir(folder)).toEqual([sha256Of(needed)]);
  });

  test('over the bound of all together the ones used longest ago go first', async () => {
    const [first, second, third] = [1, 2, 3].map((fill) => Buffer.alloc(900, fill)) as [Buffer, Buffer, Buffer];
    await put(first);
    await put(second);
    clock.advance(900_000);
    await get(sha256Of(first), readToken(first)); // used just now
    await put(third);
    expect(new Set(await readdir(folder))).toEqual(new Set([sha256Of(first), sha256Of(third)]));
  });

  test('what was just put, or what an open task reads, is never evicted: more is 5030 until it is free', async () => {
    const [first, second, third] = [1, 2, 3].map((fill) => Buffer.alloc(900, fill)) as [Buffer, Buffer, Buffer];
    await put(first);
    await put(second);
    expect(await put(third)).toMatchObject({ status: 503, code: 'AURORA-5030' });
    clock.advance(900_000);
    store.forReading([sha256Of(first)], READER, clock.now() + 60_000); // a task begins to read it
    expect(await put(third)).toMatchObject({ status: 201 });
    expect(new Set(await readdir(folder))).toEqual(new Set([sha256Of(first), sha256Of(third)]));
  });

  test('what an earlier run kept counts, is evicted in its turn, and survives somebody who sends it under another name', async () => {
    const earlier = fileBlobs(folder);
    const [first, second] = [Buffer.alloc(900, 1), Buffer.alloc(900, 2)];
    await earlier.put(bytesOf(first), 900);
    await utimes(join(folder, sha256Of(first)), new Date(0), new Date(0));
    const grant = store.forPutting({ ...refTo(Buffer.from('other')), size: 900 });
    expect(await ask('PUT', grant.url, { token: grant.token, body: first })).toMatchObject({ status: 422 });
    expect(await readdir(folder)).toEqual([sha256Of(first)]);
    await put(second);
    await put(Buffer.alloc(900, 3));
    expect(await readdir(folder)).not.toContain(sha256Of(first));
    expect(await readdir(folder)).toHaveLength(2);
  });

  test('what nobody ever put is held for nobody: its name is not even remembered', async () => {
    const [first, second, third] = [1, 2, 3].map((fill) => Buffer.alloc(900, fill)) as [Buffer, Buffer, Buffer];
    store.hold([sha256Of(first)], clock.now() + 86_400_000);
    await put(second);
    store.hold([sha256Of(first)], clock.now() + 86_400_000);
    await put(first);
    clock.advance(900_000); // longer than what was put waits for its task
    expect(await put(third)).toMatchObject({ status: 201 });
  });

  test('what an earlier run kept is held too, also by tasks that go on before anything was put', async () => {
    const first = Buffer.alloc(900, 1);
    await fileBlobs(folder).put(bytesOf(first), 900);
    await utimes(join(folder, sha256Of(first)), new Date(0), new Date(0));
    store.hold([sha256Of(first)], clock.now() + 60_000);
    await put(Buffer.alloc(900, 2));
    expect(await put(Buffer.alloc(900, 3))).toMatchObject({ status: 503 });
    expect(await readdir(folder)).toContain(sha256Of(first));
  });

  test('uploads that send next to nothing take next to no room, and nothing that others keep goes for them', async () => {
    const known = Buffer.alloc(600, 1);
    await put(known);
    clock.advance(900_000); // nobody needs it, but it is there
    const idle = await Promise.all(
      Array.from({ length: 8 }, async (_, nth) => {
        const { url, token } = store.forPutting({ ...refTo(Buffer.from(`idle ${nth}`)), size: 1_000 });
        return begin(url, token, Buffer.from('x'));
      }),
    );
    await expect.poll(async () => (await readdir(folder)).length).toBe(9);
    expect(await put(Buffer.alloc(900, 2))).toMatchObject({ status: 201 });
    expect(await readdir(folder)).toContain(sha256Of(known));
    clock.advance(15_000);
    for (const { answer } of idle) expect(await answer).toMatchObject({ status: 400, code: 'AURORA-4000' });
    expect(new Set(await readdir(folder))).toEqual(new Set([sha256Of(known), sha256Of(Buffer.alloc(900, 2))]));
    expect(faults).toEqual([]);
  });

  test('an upload that goes on sending is not cut, however slowly', async () => {
    const bytes = Buffer.from('slow');
    const { url, token } = store.forPutting(refTo(bytes));
    const { send, answer } = begin(url, token, bytes.subarray(0, 1));
    for (let at = 1; at < bytes.length; at++) {
      await expect.poll(() => clock.nextAt()).toBe(clock.monotonic() + 15_000); // the piece before is there
      clock.advance(14_000);
      send(bytes.subarray(at, at + 1), at === bytes.length - 1);
    }
    expect(await answer).toMatchObject({ status: 201 });
  });

  test('bytes that come count at once: side by side uploads never keep more than there is room for', async () => {
    const both = [1, 2, 3].map((fill) => Buffer.alloc(900, fill));
    const answers = await Promise.all(both.map((bytes) => put(bytes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 503]);
    expect(await readdir(folder)).toHaveLength(2);
  });

  test('what was put just before a restart waits for its task like everything that was just put', async () => {
    const [first, second] = [Buffer.alloc(900, 1), Buffer.alloc(900, 2)];
    await fileBlobs(folder).put(bytesOf(first), 900);
    await fileBlobs(folder).put(bytesOf(second), 900);
    const at = new Date(clock.now() - 899_000);
    await utimes(join(folder, sha256Of(first)), at, at);
    await utimes(join(folder, sha256Of(second)), at, at);
    expect(await put(Buffer.alloc(900, 3))).toMatchObject({ status: 503 });
    clock.advance(1_000);
    expect(await put(Buffer.alloc(900, 3))).toMatchObject({ status: 201 });
  });

  test('more bytes announced than granted are 4130 at once, before any of them is sent', async () => {
    const grant = store.forPutting({ ...refTo(Buffer.alloc(1)), size: 1 });
    const headers = { authorization: `Bearer ${grant.token}`, 'content-length': 1_000_000_000 };
    const status = await new Promise((resolve, reject) => {
      const asking = request(grant.url, { method: 'PUT', headers, agent: false }, (response) => {
        resolve(response.statusCode);
        asking.destroy();
      });
      asking.on('error', reject);
      asking.flushHeaders();
    });
    expect(status).toBe(413);
  });

  test('the same bytes twice count once', async () => {
    const bytes = Buffer.alloc(900, 1);
    for (let time = 0; time < 4; time++) await put(bytes);
    await put(Buffer.alloc(900, 2));
    expect(await readdir(folder)).toHaveLength(2);
  });
});

test('whoever has the grant of somebody else can put what was announced, and neither other bytes nor a look at those', async () => {
  const announced = Buffer.from('what ann announced');
  const { url, token } = store.forPutting(refTo(announced));
  const forged = Buffer.from('what bob puts there'.slice(0, announced.length));
  expect(await ask('PUT', url, { token, body: forged })).toMatchObject({ status: 422, code: 'AURORA-4220' });
  expect(await ask('GET', url, { token })).toMatchObject({ status: 403, code: 'AURORA-4030' });
  expect(await ask('PUT', url, { token, body: announced })).toMatchObject({ status: 201 });
  expect(await ask('GET', url, { token })).toMatchObject({ status: 403, code: 'AURORA-4030' });
});

describe('tokens', () => {
  const bytes = Buffer.from('evidence');
  const other = Buffer.from('secret of somebody else');
  beforeEach(async () => {
    await put(bytes);
    await put(other);
  });

  test.each([
    ['no token', () => undefined],
    ['a token of letters', () => 'abc'],
    ['an empty signature', (token: string) => `${token.split('.')[0]}.`],
    ['a body that was changed', (token: string) => `${changed(token.split('.')[0] ?? '')}.${token.split('.')[1]}`],
    ['the signature of another process', () => foreignToken(bytes)],
  ])('%s is 4010', async (_name, forge) => {
    const answer = await get(sha256Of(bytes), forge(readToken(bytes)));
    expect(answer).toMatchObject({ status: 401, code: 'AURORA-4010' });
  });

  test('one that is over is 4011', async () => {
    const token = readToken(bytes);
    clock.advance(60_000);
    expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 401, code: 'AURORA-4011' });
    const grant = store.forPutting(refTo(bytes));
    clock.advance(900_000);
    expect(await ask('PUT', grant.url, { token: grant.token, body: bytes })).toMatchObject({ code: 'AURORA-4011' });
  });

  test('one for other bytes, or for another act, is 4030', async () => {
    expect(await get(sha256Of(other), readToken(bytes))).toMatchObject({ status: 403, code: 'AURORA-4030' });
    expect(await get(sha256Of(bytes), store.forPutting(refTo(bytes)).token)).toMatchObject({ code: 'AURORA-4030' });
    const url = `http://127.0.0.1:${port.port}/blobs/${sha256Of(bytes)}`;
    expect(await ask('PUT', url, { token: readToken(bytes), body: bytes })).toMatchObject({ code: 'AURORA-4030' });
  });

  test.each([
    ['given to another try', () => (task.attempts = [{ ...attempt(1), ended_at: 'then' }, attempt(2)])],
    [
      'given up, and not tried again yet',
      () => (task.attempts = [{ ...attempt(1), outcome: 'link_lost', ended_at: 'then' }]),
    ],
    ['over', () => Object.assign(task, { state: 'canceled', attempts: [{ ...attempt(1), ended_at: 'then' }] })],
    ['of an agent that lost its pin', () => pins.delete('ada')],
    ['of an agent with another key by now', () => pins.set('ada', { id: 'ada', role: 'agent', public_key: 'another' })],
    ['unknown here', () => (task = { ...task, task_id: 'task_2' })],
  ])('whoever reads for an attempt that is %s is refused: 4030 (wire.md 5, ATK-E5)', async (_what, change) => {
    const token = readToken(bytes);
    expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 200 });
    change();
    expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 403, code: 'AURORA-4030' });
  });

  test('the same attempt that is taken up again reads on, with its first token and with the next (PROM-P12)', async () => {
    const [first, next] = [readToken(bytes), readToken(bytes)];
    for (const token of [first, next, first]) expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 200 });
  });

  test('an agent without a key reads as well, until somebody pins one for its id', async () => {
    pins.clear();
    const token = readToken(bytes);
    expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 200 });
    pins.set('ada', { id: 'ada', role: 'agent', public_key: 'a key' });
    expect(await get(sha256Of(bytes), token)).toMatchObject({ status: 403 });
  });

  test.each([
    '/blobs/',
    '/blobs/..%2f..%2fetc',
    `/blobs/${'A'.repeat(64)}`,
    `/blobs/${'a'.repeat(65)}`,
    '/blobs/../keys',
  ])('a path that is no hash, %s, is 4040', async (path) => {
    const answer = await ask('GET', `http://127.0.0.1:${port.port}${path}`, { token: readToken(bytes) });
    expect(answer).toMatchObject({ status: 404, code: 'AURORA-4040' });
  });
});

describe('ranges', () => {
  const bytes = Buffer.from('0123456789');
  beforeEach(async () => {
    await put(bytes);
  });

  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-99', '0123456789', 'bytes 0-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('%s gives %s', async (range, body, content_range) => {
    const answer = await get(sha256Of(bytes), readToken(bytes), range);
    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.headers).toMatchObject({ 'content-range': content_range, 'content-length': String(body.length) });
  });

  test.each(['bytes=10-', 'bytes=-0'])('%s begins after the last byte: 416 that says the size', async (range) => {
    const answer = await get(sha256Of(bytes), readToken(bytes), range);
    expect(answer).toMatchObject({ status: 416, body: '' });
    expect(answer.headers).toMatchObject({ 'content-range': 'bytes */10' });
  });

  test.each(['bytes=5-2', 'bytes=-', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b'])(
    '%s is no range that is given here, so it is ignored (RFC 9110 14.2)',
    async (range) => {
      expect(await get(sha256Of(bytes), readToken(bytes), range)).toMatchObject({ status: 200, body: '0123456789' });
    },
  );

  test('HEAD tells the size and sends nothing; an empty blob is empty', async () => {
    const url = `http://127.0.0.1:${port.port}/blobs/${sha256Of(bytes)}`;
    const head = await ask('HEAD', url, { token: readToken(bytes) });
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe('10');
    const nothing = Buffer.alloc(0);
    expect(await put(nothing)).toMatchObject({ status: 201 });
    expect(await get(sha256Of(nothing), readToken(nothing))).toMatchObject({ status: 200, body: '' });
  });

  test('bytes leave as an attachment that no browser guesses about', async () => {
    const { headers } = await get(sha256Of(bytes), readToken(bytes));
    expect(headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    });
  });
});

interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
  code: string | undefined;
  /** Of our end: the same for the same connection. */
  local_port: number | undefined;
}

const refTo = (bytes: Buffer) => ({ sha256: sha256Of(bytes), size: bytes.length, media_type: 'text/plain', name: 'x' });

const readToken = (bytes: Buffer): string => store.forReading([sha256Of(bytes)], READER, clock.now() + 60_000).token;

const READER = { task_id: 'task_1', agent_id: 'ada', fence: 1 };
const attempt = (fence: number): Attempt => ({
  attempt: fence,
  fence,
  agent_id: 'ada',
  instance_id: 'ada-1',
  started_at: '2026-01-01T00:00:00.000Z',
});
/** Who knows about tasks and keys. */
const known = () => ({
  log,
  ledger: { get: (task_id: string) => Promise.resolve(task_id === task.task_id ? task : undefined) },
  pins: { of: (id: string) => pins.get(id) },
});

/** Signed by a store with another secret. */
const foreignToken = (bytes: Buffer): string =>
  createBlobStore({
    blobs: fileBlobs(folder),
    clock,
    random: seededRandom(2),
    ...known(),
    base_url: () => '',
  }).forReading([sha256Of(bytes)], READER, clock.now() + 60_000).token;

const changed = (body: string): string =>
  Buffer.from(Buffer.from(body, 'base64url').toString().replace('"exp":1', '"exp":9')).toString('base64url');

/** Blobs that lie on `disk`. */
const listening = () => ({
  host: '127.0.0.1',
  port: 0,
  clock: systemClock,
  ids: countingIds(),
  onLink: (link: Link) => link.cut(),
  onFault: (fault: unknown) => void faults.push(fault),
});

/** A disk that is full as soon as something comes, and takes its time to say so. */
const refusingAfterOnePiece: Blobs['put'] = async (bytes) => {
  for await (const piece of bytes) if (piece.byteLength > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 5));
  throw new DiskRefused(true);
};

/** What another process is answered that goes on sending 26 MB whatever comes back, one grant after the other. */
async function sentByAnother(grants: readonly { url: string; token: string }[]): Promise<unknown> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SENDER, JSON.stringify(grants)]);
  return JSON.parse(await text(child.stdout));
}
const SENDER = `
  import { request } from 'node:http';
  import { Readable } from 'node:stream';
  const send = ({ url, token }) => new Promise((resolve) => {
    const asking = request(url, { method: 'PUT', headers: { authorization: 'Bearer ' + token } });
    asking.on('response', ({ statusCode }) => resolve(statusCode));
    asking.on('error', ({ code }) => resolve(code));
    Readable.from(Array(400).fill(Buffer.alloc(65_000, 7))).pipe(asking);
  });
  const answers = [];
  for (const grant of JSON.parse(process.argv[1])) answers.push(await send(grant));
  process.stdout.write(JSON.stringify(answers), () => process.exit(0));
`;

const onDisk = (blobs: Blobs): Blobs => ({
  ...blobs,
  put(...asked) {
    if (!disk.is_full) return blobs.put(...asked);
    disk.refused += 1;
    return Promise.reject(new DiskRefused(true));
  },
});

function put(bytes: Buffer): Promise<Answer> {
  const { url, token } = store.forPutting(refTo(bytes));
  return ask('PUT', url, { token, body: bytes });
}

const get = (sha256: string, token: string | undefined, range?: string): Promise<Answer> =>
  ask('GET', `http://127.0.0.1:${port.port}/blobs/${sha256}`, { token, range });

interface Asked {
  token?: string | undefined;
  range?: string | undefined;
  body?: Buffer;
  agent?: Agent | false;
}

function ask(method: string, url: string, { token, range, body, agent = false }: Asked): Promise<Answer> {
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(range !== undefined && { range }),
  };
  const { port: number, pathname } = new URL(url);
  const path = url.slice(url.indexOf('/', 'http://'.length)) || pathname; // as written: nothing is tidied
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: number, path, method, headers, agent }, (response) => {
      const local_port = response.socket.localPort;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const code = /"code":"(AURORA-\d+)"/.exec(text)?.[1];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, code, local_port });
      });
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

/** An upload of unknown length that has sent its first bytes. */
function begin(url: string, token: string, part: Buffer) {
  const headers = { authorization: `Bearer ${token}` };
  const asking = request(url, { method: 'PUT', headers, agent: false });
  const answer = new Promise<{ status: number; code: string | undefined }>((resolve, reject) => {
    asking.on('error', reject);
    asking.on('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, code: /"code":"(AURORA-\d+)"/.exec(text)?.[1] }),
      );
    });
  });
  asking.write(part);
  const send = (more: Buffer, is_last: boolean) => (is_last ? asking.end(more) : asking.write(more));
  return { answer, send };
}

/** Announces a whole upload, sends a part of it, and is gone. */
function breakOff(url: string, token: string, part: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-length': 500 };
    const asking = request(url, { method: 'PUT', headers, agent: false });
    asking.on('error', () => resolve());
    asking.on('close', () => resolve());
    asking.write(part, () => asking.destroy());
  });
}

async function* bytesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
