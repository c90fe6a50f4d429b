/** Blobs in files: what a crash leaves behind does not stay, and what was just here is not read from the disk. */
import { fsync } from 'node:fs';
import { mkdtemp, open, readFile, readdir, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { DiskRefused, fileBlobs, sha256Of } from '../../seams/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aurora-blobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* bytes(...texts: (string | Buffer)[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

const read = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

test('a draft that an earlier run left is removed, also when this one has its process id', async () => {
  await writeFile(join(folder, `.draft-${process.pid}-1`), 'half');
  await writeFile(join(folder, 'notes'), 'of somebody else');
  const { sha256 } = await fileBlobs(folder).put(bytes('whole'), 100);
  expect((await readdir(folder)).sort()).toEqual([sha256, 'notes'].sort());
});

test('a blob is put once its name is on the disk as well: the folder is synced after the rename', async () => {
  const handle = await open(folder, 'r');
  const inode = (await handle.stat()).ino;
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const whole = sha256Of('whole');
  const at_syncs: [is_folder: boolean, is_named: boolean][] = [];
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    at_syncs.push([(await this.stat()).ino === inode, (await readdir(folder)).includes(whole)]);
    await promisify(fsync)(this.fd);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  await fileBlobs(folder).put(bytes('whole'), 100);
  expect(at_syncs).toEqual([
    [false, false],
    [true, true],
  ]);
});

test('puts at the same time, also the first ones, do not touch the drafts of each other', async () => {
  const blobs = fileBlobs(folder);
  const texts = Array.from({ length: 20 }, (_, nth) => `text ${nth}`);
  await Promise.all(texts.map((text) => blobs.put(bytes(text), 100)));
  expect((await readdir(folder)).sort()).toEqual(texts.map(sha256Of).sort());
});

test('a blob in pieces, one larger than is written at once, is whole in its file', async () => {
  const pieces = ['a', 'b'.repeat(300_000), 'c', 'd'.repeat(100_000), ''];
  const { sha256, size } = await fileBlobs(folder).put(bytes(...pieces), 1_000_000);
  expect(await readFile(join(folder, sha256), 'utf8')).toBe(pieces.join(''));
  expect({ sha256, size }).toEqual({ sha256: sha256Of(pieces.join('')), size: 400_002 });
});

test('what was just put is read, in part as well, without its file; what is removed is gone', async () => {
  const blobs = fileBlobs(folder);
  const { sha256 } = await blobs.put(bytes('just', ' here'), 100);
  await rm(join(folder, sha256));
  expect(await blobs.size(sha256)).toBe(9);
  expect(await read(blobs.open(sha256))).toBe('just here');
  expect(await read(blobs.open(sha256, { start: 2, end: 5 }))).toBe('st h');
  await blobs.remove(sha256);
  expect(await blobs.size(sha256)).toBeUndefined();
});

test.each([
  ['too large', [Buffer.alloc(2_097_153)]],
  ['in too many crumbs', Array.from({ length: 1_025 }, () => 'x')],
])('what came %s is read from its file alone', async (_why, pieces) => {
  const blobs = fileBlobs(folder);
  const { sha256, size } = await blobs.put(bytes(...pieces), 3_000_000);
  expect((await read(blobs.open(sha256))).length).toBe(size);
  await rm(join(folder, sha256));
  expect(await blobs.size(sha256)).toBeUndefined();
});

test('at most 8 MiB are held: what was wanted longest ago is read from its file again', async () => {
  const blobs = fileBlobs(folder);
  const put = async (fill: number) => (await blobs.put(bytes(Buffer.alloc(2_000_000, fill)), 2_000_000)).sha256;
  const [first, second] = [await put(1), await put(2)];
  await put(3);
  await put(4);
  expect(await blobs.size(first)).toBe(2_000_000); // wanted just now
  await put(5);
  for (const sha256 of await readdir(folder)) await rm(join(folder, sha256));
  expect([await blobs.size(first), await blobs.size(second)]).toEqual([2_000_000, undefined]);
});

test('uploads that stand still hold no more than 8 MiB together, and give it back when they end', async () => {
  const blobs = fileBlobs(folder);
  const last: (() => void)[] = [];
  async function* slow(fill: number): AsyncIterable<Uint8Array> {
    yield Buffer.alloc(2_000_000, fill);
    await new Promise<void>((resolve) => last.push(resolve));
  }
  const puts = [1, 2, 3, 4, 5].map((fill) => blobs.put(slow(fill), 2_000_000));
  await expect.poll(() => last.length).toBe(5);
  for (const resolve of last) resolve();
  const kept = await Promise.all(puts);
  const after = await blobs.put(bytes('after'), 100);
  for (const sha256 of await readdir(folder)) await rm(join(folder, sha256));
  const sizes = await Promise.all([...kept, after].map(({ sha256 }) => blobs.size(sha256)));
  expect(sizes.filter((size) => size === undefined)).toHaveLength(1);
  expect(sizes.at(-1)).toBe(5);
});

test('where no file can be made a put fails, keeps nothing, and the bytes are not served either', async () => {
  await writeFile(join(folder, 'file'), 'no folder');
  const blobs = fileBlobs(join(folder, 'file'));
  await expect(blobs.put(bytes('text'), 100)).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await blobs.size(sha256Of('text'))).toBeUndefined();
});

test.each([
  ['ENOSPC', true],
  ['EDQUOT', true],
  ['EIO', false],
  ['a part of it', true],
] as const)(
  'PROM-P15: a disk that answers a write with %s is told as such, and nothing of the blob stays',
  async (answer, is_full) => {
    const handle = await open(folder, 'r');
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const spy = vi.spyOn(prototype, 'writev').mockImplementation((chunks) => {
      if (answer === 'a part of it') return Promise.resolve({ bytesWritten: 1, buffers: [...chunks] });
      return Promise.reject(Object.assign(new Error(answer), { code: answer }));
    });
    onTestFinished(() => spy.mockRestore());
    const refused = await fileBlobs(folder)
      .put(bytes('whole'), 100)
      .catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(DiskRefused);
    expect(refused).toMatchObject({ is_full });
    expect(await readdir(folder)).toEqual([]);
  },
);
