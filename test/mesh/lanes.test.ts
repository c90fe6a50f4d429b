/** Lanes: so many at once, so many waiting, in order, and nobody's place is given up twice. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLanes, type LeaveLane } from '../../mesh/lanes.ts';
import { AuroraError } from '../../protocol/index.ts';

const never = new AbortController().signal;

test('who waits is let in in order of arrival; who finds the queue full is 4290', async () => {
  const lanes = createLanes({ width: 1, queue_max: 2 });
  const order: string[] = [];
  const enter = (name: string) => lanes.enter(never).then((leave) => (order.push(name), leave));
  const first = await enter('a');
  const [second, third] = [enter('b'), enter('c')];
  await expect(lanes.enter(never)).rejects.toMatchObject({ code: 4290, retry_after_ms: 1_000 });
  first();
  (await second)();
  (await third)();
  expect([order, lanes.running, lanes.waiting]).toEqual([['a', 'b', 'c'], 0, 0]);
});

test('leaving twice gives up one place', async () => {
  const lanes = createLanes({ width: 2, queue_max: 0 });
  const leave = await lanes.enter(never);
  await lanes.enter(never);
  leave();
  leave();
  expect(lanes.running).toBe(1);
});

test('who is told to stop while waiting leaves the queue; who was told before does not enter', async () => {
  const lanes = createLanes({ width: 1, queue_max: 1 });
  const leave = await lanes.enter(never);
  const stop = new AbortController();
  const waiting = lanes.enter(stop.signal);
  stop.abort(new AuroraError(5040));
  await expect(waiting).rejects.toMatchObject({ code: 5040 });
  expect(lanes.waiting).toBe(0);
  leave();
  await expect(lanes.enter(stop.signal)).rejects.toMatchObject({ code: 5040 });
  expect(lanes.running).toBe(0);
});

test('whatever comes and goes, never more run than the lane is wide, never more wait than may, and in the end nobody does', async () => {
  const step = fc.constantFrom<'enter' | 'leave' | 'stop'>('enter', 'leave', 'stop');
  await fc.assert(
    fc.asyncProperty(fc.nat(3), fc.nat(3), fc.array(step, { maxLength: 60 }), async (extra, queue_max, steps) => {
      const width = extra + 1;
      const lanes = createLanes({ width, queue_max });
      const inside: LeaveLane[] = [];
      const outside: AbortController[] = [];
      for (const what of steps) {
        if (what === 'enter') {
          const stop = new AbortController();
          outside.push(stop);
          void lanes.enter(stop.signal).then(
            (leave) => void inside.push(leave),
            () => undefined,
          );
        } else if (what === 'leave') inside.shift()?.();
        else outside.shift()?.abort();
        await Promise.resolve();
        await Promise.resolve();
        expect(lanes.running).toBeLessThanOrEqual(width);
        expect(lanes.waiting).toBeLessThanOrEqual(queue_max);
        expect(lanes.waiting === 0 || lanes.running === width).toBe(true);
      }
      for (let turns = 0; turns < 200 && lanes.running > 0; turns++) {
        inside.shift()?.();
        await Promise.resolve();
        await Promise.resolve();
      }
      expect([lanes.running, lanes.waiting]).toEqual([0, 0]);
    }),
    { numRuns: 300, seed: 5 },
  );
});
