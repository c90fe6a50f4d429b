/** Numbered events: never a number twice, nothing lost without exactly one gap (wire.md 6). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createEvents, EVENT_LIMITS, type StreamEvent } from '../../orchestrator/events.ts';
import type { TaskEventKind } from '../../protocol/index.ts';
import { manualClock } from '../../seams/index.ts';

const LIMITS = { ...EVENT_LIMITS, ring_max: 5, kept_max: 4, finished_max: 3, forgotten_max: 3 };
const kind = fc.constantFrom<TaskEventKind>('status', 'artifact', 'thought', 'tool_call', 'log');

test('the bounds are those of the wire: 1 000 events or ten minutes a task', () => {
  expect(EVENT_LIMITS).toMatchObject({ ring_max: 1_000, kept_max: 1_000, ring_ms_max: 600_000 });
});

test('whatever is appended, skipped and forgotten: every number is an event or inside exactly one gap', () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: kind },
    { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ pass_ms: fc.integer({ min: 1, max: 700_000 }) }) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.nat(70), (acts, after_seq) => {
      const clock = manualClock();
      const events = createEvents(clock, LIMITS);
      const live: StreamEvent[] = [];
      events.listen('t', (event) => live.push(event));
      for (const one of acts) {
        if (typeof one === 'string') events.append('t', one, null);
        else if ('skip' in one) events.skip('t', one.skip);
        else clock.advance(one.pass_ms);
      }
      const last = events.lastSeq('t');
      expect(whole(live, 0)).toBe(last);
      const replayed = events.after('t', after_seq);
      expect(whole(replayed, after_seq)).toBe(Math.max(last, after_seq));
      expect(replayed.filter(({ kind: what }) => what !== 'gap').length).toBeLessThanOrEqual(9);
    }),
  );
});

test('a full ring loses its oldest thoughts as one gap; states and artifacts stay', () => {
  const events = createEvents(manualClock(), LIMITS);
  events.append('t', 'status', 'first');
  for (let nth = 0; nth < 8; nth++) events.append('t', 'thought', nth);
  events.append('t', 'artifact', 'last');
  expect(events.after('t', 0).map(({ kind: what, seq, value }) => [what, seq, value])).toEqual([
    ['status', 1, 'first'],
    ['gap', 4, { from: 2, to: 4 }],
    ...[3, 4, 5, 6, 7].map((value, index) => ['thought', 5 + index, value]),
    ['artifact', 10, 'last'],
  ]);
});

test('thoughts older than ten minutes are gone as a gap', () => {
  const clock = manualClock();
  const events = createEvents(clock, LIMITS);
  events.append('t', 'thought', 'old');
  clock.advance(600_001);
  events.append('t', 'status', 'new');
  expect(events.after('t', 0).map(({ kind: what }) => what)).toEqual(['gap', 'status']);
});

test('who resumes after a number hears exactly what came after it', () => {
  const events = createEvents(manualClock(), LIMITS);
  for (let nth = 1; nth <= 4; nth++) events.append('t', 'log', nth);
  expect(events.after('t', 2).map(({ seq }) => seq)).toEqual([3, 4]);
  expect(events.after('t', 4)).toEqual([]);
});

test('the stream of a task finished long ago is one gap, and its numbers go on after it', () => {
  const events = createEvents(manualClock(), LIMITS);
  for (const task_id of ['a', 'b', 'c', 'd']) {
    events.append(task_id, 'status', 'submitted');
    events.append(task_id, 'status', 'completed');
    events.finish(task_id);
  }
  expect(events.after('a', 0)).toMatchObject([{ kind: 'gap', seq: 2, value: { from: 1, to: 2 } }]);
  expect(events.after('b', 0)).toHaveLength(2);
  expect(events.append('a', 'log', 'late').seq).toBe(3);
});

test('a stream full of large artifacts loses the oldest of them as one gap; its states stay', () => {
  const events = createEvents(manualClock(), { ...EVENT_LIMITS, stream_bytes_max: 10_000 });
  events.append('t', 'status', 'submitted');
  for (let nth = 0; nth < 20; nth++) events.append('t', 'artifact', 'x'.repeat(2_000));
  const kept = events.after('t', 0);
  expect(kept.map(({ kind: what, seq }) => [what, seq])).toEqual([
    ['status', 1],
    ['gap', 17],
    ...[18, 19, 20, 21].map((seq) => ['artifact', seq]),
  ]);
});

test('many streams together stay within their budget: finished ones go first, then the largest is halved', () => {
  const events = createEvents(manualClock(), { ...EVENT_LIMITS, streams_bytes_max: 20_000 });
  const fill = (task_id: string, count: number) => {
    for (let nth = 0; nth < count; nth++) events.append(task_id, 'artifact', 'x'.repeat(1_000));
  };
  const left = (task_id: string) => events.after(task_id, 0).filter(({ kind: what }) => what === 'artifact').length;
  fill('finished', 4);
  events.finish('finished');
  fill('small', 3);
  fill('large', 9);
  expect([left('finished'), left('small'), left('large')]).toEqual([0, 3, 9]);
  fill('large', 4);
  expect([left('small'), left('large')]).toEqual([3, expect.any(Number)]);
  expect(left('large')).toBeLessThan(13);
  expect(events.lastSeq('large')).toBe(13);
});

test('three tasks that send artifacts of a megabyte without end keep eight each', () => {
  const events = createEvents(manualClock());
  const megabyte = 'x'.repeat(1_000_000);
  for (const task_id of ['a', 'b', 'c']) {
    for (let nth = 0; nth < 20; nth++) events.append(task_id, 'artifact', megabyte);
    const kept = events.after(task_id, 0).filter(({ kind: what }) => what === 'artifact');
    expect(kept).toHaveLength(8);
  }
});

test('who stops listening hears nothing more', () => {
  const events = createEvents(manualClock(), LIMITS);
  const heard: number[] = [];
  const stop = events.listen('t', ({ seq }) => heard.push(seq));
  events.append('t', 'log', 1);
  stop();
  events.append('t', 'log', 2);
  expect(heard).toEqual([1]);
});

/** Checks that events and gaps follow one another without hole or overlap; answers the last number they cover. */
function whole(events: readonly StreamEvent[], after: number): number {
  let covered = after;
  for (const { kind: what, seq, value } of events) {
    const from = what === 'gap' && typeof value === 'object' && value && 'from' in value ? value.from : seq;
    expect(from).toBe(covered + 1);
    covered = seq;
  }
  return covered;
}
