/** The quota of a connection: a burst, then an average; a warning first, then the end. */
import { expect, test } from 'vitest';
import { createQuota, FRAME_QUOTA } from '../../mesh/index.ts';
import { manualClock } from '../../seams/index.ts';

test('the defaults are those of the wire: 200 frames a second, 1 000 at once', () => {
  expect(FRAME_QUOTA).toEqual({ frames_per_s: 200, burst_frames: 1_000 });
});

test('a burst passes, the next frame is to be shed, and one burst later it is over', () => {
  const quota = createQuota({ frames_per_s: 10, burst_frames: 100 }, manualClock());
  const answers = Array.from({ length: 201 }, () => quota.take(1));
  expect(answers.lastIndexOf('ok')).toBe(99);
  expect([answers[100], answers[199], answers[200]]).toEqual(['shed', 'shed', 'over']);
});

test('time fills the bucket again, up to the burst and no further', () => {
  const clock = manualClock();
  const quota = createQuota({ frames_per_s: 10, burst_frames: 100 }, clock);
  expect([quota.take(100), quota.take(1)]).toEqual(['ok', 'shed']);
  clock.advance(200);
  expect([quota.take(1), quota.take(1)]).toEqual(['ok', 'shed']);
  clock.advance(3_600_000);
  expect([quota.take(100), quota.take(1)]).toEqual(['ok', 'shed']);
});

test('the wall clock has no say (FLT-X32)', () => {
  const clock = manualClock();
  const quota = createQuota({ frames_per_s: 10, burst_frames: 1 }, clock);
  quota.take(1);
  clock.jumpWall(3_600_000);
  expect(quota.take(1)).toBe('shed');
});

test('ATK-A14: many frames in one cost as many', () => {
  const quota = createQuota({ frames_per_s: 10, burst_frames: 100 }, manualClock());
  expect([quota.take(32), quota.take(32), quota.take(32), quota.take(4), quota.take(1)]).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
    'shed',
  ]);
});
