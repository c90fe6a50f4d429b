/** What an agent tells while it works, as it is told on and kept (wire.md 6). */
import { expect, test } from 'vitest';
import { createEvents } from '../../orchestrator/events.ts';
import { createTelling } from '../../orchestrator/telling.ts';
import { manualClock, memoryLog } from '../../seams/index.ts';
import { row } from '../support/ledger.ts';

test('a task that sends artifacts without end keeps a thousand; the rest is one gap, no row and one line (ATK-E10)', () => {
  const clock = manualClock();
  const events = createEvents(clock);
  const log = memoryLog();
  let rows = 0;
  const ledger = { record: () => Promise.resolve(++rows > 0) };
  const task = row('task_1', { state: 'working' });
  const heard: string[] = [];
  events.listen('task_1', ({ kind }) => void heard.push(kind));
  const { relay } = createTelling({ events, log, ledger });
  const hear = relay(task)({ attempt: 1, fence: 1, agent_id: 'ada', instance_id: 'ada-1', started_at: '' });
  for (let seq = 1; seq <= 6_000; seq++)
    hear({ token: 't', task_id: 'task_1', seq, at: '', kind: 'artifact', value: { name: 'a', value: seq } });
  hear({ token: 't', task_id: 'task_1', seq: 6_001, at: '', kind: 'log', value: 'still here' });
  expect(rows).toBe(1_000);
  expect(heard.slice(998)).toEqual(['artifact', 'artifact', 'gap', 'log']);
  expect(log.lines).toMatchObject([{ fields: { task_id: 'task_1', artifacts_max: 1_000 } }]);
});

test('what was kept before a restart counts: the same task keeps a thousand in all (ATK-E10)', () => {
  let rows = 0;
  const clock = manualClock();
  const ledger = { record: () => Promise.resolve(++rows > 0) };
  const { relay } = createTelling({ events: createEvents(clock), log: memoryLog(), ledger });
  const told = Array.from({ length: 990 }, () => ({ kind: 'artifact' as const, value: { name: 'a' }, at: '' }));
  const task = row('task_1', { state: 'working' });
  const hear = relay(task, told)({ attempt: 2, fence: 2, agent_id: 'ada', instance_id: 'ada-1', started_at: '' });
  for (let seq = 1; seq <= 20; seq++)
    hear({ token: 't', task_id: 'task_1', seq, at: '', kind: 'artifact', value: { name: 'a', value: seq } });
  expect(rows).toBe(10);
});
