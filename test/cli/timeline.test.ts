/** One task as people read it. */
import { expect, test } from 'vitest';
import { toTimelineText } from '../../cli/timeline.ts';
import type { Task } from '../../protocol/index.ts';

const at = '2026-05-01T10:00:00.000Z';
const failedWith = (code: number): Task => ({
  task_id: 'task_1',
  root_id: 'task_1',
  state: 'failed',
  agent_id: 'ada',
  skill: 'echo_text',
  hop: 1,
  path: ['ada'],
  mode: 'monitor',
  priority: 5,
  created_at: at,
  updated_at: at,
  deadline: at,
  attempts: [],
  error: { code, message: 'It broke' },
});

test.each([
  [5000, '  AURORA-5000 It broke\n'],
  [-32603, '  JSON-RPC -32603 It broke\n'],
])('an error of %i is called what every other command calls it', (code, line) => {
  expect(toTimelineText(failedWith(code), [])).toContain(line);
});
