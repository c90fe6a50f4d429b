/** Topics: numbered without repetition, kept within bounds, lost only with a gap. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUS_LIMITS, localBus, manualClock, type Bus } from '../../seams/index.ts';

const busWith = (limits: Partial<typeof BUS_LIMITS> = {}, epoch = 0) =>
  localBus(manualClock(), epoch, { ...BUS_LIMITS, ...limits });
const publish = (bus: Bus, nth: number, topic = 't') => bus.publish(topic, { type: 'x', id: String(nth), data: nth });

/** Everything behind `seq`, as a follower is told it. */
function told(bus: Bus, seq: number, topic = 't'): { type: string; seq: number }[] {
  const events = [];
  for (let event = bus.next(topic, seq); event; event = bus.next(topic, event.seq)) {
    events.push({ type: event.type, seq: event.seq });
  }
  return events;
}

test('a follower who comes late is told what is kept, in order, and a gap for the rest', () => {
  const bus = busWith({ events_max: 3 });
  for (let nth = 1; nth <= 5; nth++) publish(bus, nth);
  expect(told(bus, 0)).toEqual([
    { type: 'gap', seq: 2 },
    { type: 'x', seq: 3 },
    { type: 'x', seq: 4 },
    { type: 'x', seq: 5 },
  ]);
  expect(told(bus, 4)).toEqual([{ type: 'x', seq: 5 }]);
  expect(JSON.parse(bus.next('t', 1)?.text ?? '')).toMatchObject({ type: 'gap', data: { from: 2, to: 2 } });
});

test('numbers of the next process begin above all of this one, and what lies between is a gap', () => {
  const before = publish(busWith({}, 1), 1);
  const bus = busWith({}, 2);
  expect(told(bus, before.seq)).toEqual([{ type: 'gap', seq: bus.lastSeq('t') }]);
  expect(publish(bus, 1).seq).toBeGreaterThan(before.seq);
});

test('a number that was never given is answered with a gap up to what is true', () => {
  const bus = busWith();
  publish(bus, 1);
  expect(told(bus, 99)).toEqual([{ type: 'gap', seq: 1 }]);
});

test('whatever is published and however little is kept: a follower misses nothing without being told', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 12 }),
      fc.nat({ max: 70 }),
      (sizes, events_max, after) => {
        const bus = busWith({ events_max, chars_max: 900 });
        for (const size of sizes) bus.publish('t', { type: 'x', id: null, data: 'y'.repeat(size) });
        const start = Math.min(after, sizes.length);
        let expected = start + 1;
        for (let event = bus.next('t', start); event; event = bus.next('t', event.seq)) {
          const { data } = JSON.parse(event.text) as { data: { from: number; to: number } };
          if (event.type === 'gap') expect([data.from, data.to]).toEqual([expected, event.seq]);
          else expect(event.seq).toBe(expected);
          expected = event.seq + 1;
        }
        expect(expected).toBe(sizes.length + 1);
      },
    ),
  );
});

test('the newest are listed first, and before any number', () => {
  const bus = busWith();
  for (let nth = 1; nth <= 4; nth++) publish(bus, nth);
  expect(bus.recent('t', 2).map(({ seq }) => seq)).toEqual([4, 3]);
  expect(bus.recent('t', 9, 3).map(({ seq }) => seq)).toEqual([2, 1]);
  expect(bus.recent('nobody', 9)).toEqual([]);
});

test('whoever follows many topics of which nobody speaks drives no other out', () => {
  const bus = busWith({ topics_max: 3 });
  publish(bus, 1, 'alerts');
  for (let nth = 0; nth < 9; nth++) bus.listen(`nobody-${nth}`, () => undefined)();
  expect(told(bus, 0, 'alerts')).toEqual([{ type: 'x', seq: 1 }]);
});

test('a topic that went and came again gives no number twice, and what went is a gap (REQ-T07)', () => {
  const bus = busWith({ topics_max: 2 });
  for (let nth = 1; nth <= 5; nth++) publish(bus, nth, 'alerts');
  for (const topic of ['a', 'b', 'c']) publish(bus, 1, topic);
  expect(publish(bus, 6, 'alerts').seq).toBe(6);
  expect(told(bus, 3, 'alerts')).toEqual([
    { type: 'gap', seq: 5 },
    { type: 'x', seq: 6 },
  ]);
});

test('topics are bounded: the one that was spoken of longest ago goes, unless it is followed', () => {
  const bus = busWith({ topics_max: 2 });
  bus.listen('followed', () => undefined);
  for (const topic of ['followed', 'a', 'b', 'c']) publish(bus, 1, topic);
  expect(['followed', 'a', 'b', 'c'].map((topic) => bus.recent(topic, 9).length)).toEqual([1, 0, 0, 1]);
  const more = busWith({ topics_max: 2 });
  for (const topic of ['a', 'b', 'a', 'c']) publish(more, 1, topic);
  expect(['a', 'b', 'c'].map((topic) => more.recent(topic, 9).length)).toEqual([2, 0, 1]);
});
