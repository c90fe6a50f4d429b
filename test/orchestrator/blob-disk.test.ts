/** Whether the disk takes blobs, as found out by writing (PROM-P15). */
import { expect, test } from 'vitest';
import { createBlobDisk } from '../../orchestrator/blob-disk.ts';
import { DiskRefused, manualClock, memoryLog, seededRandom, type Blobs } from '../../seams/index.ts';
import { settled } from '../support/drive.ts';

const MIB = 1_048_576;

test('a large blob that does not fit is no full disk; where a try does not fit either it is (PROM-P15)', async () => {
  const { disk, room } = small({ bytes: MIB });
  disk.refused(new DiskRefused(true), 50 * MIB);
  await settled();
  expect(disk.cause()).toBeUndefined();
  room.bytes = MIB - 1;
  disk.refused(new DiskRefused(true), 50 * MIB);
  await settled();
  expect(disk.cause()).toBe('blobs: the disk is full');
});

test('a smaller blob that is refused later does not end what a larger one found', async () => {
  const { disk, room, clock } = small({ bytes: 500 });
  disk.refused(new DiskRefused(true), 1_000);
  disk.refused(new DiskRefused(true), 10);
  clock.advance(2_000);
  await settled();
  expect(disk.cause()).toBeDefined();
  room.bytes = 1_000;
  clock.advance(2_000);
  await settled();
  expect(disk.cause()).toBeUndefined();
});

test('one try at a time, of bytes that nobody else has', async () => {
  const { disk, tries, clock } = small({ bytes: 0 });
  disk.refused(new DiskRefused(true), 0);
  clock.advance(2_000);
  disk.taken(1_000); // during the try
  disk.refused(new DiskRefused(true), 0);
  await settled();
  for (let turn = 0; turn < 3; turn++) {
    clock.advance(2_000);
    await settled();
  }
  expect(tries).toEqual([32, 32, 32, 32]);
  disk.taken(1_000);
  expect(clock.nextAt()).toBeUndefined();
});

/** A disk that takes so many bytes at once. */
function small(room: { bytes: number }) {
  const clock = manualClock();
  const tries: number[] = [];
  const put: Blobs['put'] = async (_bytes, size) => {
    tries.push(size);
    await settled();
    if (size > room.bytes) throw new DiskRefused(true);
    return { sha256: 'hash', size };
  };
  const blobs = { put, remove: () => Promise.resolve() } as unknown as Blobs;
  const disk = createBlobDisk({ blobs, clock, random: seededRandom(1), log: memoryLog() });
  return { disk, room, tries, clock };
}
