/** Effects on one host come one after another, also from several processes (PROM-P4). */
import { expect, test } from 'vitest';
import { incidentResponder } from '../../agents/incident-responder.ts';
import { createOneTarget } from '../../orchestrator/one-target.ts';
import { createOpenTasks } from '../../orchestrator/open-tasks.ts';
import { ApprovalPage, AuroraError, type Approval } from '../../protocol/index.ts';
import {
  countingMetrics,
  createStop,
  manualClock,
  type EffectOrder,
  type EffectReceipt,
  type Stop,
} from '../../seams/index.ts';
import { settled } from '../support/drive.ts';
import { row } from '../support/ledger.ts';
import { startMesh } from '../support/mesh.ts';

test('two tasks on one host, each at another replica, are never with the driver at once; one on another host does not wait', async () => {
  const under_way: { order: EffectOrder; finish: () => void }[] = [];
  const began: string[] = [];
  const apply = (order: EffectOrder) =>
    new Promise<EffectReceipt>((resolve) => {
      began.push(`${order.target} ${String(order.desired['state'])}`);
      under_way.push({ order, finish: () => resolve({ action_id: `action_${began.length}` }) });
    });
  const mesh = await startMesh([incidentResponder, incidentResponder], {
    operators: ['operator:eve'],
    orchestrator: { mode: 'active' },
    host: { effects: { apply } },
  });
  await mesh.online(2);
  const act = async (skill: string, endpoint_id: string) => {
    const options = { idempotency_key: `${skill} ${endpoint_id}`, deadline_ms: 60_000 };
    const order = { to: { skill }, params: { endpoint_id, reason: 'It beacons' }, options, wait: 'accepted' };
    const { task_id } = (await mesh.operator.request('handoff', order)) as { task_id: string };
    const eve = mesh.as('operator:eve');
    const asked = async () => ApprovalPage.parse(await eve.request('approval/list', { state: 'pending' })).items[0];
    await expect.poll(asked).toBeDefined();
    const { approval_id, action_hash } = (await asked())!;
    await eve.request('approval/decide', { approval_id, action_hash, decision: 'approve' });
    return task_id;
  };
  await act('contain_endpoint', 'WS-130');
  await expect.poll(() => began).toHaveLength(1);
  await act('release_endpoint', 'WS-130');
  await act('contain_endpoint', 'WS-131');
  await expect.poll(() => began).toHaveLength(2);
  for (let turn = 0; turn < 50; turn++) await settled();
  expect(began.map((what) => what.split(' ')[0])).toEqual(['WS-130', 'WS-131']);
  under_way[0]!.finish();
  await expect.poll(() => began).toHaveLength(3);
  expect(under_way[2]!.order.target).toBe('WS-130');
  for (const { finish } of under_way) finish();
});

test('two that would wait for each other do not, and one that is stopped waits no longer', async () => {
  const { acting, began } = targets();
  const [one, two, below] = [acting('one'), acting('two'), acting('below', 'one')];
  await one.act('x');
  await two.act('y');
  const first = one.act('y');
  await settled();
  expect(began.get('one')).toEqual(['x']);
  await below.act('x'); // what it was begun for waits for it
  await two.act('x'); // and nobody's turn would come
  two.running.close();
  await first;
  expect([...began]).toEqual([
    ['one', ['x', 'y']],
    ['two', ['y', 'x']],
    ['below', ['x']],
  ]);
  const three = acting('three');
  const stopped = three.act('x');
  await settled();
  expect(began.get('three')).toBeUndefined();
  three.running.close();
  await stopped; // the record refuses it
});

test('a circle that closes while they wait is seen, also by one that waits for two targets', async () => {
  const { acting, began } = targets();
  const [one, two, three] = [acting('one'), acting('two'), acting('three')];
  await one.act('x');
  await two.act('y');
  const waits = [three.act('x'), three.act('y'), two.act('x')];
  await settled();
  expect(began.get('three')).toBeUndefined();
  one.running.close(); // three begins at x, and two that waits for x has y
  await waits[0];
  await waits[2];
  expect(began.get('two')).toEqual(['y', 'x']);
  two.running.close();
  await Promise.all(waits);
  expect(began.get('three')).toEqual(['x', 'y']);
});

test('a task whose attempt came to nothing holds up nobody, and waits itself for who began meanwhile', async () => {
  const { acting, began, clock } = targets();
  const [one, two] = [acting('one'), acting('two')];
  await one.act('x');
  const second = two.act('x');
  await settled();
  expect(began.get('two')).toBeUndefined();
  one.task.state = 'submitted'; // its lane may be the one that two is in
  clock.advance(1_000);
  await second;
  one.task.state = 'working';
  const again = one.act('x');
  await two.act('x'); // asked anew it goes on
  await settled();
  expect(began.get('one')).toEqual(['x']);
  two.running.close();
  await again;
  expect(began.get('one')).toEqual(['x', 'x']);
});

test.each([
  ['hung up', 5030, (asked: Asked) => asked.stop.abort(new AuroraError(5030))],
  ['lost the task', 4030, (asked: Asked) => void (asked.fence = 7)],
])('whoever %s while it waited is granted nothing, and nothing is on record', async (_name, code, leave) => {
  const { acting, began } = targets();
  const [one, two] = [acting('one'), acting('two')];
  await one.act('x');
  const asked = { fence: 1, stop: createStop() };
  const waiting = two.act('x', asked);
  await settled();
  leave(asked);
  one.running.close();
  await expect(waiting).rejects.toMatchObject({ code });
  expect(began.get('two')).toBeUndefined();
});

type Asked = { fence: number; stop: Stop };

/** Tasks that act, without those who carry them out. */
function targets() {
  const clock = manualClock();
  const open = createOpenTasks({ clock, metrics: countingMetrics() });
  const oneTarget = createOneTarget({ clock, open });
  const began = new Map<string, string[]>();
  const acting = (task_id: string, parent_id?: string) => {
    const attempts = [{ attempt: 1, fence: 1, agent_id: 'ada', instance_id: 'ada-1', started_at: '' }];
    const task = row(task_id, { parent_id, due: 60_000, state: 'working', attempts, approvals: [granted([])] });
    const running = open.open(task);
    const act = (target: string, asked: Asked = { fence: 1, stop: createStop() }) => {
      const effect_key = `isolate:${target}`;
      const use = { approval_id: 'approval_1', action_hash: 'h', effect_key };
      return oneTarget.take(task, use, asked, async () => {
        const at = String([...began.values()].flat().length);
        began.set(task_id, [...(began.get(task_id) ?? []), target]);
        task.approvals = [granted([...(task.approvals?.[0]?.consumed ?? []), { effect_key, at }])];
      });
    };
    return { task, running, act };
  };
  return { acting, began, clock };
}

const granted = (consumed: Approval['consumed']) =>
  ({ approval_id: 'approval_1', state: 'granted', consumed }) as unknown as Approval;
