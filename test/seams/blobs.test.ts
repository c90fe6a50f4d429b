/** Blobs in files: what a crash leaves behind does not stay. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileBlobs, sha256Of } from '../../seams/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aurora-blobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function* bytes(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
}

test('a draft that an earlier run left is removed, also when this one has its process id', async () => {
  await writeFile(join(folder, `.draft-${process.pid}-1`), 'half');
  await writeFile(join(folder, 'notes'), 'of somebody else');
  const { sha256 } = await fileBlobs(folder).put(bytes('whole'), 100);
  expect((await readdir(folder)).sort()).toEqual([sha256, 'notes'].sort());
});

test('puts at the same time, also the first ones, do not touch the drafts of each other', async () => {
  const blobs = fileBlobs(folder);
  const texts = Array.from({ length: 20 }, (_, nth) => `text ${nth}`);
  await Promise.all(texts.map((text) => blobs.put(bytes(text), 100)));
  expect((await readdir(folder)).sort()).toEqual(texts.map(sha256Of).sort());
});
