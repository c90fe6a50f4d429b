/** The link in memory keeps the promises of a socket. */
import { describe, expect, test } from 'vitest';
import { LINK_LIMITS } from '../../mesh/link.ts';
import { memoryLink } from '../../mesh/memory.ts';
import { manualClock } from '../../seams/index.ts';
import { record } from './recorder.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a link in memory', () => {
  test('delivers in order, later, and also what came before the owner', async () => {
    const [near, far] = memoryLink();
    near.send('1');
    near.send('2');
    await settled();
    const heard = record(far);
    near.send('3');
    expect(heard.texts).toEqual([]);
    await settled();
    expect(heard.texts).toEqual(['1', '2', '3']);
    expect(near.unsent_bytes).toBe(0);
  });

  test('brings the close code to both ends, after the frames sent before it', async () => {
    const [near, far] = memoryLink();
    const [one, other] = [record(near), record(far)];
    near.send('last');
    near.close(1001, 'going away');
    near.send('too late');
    expect(near.open).toBe(false);
    await settled();
    expect(other.texts).toEqual(['last']);
    expect(one.ended).toEqual({ code: 1001, reason: 'going away' });
    expect(other.ended).toEqual({ code: 1001, reason: 'going away' });
    expect(far.open).toBe(false);
  });

  test('keeps each its own code when both ends say goodbye at once', async () => {
    const [near, far] = memoryLink();
    const [one, other] = [record(near), record(far)];
    near.close(1001, '');
    far.close(4003, '');
    await settled();
    expect([one.ended?.code, other.ended?.code]).toEqual([1001, 4003]);
  });

  test('a cut is 1006 at both ends and loses what was under way', async () => {
    const [near, far] = memoryLink();
    const [one, other] = [record(near), record(far)];
    near.send('lost');
    far.cut();
    await settled();
    expect(other.texts).toEqual([]);
    expect([one.ended?.code, other.ended?.code]).toEqual([1006, 1006]);
    expect(near.unsent_bytes).toBe(0);
  });

  test('a paused receiver holds frames back; the sender sees them unsent and hears when half is gone', async () => {
    const [near, far] = memoryLink({ limits: { ...LINK_LIMITS, unsent_bytes_max: 1_000 } });
    const [one, other] = [record(near), record(far)];
    far.pause();
    for (let count = 0; count < 6; count++) near.send('x'.repeat(100));
    await settled();
    expect(other.texts).toEqual([]);
    expect(near.unsent_bytes).toBe(6 * 108);
    far.resume();
    await settled();
    expect(other.texts).toHaveLength(6);
    expect(one.drains).toBe(1);
  });

  test('more unsent than the bound closes 1013', async () => {
    const clock = manualClock();
    const [near, far] = memoryLink({ clock, limits: { ...LINK_LIMITS, unsent_bytes_max: 1_000 } });
    const [one, other] = [record(near), record(far)];
    far.pause();
    for (let count = 0; count < 20; count++) near.send('x'.repeat(100));
    expect(near.open).toBe(false);
    await settled();
    expect(one.ended).toBeUndefined(); // the goodbye waits behind the frames
    clock.advance(2_000);
    await settled();
    expect(one.ended?.code).toBe(1013);
    expect(other.ended?.code).toBe(1006);
  });

  test('a frame over the bound closes 1009 at the receiver and is not delivered', async () => {
    const [near, far] = memoryLink({ limits: { ...LINK_LIMITS, frame_bytes_max: 10 } });
    const [one, other] = [record(near), record(far)];
    near.send('ééééé');
    near.send('éééééé');
    await settled();
    expect(other.texts).toEqual(['ééééé']);
    expect([one.ended?.code, other.ended?.code]).toEqual([1009, 1009]);
  });

  test('an owner that throws closes 1011, says why here and harms nobody else', async () => {
    const faults: unknown[] = [];
    const [near, far] = memoryLink({ onFault: (fault) => faults.push(fault) });
    const one = record(near);
    const fault = new Error('a fault of the owner');
    record(far, () => {
      throw fault;
    });
    near.send('x');
    near.send('y');
    expect(await one.closed).toEqual({ code: 1011, reason: 'the receiver failed' });
    expect(faults).toEqual([fault]);
  });

  test('an owner that comes after the end is told of it', async () => {
    const [near, far] = memoryLink();
    record(near);
    near.cut();
    await settled();
    expect((await record(far).closed).code).toBe(1006);
  });
});
