/** The order of a plan: constraints first, then a place of its own for each. */
import { expect, test } from 'vitest';
import { actionKind, ACTIONS, STAGES } from '../../../analysis/response/actions.ts';
import { CONSTRAINTS, orderSteps, type Constraint } from '../../../analysis/response/order.ts';

const step = (id: string, target = 'a') => ({ kind: actionKind(id), target });
const named = (steps: { kind: { id: string }; target: string }[]) =>
  steps.map(({ kind, target }) => `${kind.id} ${target}`);

test('pairs that are done together stand side by side, target by target', () => {
  const given = ['b', 'a'].flatMap((target) => [step('reset_credentials', target), step('end_sessions', target)]);
  expect(named(orderSteps(given).steps)).toEqual([
    'end_sessions a',
    'reset_credentials a',
    'end_sessions b',
    'reset_credentials b',
  ]);
});

test('what comes before is named once: what another one of them waits for already is not said again', () => {
  const { steps: ordered } = orderSteps([
    step('release_host'),
    step('reset_credentials'),
    step('isolate_host'),
    step('preserve_evidence'),
    step('remove_file'),
  ]);
  expect(named(ordered)).toEqual([
    'preserve_evidence a',
    'isolate_host a',
    'remove_file a',
    'reset_credentials a',
    'release_host a',
  ]);
  expect(ordered.map(({ after }) => after)).toEqual([[], [], [0, 1], [1], [2, 3]]);
});

test('all kinds at once can be ordered, each constraint holds, and none of them speaks of nothing', () => {
  const { steps: ordered } = orderSteps([...ACTIONS].reverse().map(({ id }) => step(id)));
  expect(ordered).toHaveLength(ACTIONS.length);
  for (const { before, after, why } of CONSTRAINTS) {
    const last = ordered.findLastIndex(before);
    const first = ordered.findIndex(after);
    expect(last, why).toBeGreaterThanOrEqual(0);
    expect(first, why).toBeGreaterThan(last);
  }
});

test('constraints that contradict one another are no order', () => {
  const circle: Constraint[] = [
    { why: 'one', before: ({ kind }) => kind.id === 'isolate_host', after: ({ kind }) => kind.id === 'release_host' },
    { why: 'two', before: ({ kind }) => kind.id === 'release_host', after: ({ kind }) => kind.id === 'isolate_host' },
  ];
  expect(() => orderSteps([step('isolate_host'), step('release_host')], circle)).toThrow('contradict');
});

test('the table: an id is of its stage, and what is brought along exists', () => {
  const digits = new Map(STAGES.map((stage, nth) => [stage, `RA${nth + 2}`]));
  for (const { id, react, react_of = {}, stage, brings = [] } of ACTIONS) {
    for (const each of [react, ...Object.values(react_of)]) expect(each.id, id).toMatch(`${digits.get(stage)}`);
    for (const brought of brings) expect(actionKind(brought).id).toBe(brought);
  }
  expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
  expect(() => actionKind('none')).toThrow('none');
});
