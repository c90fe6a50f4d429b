/** What the view of a running task says of attempts that were given up. */
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createWatchView, toLine } from '../../cli/watch-view.ts';

const seen = (why: string) => ({
  event: { token: 't', seq: 1, at: '2026-01-01T00:00:00.000Z', kind: 'status' as const, value: {} },
  source: { task_id: 'task-1', agent_id: 'ada', skill: 'look_up', attempt: 2 },
  status: { state: 'submitted' as const, attempt: 2, why },
});

test.each([
  ['link_lost', 'its link was lost'],
  ['revoked', 'its key is no longer pinned'],
])('an attempt that was given up for %s says so in words: as a line, and in its row', (why, words) => {
  expect(toLine(seen(why))).toContain(`(${words})`);
  let drawn = '';
  const write = (chunk: unknown, _encoding: string, done: () => void) => {
    drawn = String(chunk);
    done();
  };
  const out = Object.assign(new Writable({ write }), { isTTY: true, columns: 200 }) as unknown as NodeJS.WriteStream;
  createWatchView(out, false).watch(seen(why));
  expect(drawn).toContain(words);
});

test('a code stays a code', () => {
  expect(toLine(seen('5040'))).toContain('(5040)');
});
