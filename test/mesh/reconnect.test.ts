/** Coming back: growing, spread pauses, reset only by a link that proved stable. */
import { describe, expect, test } from 'vitest';
import type { Link } from '../../mesh/link.ts';
import { memoryLink } from '../../mesh/memory.ts';
import {
  keepConnected,
  pauseAfter,
  type Ending,
  type KeepConnectedOptions,
  type StayAway,
} from '../../mesh/reconnect.ts';
import { manualClock, seededRandom } from '../../seams/index.ts';
import { record } from './recorder.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const middle = { next: () => 0.5, bytes: (length: number) => new Uint8Array(length) };

/** A connection kept on a manual clock; `far` is the other end of the newest link. */
function keeping(given: Partial<KeepConnectedOptions> = {}) {
  const clock = manualClock();
  const stop = new AbortController();
  const pauses: number[] = [];
  const far: Link[] = [];
  const answers: (() => void)[] = [];
  const goaways: StayAway[] = [];
  let ending: Ending | undefined;
  const done = keepConnected({
    clock,
    random: middle,
    signal: stop.signal,
    dial: async () => {
      const [near, other] = memoryLink({ clock });
      record(other);
      far.push(other);
      return near;
    },
    onLink: (link, answered, stayAway) => {
      record(link);
      answers.push(answered);
      goaways.push(stayAway);
    },
    onPause: (pause_ms) => pauses.push(pause_ms),
    ...given,
  }).then((reason) => (ending = reason));
  return { clock, stop, pauses, far, answers, goaways, done, ending: () => ending };
}

describe('keeping connected', () => {
  test('pauses grow from 250 ms by 1.6 and stay under 30 s', () => {
    expect([0, 1, 2, 3].map((failures) => pauseAfter(failures, middle))).toEqual([250, 400, 640, 1024]);
    for (let failures = 0; failures < 2_000; failures++) {
      for (const chance of [0, 0.999_999]) {
        const pause_ms = pauseAfter(failures, { ...middle, next: () => chance });
        expect(pause_ms).toBeGreaterThanOrEqual(200);
        expect(pause_ms).toBeLessThanOrEqual(30_000);
      }
    }
  });

  test('500 agents dropped at once do not come back at once, first or late (X20)', () => {
    const random = seededRandom(7);
    for (const failures of [0, 20]) {
      const pauses = Array.from({ length: 500 }, () => pauseAfter(failures, random));
      const spread = (Math.max(...pauses) - Math.min(...pauses)) / Math.max(...pauses);
      expect(spread).toBeGreaterThan(0.3);
      const alike = pauses.map((pause) => pauses.filter((other) => other === pause).length);
      expect(Math.max(...alike)).toBeLessThan(25);
    }
  });

  test('who goes on meanwhile is dialled at once, and the pause does not end a second time', async () => {
    const ways: (() => void)[] = [];
    const pauses: number[] = [];
    const onPause = (pause_ms: number, _cause: unknown, goOn: () => void) => {
      pauses.push(pause_ms);
      ways.push(goOn);
    };
    const { clock, stop, far, goaways, done } = keeping({ onPause });
    await settled();
    goaways[0]?.(30_000);
    far[0]?.cut();
    await settled();
    expect([far.length, pauses]).toEqual([1, [30_250]]);
    ways[0]?.();
    await settled();
    expect(far).toHaveLength(2);
    clock.advance(60_000);
    await settled();
    expect(far).toHaveLength(2);
    stop.abort();
    await done;
  });

  test('a link that flaps does not reset the pauses; a stable one does (X21)', async () => {
    const { clock, stop, pauses, far, answers, done } = keeping();
    for (let round = 0; round < 4; round++) {
      await settled();
      answers.at(-1)?.(); // hello was answered, and a second later the link is gone
      clock.advance(1_000);
      far.at(-1)?.cut();
      await settled();
      clock.advance(pauses.at(-1) ?? 0);
    }
    expect(pauses).toEqual([250, 400, 640, 1024]);
    await settled();
    clock.advance(60_000); // long, but its hello was never answered
    far.at(-1)?.cut();
    await settled();
    expect(pauses.at(-1)).toBe(1638);
    clock.advance(1_638);
    await settled();
    answers.at(-1)?.();
    clock.advance(10_000);
    far.at(-1)?.cut();
    await settled();
    expect(pauses.at(-1)).toBe(250);
    stop.abort();
    await done;
  });

  test.each([
    [5_000, 5_000],
    [86_400_000, 30_000],
  ])(
    'who asked in a goaway for %i ms is left alone for %i, once, before the pause (wire.md 3)',
    async (asked, waited) => {
      const { clock, stop, pauses, far, goaways, done } = keeping();
      await settled();
      goaways[0]?.(asked);
      far[0]?.close(1001, 'going away');
      await settled();
      expect(pauses).toEqual([waited + 250]);
      clock.advance(waited + 249);
      await settled();
      expect(far).toHaveLength(1);
      clock.advance(1);
      await settled();
      far[1]?.cut();
      await settled();
      expect(pauses).toEqual([waited + 250, 400]);
      stop.abort();
      await done;
    },
  );

  test('attempts that fail are repeated', async () => {
    let tries = 0;
    const { clock, stop, pauses, done } = keeping({
      dial: async () => {
        tries++;
        throw new Error('nobody there');
      },
    });
    for (let round = 0; round < 5; round++) {
      await settled();
      clock.advance(pauses.at(-1) ?? 0);
    }
    await settled();
    expect(tries).toBe(6);
    stop.abort();
    expect((await done).code).toBe(1000);
  });

  test.each([4001, 4002, 4003, 4009])('close code %i ends it, with the reason', async (code) => {
    const { far, pauses, done } = keeping();
    await settled();
    far[0]?.close(code, 'go away');
    expect(await done).toEqual({ code, reason: 'go away' });
    expect(pauses).toEqual([]);
  });

  test.each([1001, 1006, 1012, 1013, 4008, 4029])('close code %i does not', async (code) => {
    const { clock, far, stop, done, ending } = keeping();
    await settled();
    if (code === 1006) far[0]?.cut();
    else far[0]?.close(code, '');
    await settled();
    clock.advance(250);
    await settled();
    expect([far.length, ending()]).toEqual([2, undefined]);
    stop.abort();
    await done;
  });

  test('the signal closes the link there is, and ends a pause', async () => {
    const connected = keeping();
    await settled();
    connected.stop.abort();
    expect(await connected.done).toEqual({ code: 1000, reason: 'stopped' });
    expect(connected.far[0]?.open).toBe(false);

    const pausing = keeping();
    await settled();
    pausing.far[0]?.cut();
    await settled();
    pausing.stop.abort();
    expect((await pausing.done).code).toBe(1000);
    expect(pausing.far).toHaveLength(1);
    expect(pausing.clock.nextAt()).toBeUndefined();
  });

  test('an owner that throws at a new link loses that link, not the keeping', async () => {
    let calls = 0;
    const { clock, far, stop, done } = keeping({
      onLink: (link) => {
        if (calls++ === 0) throw new Error('a fault of the owner');
        record(link);
      },
    });
    await settled();
    expect(far[0]?.open).toBe(false);
    clock.advance(250);
    await settled();
    expect(far[1]?.open).toBe(true);
    stop.abort();
    await done;
  });
});
