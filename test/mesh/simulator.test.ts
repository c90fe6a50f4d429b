/** The simulated link: every fault by seed, and no fault that was not asked for. */
import { describe, expect, test } from 'vitest';
import type { LinkFaults } from '../../mesh/simulator.ts';
import { simulatedLink } from '../../mesh/simulator.ts';
import { manualClock, seededRandom } from '../../seams/index.ts';
import { record } from './recorder.ts';

/** Sends 100 frames, one a ms, and answers what the far end heard. */
async function run(seed: number, faults: LinkFaults) {
  const clock = manualClock();
  const [near, far] = simulatedLink({ clock, random: seededRandom(seed), faults });
  const endings: string[] = [];
  const one = record(near);
  const other = record(far);
  void one.closed.then(({ code }) => endings.push(`near ${code} at ${clock.monotonic()}`));
  void other.closed.then(({ code }) => endings.push(`far ${code} at ${clock.monotonic()}`));
  await Promise.resolve();
  for (let frame = 0; frame < 300; frame++) {
    if (frame < 100) near.send(String(frame));
    clock.advance(1);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
  return { texts: other.texts, endings, unsent_bytes: near.unsent_bytes };
}

const SENT = Array.from({ length: 100 }, (_, frame) => String(frame));
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);

describe('a simulated link', () => {
  test('gives the same history for the same seed, and another for another (D11)', async () => {
    const faults = { delay_ms: [1, 40], loss: 0.1, duplicate: 0.1, reorder: 0.2, cut: 0.005 } as const;
    const histories = await Promise.all(SEEDS.map((seed) => run(seed, faults)));
    expect(await Promise.all(SEEDS.map((seed) => run(seed, faults)))).toEqual(histories);
    expect(new Set(histories.map((history) => JSON.stringify(history))).size).toBe(SEEDS.length);
  });

  test('keeps order and loses nothing under delay alone', async () => {
    for (const seed of SEEDS) {
      const { texts, endings, unsent_bytes } = await run(seed, { delay_ms: [0, 100] });
      expect(texts).toEqual(SENT);
      expect(endings).toEqual([]);
      expect(unsent_bytes).toBe(0);
    }
  });

  test('loses frames without closing, and their bytes do not stay unsent', async () => {
    const { texts, endings, unsent_bytes } = await run(1, { loss: 0.3 });
    expect(texts.length).toBeGreaterThan(40);
    expect(texts.length).toBeLessThan(100);
    expect(endings).toEqual([]);
    expect(unsent_bytes).toBe(0);
  });

  test('delivers frames twice (X17)', async () => {
    const { texts } = await run(1, { duplicate: 0.3 });
    expect(texts.length).toBeGreaterThan(100);
    expect(new Set(texts)).toEqual(new Set(SENT));
  });

  test('shuffles frames but loses none (X18)', async () => {
    const { texts } = await run(1, { delay_ms: [0, 50], reorder: 0.5 });
    expect(texts).not.toEqual(SENT);
    expect([...texts].sort()).toEqual([...SENT].sort());
  });

  test('a cut reaches both ends as 1006, each at its own time, and what was under way is lost', async () => {
    const { texts, endings } = await run(3, { delay_ms: [1, 60], cut: 0.05 });
    expect(endings).toHaveLength(2);
    expect(endings.every((ending) => ending.includes(' 1006 '))).toBe(true);
    expect(new Set(endings.map((ending) => ending.split(' at ')[1])).size).toBe(2);
    expect(SENT.slice(0, texts.length)).toEqual(texts);
    expect(texts.length).toBeLessThan(100);
  });

  test('a goodbye that is lost ends by time on both sides', async () => {
    const clock = manualClock();
    const [near, far] = simulatedLink({ clock, random: seededRandom(1), faults: { loss: 1 } });
    const [one, other] = [record(near), record(far)];
    near.close(1001, 'going away');
    clock.advance(2_000);
    expect((await one.closed).code).toBe(1001);
    expect((await other.closed).code).toBe(1006);
  });
});
