/** The routing of a handoff, judged member by member. */
import { expect, test } from 'vitest';
import { faultsOf } from '../../conformance/routing-shape.ts';

const handoff = {
  handoff_id: 'handoff-1',
  task_id: 'task-1',
  root_id: 'task-1',
  from: 'operator:local',
  to: 'ada',
  hop: 1,
  path: ['ada'],
  mode: 'monitor',
  priority: 5,
  attempt: 1,
  fence: 1,
  deadline: '2026-01-01T00:00:00.000Z',
  budget_ms: 10_000,
  actor: { sub: 'operator:local', scopes: ['*'], tenant: 'default' },
};
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('routing that is whole has no fault', () => {
  expect(faultsOf({ handoff, traceparent })).toEqual([]);
});

test.each<[string, unknown]>([
  ['task_id', ''],
  ['hop', '1'],
  ['hop', -1],
  ['path', 'ada'],
  ['mode', 'wild'],
  ['priority', 11],
  ['attempt', 0],
  ['fence', 1.5],
  ['deadline', 'soon'],
  ['budget_ms', null],
  ['actor', { sub: 'x', scopes: '*', tenant: 'default' }],
])('%s %j is named as a fault', (name, value) => {
  expect(faultsOf({ handoff: { ...handoff, [name]: value }, traceparent })).toEqual([
    `${name} is ${JSON.stringify(value)}`,
  ]);
});

test('a trace of zeros, a missing one and a missing handoff are faults', () => {
  expect(faultsOf({ handoff, traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` })).toHaveLength(1);
  expect(faultsOf({ handoff })).toEqual(['traceparent is nothing']);
  expect(faultsOf({ traceparent })).toEqual(['handoff is nothing']);
});
