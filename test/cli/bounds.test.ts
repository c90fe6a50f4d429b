/** What a view keeps while one waits, however long that is. */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Client } from '../../client/index.ts';
import { createNews } from '../../cli/record.ts';
import { createWatchView } from '../../cli/watch-view.ts';
import type { RecordedEvent } from '../../protocol/index.ts';

/** A record that grows, read page by page like that of the API. */
function growing() {
  const rows: RecordedEvent[] = [];
  const events = ({ limit, cursor = '0' }: { limit: number; cursor?: string }) => {
    const end = Number(cursor) + limit;
    const next_cursor = end < rows.length ? String(end) : null;
    return Promise.resolve({ items: rows.slice(Number(cursor), end), next_cursor });
  };
  const grow = (count: number) => {
    for (let more = 0; more < count; more++) {
      const seq = rows.length + 1;
      rows.push({ task_id: 't', seq, at: '', type: 'leased', fence: 1, payload: {}, hash: '' });
    }
  };
  return { client: { investigations: { events } } as unknown as Client, grow };
}

test('every row of a record that grows over many pages is told once, in order', async () => {
  const { client, grow } = growing();
  const news = createNews(client, 't');
  const told: number[] = [];
  for (const count of [1, 199, 0, 1, 650, 0, 3]) {
    grow(count);
    told.push(...(await news()).map(({ seq }) => seq));
  }
  expect(told).toEqual(Array.from({ length: 854 }, (_, nth) => nth + 1));
});

test('a table shows the newest four thoughts and at most as many rows as an investigation has tasks', () => {
  let drawn = '';
  const out = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        drawn = String(chunk);
        done();
      },
    }),
    { isTTY: true, columns: 200 },
  ) as unknown as NodeJS.WriteStream;
  const { watch } = createWatchView(out, false);
  const event = { token: 't', seq: 1, at: '2026-01-01T00:00:00.000Z' };
  for (let nth = 0; nth < 300; nth++) {
    const source = { task_id: `task-${nth}`, agent_id: 'ada', skill: 'look_up', attempt: 1 };
    const value = { text: `thought ${nth}.` };
    watch({ event: { ...event, kind: 'thought', value }, source, status: undefined });
  }
  const lines = drawn.split('\n').filter((line) => line !== '');
  expect(lines.filter((line) => line.includes('ada'))).toHaveLength(256);
  expect(lines.filter((line) => line.includes('thought')).map((line) => /\d+\./.exec(line)?.[0])).toEqual([
    '296.',
    '297.',
    '298.',
    '299.',
  ]);
});
