/** Liveness by application pings, with our own pauses taken out (promises.md P12, X14). */
import { expect, test } from 'vitest';
import { createHeartbeat } from '../../mesh/heartbeat.ts';
import { LINK_LIMITS } from '../../mesh/link.ts';
import { manualClock, seededRandom } from '../../seams/index.ts';

function beating(seed = 1) {
  const manual = manualClock();
  let standstill_ms = 0;
  const clock = { ...manual, monotonic: () => manual.monotonic() + standstill_ms };
  const pings: number[] = [];
  const silences: number[] = [];
  const heart = createHeartbeat({
    clock,
    random: seededRandom(seed),
    limits: LINK_LIMITS,
    ping: () => pings.push(clock.monotonic()),
    onSilence: () => silences.push(clock.monotonic()),
  });
  return { manual, heart, pings, silences, standStill: (by_ms: number) => (standstill_ms += by_ms) };
}

test('pings every 7 s, the first one anywhere in the interval', () => {
  const firsts = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const { manual, heart, pings } = beating(seed);
    for (let second = 0; second < 60; second++) {
      heart.heard();
      manual.advance(1_000);
    }
    expect(pings[0]).toBeLessThan(LINK_LIMITS.ping_ms);
    expect(pings.slice(1).map((at, index) => Math.round(at - (pings[index] ?? 0)))).toEqual(
      Array(pings.length - 1).fill(7_000),
    );
    firsts.add(Math.floor(pings[0] ?? 0));
  }
  expect(firsts.size).toBeGreaterThan(15);
});

test('20 s without a frame is silence, told once and not before', () => {
  const { manual, heart, silences } = beating();
  manual.advance(5_000);
  heart.heard();
  manual.advance(19_999);
  expect(silences).toEqual([]);
  manual.advance(60_000);
  expect(silences).toEqual([25_000]);
});

test('the time this process stood still is not the silence of the peer', () => {
  const { manual, heart, silences, standStill } = beating();
  manual.advance(1_000);
  heart.heard();
  standStill(60_000); // no timer fired meanwhile: the process was stopped
  manual.advance(19_000);
  expect(silences).toEqual([]);
  manual.advance(8_000);
  expect(silences).toHaveLength(1);
});

test('while we do not read, nothing counts as silence; afterwards it counts from there', () => {
  const { manual, heart, silences } = beating();
  heart.hold(true);
  manual.advance(100_000);
  expect(silences).toEqual([]);
  heart.hold(false);
  manual.advance(19_999);
  expect(silences).toEqual([]);
  manual.advance(1);
  expect(silences).toHaveLength(1);
});

test('a stopped heart neither pings nor tells', () => {
  const { manual, heart, pings, silences } = beating();
  heart.stop();
  manual.advance(100_000);
  expect([pings, silences]).toEqual([[], []]);
});
