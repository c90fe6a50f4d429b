/** The timeline and the chain of custody: order, once each, on UTC; and whoever changes an entry is seen. */
import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import {
  createTimeline,
  extendCustody,
  gatherSource,
  judgeTimeline,
  verifyCustody,
} from '../../../analysis/forensics/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const entry = (time: string, subject: string, weight: 0 | 1 | 2 = 1) => ({
  time,
  clock: 'c',
  locator: `at ${subject}`,
  host: 'h',
  action: 'a',
  subject,
  weight,
});

test('entries of all sources come in order, each happening once, corrected by the skew of its source', () => {
  const timeline = createTimeline();
  timeline.add('one', [entry('2026-01-01T10:00:00.0000002Z', 'b'), entry('2026-01-01T10:00:00.0000001Z', 'a')], 0);
  timeline.add(
    'two',
    [entry('2026-01-01T12:00:00Z', 'a'), entry('2026-01-01T11:59:59Z', 'c'), entry('nonsense', 'd')],
    7_200_000,
  );
  const { entries, duplicates, dropped } = timeline.close();
  expect(entries.map(({ time, subject }) => `${time} ${subject}`)).toEqual([
    '2026-01-01T09:59:59Z c',
    '2026-01-01T10:00:00Z a',
    '2026-01-01T10:00:00.0000002Z b',
  ]);
  expect(entries[1]?.seen_in).toEqual([
    { source: 'two', locator: 'at a' },
    { source: 'one', locator: 'at a' },
  ]);
  expect([duplicates, dropped]).toEqual([1, 0]);
});

test.each([
  ['Caddy', { ts: 1_764_000_000.5, request: { remote_ip: '192.0.2.1', method: 'GET', uri: '/a' }, status: 200 }],
  ['Traefik', { time: '2025-11-24T17:00:00+01:00', ClientHost: '192.0.2.1', RequestPath: '/a', DownstreamStatus: 200 }],
  [
    'nginx',
    { time_iso8601: '2025-11-24T16:00:00Z', remote_addr: '192.0.2.1', request: 'GET /a HTTP/1.1', status: 200 },
  ],
])('the lines of %s’s JSON log stand in the timeline at their own time', async (_server, line) => {
  const timeline = createTimeline();
  const text = `${JSON.stringify(line)}\n`.repeat(2);
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.from(text));
  })();
  const { summary } = await gatherSource(timeline, { name: 'access.log', bytes });
  expect(summary).toMatchObject({ undated: 0, entries: 2 });
  expect(timeline.close().entries[0]?.time).toBe('2025-11-24T16:00:00Z');
});

test('a line of JSON whose stamp names no zone is not taken for UTC', async () => {
  const line = { time: '2025-11-24 16:00:00', remote_addr: '192.0.2.1', request: 'GET /a HTTP/1.1', status: 200 };
  const bytes = (async function* () {
    yield await Promise.resolve(Buffer.from(`${JSON.stringify(line)}\n`.repeat(2)));
  })();
  const { summary } = await gatherSource(createTimeline(), { name: 'access.log', bytes });
  expect(summary).toMatchObject({ undated: 2, entries: 0 });
});

test('a timeline judges nothing, and is never a clean answer', () => {
  const timeline = createTimeline();
  timeline.add('one', [entry('2026-01-01T10:00:00Z', 'mimikatz.exe')], 0);
  const result = judgeTimeline(timeline, []);
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked).toContainEqual(expect.objectContaining({ what: 'whether any of it is bad' }));
});

test('where there is no room, what tells least goes, and it is counted', () => {
  const timeline = createTimeline({ kept_max: 4, listed_max: 2 });
  timeline.add(
    's',
    [
      entry('2026-01-01T00:00:03Z', 'x', 0),
      entry('2026-01-01T00:00:02Z', 'y', 2),
      entry('2026-01-01T00:00:01Z', 'z', 2),
    ],
    0,
  );
  const { entries, dropped } = timeline.close();
  expect(entries.map(({ subject }) => subject)).toEqual(['z', 'y']);
  expect(dropped).toBe(1);
});

const said = { collected_at: '2026-01-01T00:00:00Z', collected_by: 'a', note: '' };
const piece = (name: string, fill: string) => ({ name, sha256: fill.repeat(64), size: 3 });
const chain = extendCustody(
  [],
  ['a', 'b', 'c'].map((name) => ({ ...piece(name, name), ...said })),
);

test('a sound chain verifies, also after more was added', () => {
  expect(verifyCustody(chain, [piece('b', 'b')])).toEqual({ faults: [], without_bytes: ['a', 'c'] });
  const longer = [...chain, ...extendCustody(chain, [{ ...piece('d', 'd'), ...said }])];
  expect(verifyCustody(longer, [], longer.at(-1)?.entry_sha256).faults).toEqual([]);
});

test('each change is named with its entry: edited, moved, taken out, cut off, other bytes (ATK-J4)', () => {
  const [a, b, c] = chain as [(typeof chain)[0], (typeof chain)[0], (typeof chain)[0]];
  const faultsOf = (entries: typeof chain, pieces = [] as ReturnType<typeof piece>[], head?: string) =>
    verifyCustody(entries, pieces, head).faults.map(({ name, what }) => `${name}: ${what}`);
  expect(faultsOf([a, { ...b, note: 'changed' }, c])).toEqual(['b: it was changed after it was written']);
  expect(faultsOf([a, c])).toEqual(['c: it stands at place 2 and says 3', 'c: it does not follow the entry before it']);
  expect(faultsOf([a, c, b])[0]).toContain('c: it stands at place 2');
  expect(faultsOf([a, b])).toEqual([]); // a cut end alone does not show …
  expect(faultsOf([a, b], [], c.entry_sha256)).toEqual(['the end: the chain does not end with the head that was kept']); // … but against a kept head
  expect(faultsOf(chain, [piece('a', 'a'), piece('b', 'f')])).toEqual([
    expect.stringContaining('b: the bytes at hand have sha256 ffff'),
  ]);
});

describeWithData('the campaign', () => {
  test('its key events stand in order and on UTC, though the collector stamped local time as UTC', async () => {
    const timeline = createTimeline();
    const input = { name: 'host-events.zip', bytes: createReadStream(dataPath('campaign', 'host-events.zip')) };
    const gathered = await gatherSource(timeline, input);
    const result = judgeTimeline(timeline, [gathered]);
    expect(gathered.summary).toMatchObject({ skew_ms: -25_200_000, items: 41_954, items_read: 41_954 });
    const at = (pattern: RegExp) =>
      result.timeline.findIndex(({ action, subject }) => action === 'process started' && pattern.test(subject));
    const steps = [
      /winx64_payload\.exe" +←/,
      /systeminfo/,
      /whoami.*\/groups/,
      /tasklist/,
      /qfhaer\.dll,a/,
      /comsvcs\.dll.*MiniDump/,
    ].map(at);
    expect(steps.every((step) => step >= 0)).toBe(true);
    expect([...steps].sort((left, right) => left - right)).toEqual(steps);
    expect(result.timeline[steps[0] ?? -1]?.time).toMatch(/^2023-08-18T15:56:49/);
    expect(result.timeline[steps[5] ?? -1]?.time).toMatch(/^2023-08-18T16:00:03/);
  }, 60_000);
});
