/** One subscriber: no faster than it reads, resumed without loss, shed only with a gap (wire.md 6). */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { createMethods, createPeer, memoryLink, type Link, type Peer } from '../../mesh/index.ts';
import { createEvents, type Events } from '../../orchestrator/events.ts';
import { createSubscriber, shed } from '../../orchestrator/subscription.ts';
import type { TaskEventKind, TaskSubscription } from '../../protocol/index.ts';
import { countingIds, countingMetrics, manualClock, memoryLog } from '../../seams/index.ts';
import { settled } from '../support/drive.ts';

interface Got {
  seq: number;
  kind: TaskEventKind;
  value: unknown;
}

let events: Events;
let got: Got[];
let peer: Peer;
let far: Link;
let stands: () => boolean;
beforeEach(open);

test('what was comes first, then what comes, without hole or repetition', async () => {
  for (let nth = 1; nth <= 3; nth++) events.append('t', 'thought', nth);
  begin({});
  for (let nth = 4; nth <= 6; nth++) events.append('t', 'thought', nth);
  await settled();
  expect(got.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('who comes back with the last number it saw gets the rest and nothing twice', async () => {
  const first = begin({});
  for (let nth = 1; nth <= 5; nth++) events.append('t', 'thought', nth);
  await settled();
  first.stop();
  for (let nth = 6; nth <= 8; nth++) events.append('t', 'thought', nth);
  begin({ after_seq: got.at(-1)?.seq ?? 0 });
  await settled();
  expect(got.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('never more than 64 events are unacknowledged', async () => {
  const subscriber = begin({ credit: { events: 64, bytes: 1_048_576 } });
  for (let nth = 1; nth <= 200; nth++) events.append('t', 'status', nth);
  await settled();
  expect(got).toHaveLength(64);
  subscriber.acknowledge(10);
  await settled();
  expect(got).toHaveLength(74);
  subscriber.acknowledge(74);
  await settled();
  expect(got).toHaveLength(138);
});

test('never more than the byte window is unacknowledged, give or take the event that crosses it', async () => {
  const subscriber = begin({ credit: { events: 64, bytes: 1_048_576 } });
  const large = 'x'.repeat(300_000);
  for (let nth = 1; nth <= 10; nth++) events.append('t', 'artifact', large);
  await settled();
  expect(got).toHaveLength(4);
  subscriber.acknowledge(2);
  await settled();
  expect(got).toHaveLength(6);
});

test('a subscriber that never reads holds no more than a bounded backlog of large artifacts, then loses its link', async () => {
  begin({ credit: { events: 1, bytes: 1_024 } });
  const large = 'x'.repeat(1_000_000);
  for (let nth = 1; nth <= 17; nth++) events.append('t', 'artifact', large);
  expect(peer.link.open).toBe(true);
  events.append('t', 'artifact', large);
  expect(peer.link.open).toBe(false);
});

test('acknowledging twice, too early or too much gives no credit that was not used', async () => {
  const subscriber = begin({ credit: { events: 2, bytes: 1_048_576 } });
  for (let nth = 1; nth <= 20; nth++) events.append('t', 'status', nth);
  await settled();
  subscriber.acknowledge(2);
  subscriber.acknowledge(2);
  subscriber.acknowledge(1);
  await settled();
  expect(got).toHaveLength(4);
  subscriber.acknowledge(1_000_000); // as good as 4: nothing more was sent
  await settled();
  expect(got).toHaveLength(6);
});

test('a slow reader loses thoughts and logs into gaps, states and artifacts never', async () => {
  const subscriber = begin({ credit: { events: 1, bytes: 1_048_576 } });
  const kinds: TaskEventKind[] = ['thought', 'log', 'tool_call'];
  for (let nth = 1; nth <= 600; nth++) {
    events.append('t', nth % 100 === 0 ? (nth % 200 ? 'artifact' : 'status') : (kinds[nth % 3] ?? 'log'), nth);
  }
  for (let turn = 0; turn < 600; turn++) {
    await settled();
    subscriber.acknowledge(got.at(-1)?.seq ?? 0);
  }
  expect(got.filter(({ kind }) => kind === 'status' || kind === 'artifact').map(({ seq }) => seq)).toEqual([
    100, 200, 300, 400, 500, 600,
  ]);
  expect(got.filter(({ kind }) => kind === 'gap').length).toBeGreaterThan(0);
  expect(got.length).toBeLessThan(400);
  expectWhole(600);
});

test('a reader that never reads is cut loose with 1013 before the backlog grows without bound', async () => {
  begin({ credit: { events: 1, bytes: 1_048_576 } });
  for (let nth = 1; nth <= 4_200; nth++) events.append('t', 'status', nth);
  expect(await peer.closed).toMatchObject({ code: 1013 });
});

test('what is larger than the frames of the subscriber is told as cut, and it can acknowledge it and go on to the end', async () => {
  peer.limitFrames(8_192);
  const subscriber = begin({ credit: { events: 1, bytes: 1_048_576 } });
  events.append('t', 'status', { state: 'working' });
  events.append('t', 'artifact', { name: 'report', value: 'x'.repeat(10_000) });
  events.append('t', 'status', { state: 'failed', error: { code: 5000, message: 'no', detail: 'é'.repeat(5_000) } });
  for (let turn = 0; turn < 3; turn++) {
    await settled();
    subscriber.acknowledge(got.at(-1)?.seq ?? 0);
  }
  expect(got).toMatchObject([
    { seq: 1, value: { state: 'working' } },
    { seq: 2, kind: 'artifact', value: { cut: true, chars: 10_028 } },
    { seq: 3, kind: 'status', value: { state: 'failed', cut: true } },
  ]);
  expect(got[2]?.value).not.toHaveProperty('error');
});

test('who takes frames too small for any event loses its link (1009), not the events', async () => {
  peer.limitFrames(64);
  begin({});
  events.append('t', 'status', { state: 'working' });
  expect(await peer.closed).toMatchObject({ code: 1009 });
});

test('one that was stopped before its answer left never begins', async () => {
  const subscriber = make({});
  subscriber.stop();
  subscriber.begin();
  events.append('t', 'status', 1);
  await settled();
  expect(got).toEqual([]);
});

test('who stands no longer hears neither what comes, nor what was kept back, nor the rest of what was', async () => {
  const slow = begin({ credit: { events: 2, bytes: 1_048_576 } });
  for (let nth = 1; nth <= 5; nth++) events.append('t', 'status', nth);
  await settled();
  stands = onlyAfter(1);
  slow.acknowledge(2);
  stands = onlyAfter(1);
  begin({});
  events.append('t', 'status', 6);
  slow.acknowledge(5);
  await settled();
  expect(got.map(({ seq }) => seq)).toEqual([1, 2]);
});

test('any interleaving of append, acknowledge and waiting: each number arrives once, or inside exactly one gap', async () => {
  const kind = fc.constantFrom<TaskEventKind>('status', 'artifact', 'thought', 'log', 'tool_call');
  const act = fc.oneof(
    { weight: 3, arbitrary: fc.record({ append: kind, times: fc.integer({ min: 1, max: 120 }) }) },
    { weight: 1, arbitrary: fc.record({ skip: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 2, arbitrary: fc.record({ ack: fc.nat(80) }) },
    { weight: 2, arbitrary: fc.constant('wait' as const) },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { maxLength: 25 }),
      fc.option(fc.integer({ min: 1, max: 64 })),
      async (acts, window) => {
        open();
        const subscriber = begin(window === null ? {} : { credit: { events: window, bytes: 1_048_576 } });
        const journaled: number[] = [];
        for (const one of acts) {
          if (one === 'wait') await settled();
          else if ('ack' in one) subscriber.acknowledge((got.at(-1)?.seq ?? 0) - one.ack);
          else if ('skip' in one) events.skip('t', one.skip);
          else
            for (let time = 0; time < one.times; time++) {
              const { seq } = events.append('t', one.append, null);
              if (one.append === 'status' || one.append === 'artifact') journaled.push(seq);
            }
        }
        for (let before = -1; before !== got.length;) {
          before = got.length;
          subscriber.acknowledge(got.at(-1)?.seq ?? 0);
          await settled();
        }
        expectWhole(events.lastSeq('t'));
        expect(got.filter(({ kind: what }) => what === 'status' || what === 'artifact').map(({ seq }) => seq)).toEqual(
          journaled,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('making room merges neighbours into one gap and touches nothing else', () => {
  const stream = createEvents(manualClock());
  const kinds: TaskEventKind[] = ['thought', 'log', 'status', 'tool_call', 'artifact', 'log', 'thought'];
  const waiting = kinds.map((kind) => stream.append('t', kind, null));
  shed(waiting);
  shed(waiting); // and once more changes nothing
  expect(waiting.map(({ kind, seq, value }) => [kind, seq, value])).toEqual([
    ['gap', 2, { from: 1, to: 2 }],
    ['status', 3, null],
    ['gap', 4, { from: 4, to: 4 }],
    ['artifact', 5, null],
    ['gap', 7, { from: 6, to: 7 }],
  ]);
});

/** A new stream and a peer whose other end keeps what it is told. */
function open(): void {
  const clock = manualClock();
  const seams = { clock, ids: countingIds(), log: memoryLog(), metrics: countingMetrics() };
  const [near, other] = memoryLink({ clock });
  events = createEvents(clock);
  got = [];
  stands = () => true;
  far = other;
  const own = got;
  peer = createPeer({ ...seams, link: near, methods: createMethods(new Map()) });
  far.attach({
    onText: (text) => own.push((JSON.parse(text) as { params: Got }).params),
    onClose: () => undefined,
  });
}

const make = (asked: Partial<TaskSubscription>) =>
  createSubscriber({
    peer,
    events,
    token: 1,
    asked: { task_id: 't', after_seq: 0, ...asked },
    stands: () => stands(),
  });

function begin(asked: Partial<TaskSubscription>) {
  const subscriber = make(asked);
  subscriber.begin();
  return subscriber;
}

/** What was got covers 1…last without hole or overlap. */
function expectWhole(last: number): void {
  let covered = 0;
  for (const { kind, seq, value } of got) {
    const from = kind === 'gap' && typeof value === 'object' && value && 'from' in value ? value.from : seq;
    expect(from).toBe(covered + 1);
    covered = seq;
  }
  expect(covered).toBe(last);
}

/** No so many times, then yes: whoever was refused is not asked about again. */
function onlyAfter(times: number): () => boolean {
  let asked = 0;
  return () => ++asked > times;
}
