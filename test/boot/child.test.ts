/** A process of the fleet that does not come to serve: killed, said why, and the next one has longer. */
import { afterEach, beforeAll, expect, test } from 'vitest';
import { createChild, type Child } from '../../boot/child.ts';
import { manualClock } from '../../seams/index.ts';
import { setUp } from '../support/child.ts';

/** Node reads this before the process's own file, and never comes to that. */
const NEVER_READY = ['--import', 'data:text/javascript,setInterval(() => {}, 60_000); await new Promise(() => {});'];
let child: Child | undefined;
beforeAll(setUp, 180_000);
afterEach(() => child?.stop());

test('one that is silent for 20 s is killed and told so; the next has 40 s, then 80: killing what is slow makes nothing faster', async () => {
  const clock = manualClock();
  const told: string[] = [];
  let hear: () => void = () => undefined;
  child = createChild(
    { id: 'slow', name: 'slow', argsFor: () => ['agent', 'slow'], node: NEVER_READY },
    {
      clock,
      kill_after_ms: 0,
      onEvent({ what, detail }) {
        told.push(`${what}: ${detail}`);
        hear();
      },
    },
  );
  for (const seconds of [20, 40, 80]) {
    clock.advance(seconds * 1_000 - 1);
    const { pid = 0 } = child;
    expect(process.kill(pid, 0)).toBe(true);
    const died = new Promise<void>((resolve) => (hear = resolve));
    clock.advance(1);
    await died;
    expect(told.pop()).toBe(`died: it did not serve within ${seconds} s`);
    await new Promise(setImmediate); // the pause begins
    clock.advance(5_000);
    await new Promise(setImmediate); // the next one is forked
    expect(child.pid).not.toBe(pid);
  }
});
