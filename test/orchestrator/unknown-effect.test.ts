/** Work that must not run twice: when nobody knows whether it took effect, the task says so and is never tried again (PROM-P4). */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineAgent } from '../../mesh/index.ts';
import { skill, TaskPage } from '../../protocol/index.ts';
import { manualClock } from '../../seams/index.ts';
import { runUntilQuiet } from '../support/drive.ts';
import { startMesh } from '../support/mesh.ts';

const pay = skill({
  id: 'pay_bill',
  title: 'Pay',
  description: 'Pays, and must not pay twice.',
  tags: [],
  effect: 'non_idempotent',
  action_class: 'low',
  params: z.object({}),
  result: z.object({}),
});

/** An agent whose work never ends, and whoever counts its runs. */
function start() {
  const clock = manualClock();
  const runs: string[] = [];
  const agent = (name: string) =>
    defineAgent({
      id: 'payer',
      name: 'Payer',
      description: 'Pays.',
      skills: [
        pay.implement(() => {
          runs.push(name);
          return new Promise(() => undefined);
        }),
      ],
    });
  return { clock, runs, agents: [agent('one'), agent('two')] };
}

const asked = { to: { agent_id: 'payer', skill: 'pay_bill' }, params: {}, wait: 'accepted' };

test('when its agent is lost, the effect is unknown, and no other replica does it (FLT-X8)', async () => {
  const { clock, runs, agents } = start();
  const down = new Set<string>();
  const mesh = await startMesh(agents, { clock, is_up: (url) => !down.has(url) });
  await mesh.online(2);
  await mesh.operator.request('handoff', asked);
  clock.after(500, () => {
    const url = runs[0] === 'one' ? 'ws://payer-0.test:1' : 'ws://payer-1.test:1';
    down.add(url);
    mesh.crash(url);
  });
  await runUntilQuiet(clock, () => clock.monotonic() > 30_000);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code: 5000 } }]);
  expect(runs).toHaveLength(1);
});

test('when its time is over before it answers, the effect is unknown too, and not merely late', async () => {
  const { clock, runs, agents } = start();
  const mesh = await startMesh(agents, { clock });
  await mesh.online(2);
  await mesh.operator.request('handoff', { ...asked, options: { deadline_ms: 1_000 } });
  await runUntilQuiet(clock, () => clock.monotonic() > 30_000);
  const { items } = TaskPage.parse(await mesh.operator.request('task/list', {}));
  expect(items).toMatchObject([{ state: 'failed', outcome: 'unknown_effect', error: { code: 5040 } }]);
  expect(runs).toHaveLength(1);
});
