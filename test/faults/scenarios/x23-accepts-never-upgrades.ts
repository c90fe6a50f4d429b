/** X23: who listens on an agent's port accepts and says nothing: the dial ends by its own timeout, and others do the work. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { z } from 'zod';
import type { Scenario } from '../harness.ts';
import { until } from '../waiting.ts';
import { ask, that, within } from '../workload.ts';

export const scenario: Scenario = {
  id: 'X23',
  name: 'accepts-never-upgrades',
  set: 'full',
  async run(_seed, kit) {
    const sockets = new Set<Socket>();
    const dials: number[] = [];
    const tarpit = createServer((socket) => {
      dials.push(performance.now());
      sockets.add(socket.on('error', () => undefined));
    });
    tarpit.listen(0, '127.0.0.1');
    await once(tarpit, 'listening');
    kit.onEnd(async () => {
      for (const socket of sockets) socket.destroy();
      tarpit.close();
    });
    const { port } = tarpit.address() as AddressInfo;
    const addresses = { 'double-b': `ws://127.0.0.1:${port}` };
    kit.inject('a tarpit on the port of double-b; double-a is stopped, too, for a while');
    const mesh = await kit.start({ addresses, absent: ['double-b'] });
    await until('the dial is given up and tried again', () => dials.length >= 2, 40_000);
    const gave_up_ms = (dials[1] ?? 0) - (dials[0] ?? 0);
    const task_ids = await ask(mesh, 10);
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    kit.recovered();
    const { items } = Listed.parse(await mesh.caller.request('agent/list', {}));
    const about = items.find(({ agent_id }) => agent_id === 'double-b');
    return {
      verdict: [
        ...that(about?.state === 'offline', `double-b is said to be ${about?.state ?? 'unknown'}`),
        ...that((about?.why ?? '') !== '', 'nobody says why double-b is offline'),
        ...that(
          tasks.every(({ state }) => state === 'completed'),
          'not all completed',
        ),
        ...within('giving up the dial', gave_up_ms, 30_000),
        ...(await mesh.finish()),
      ],
      figures: { gave_up_ms: Math.round(gave_up_ms) },
    };
  },
};

const Listed = z.object({
  items: z.array(z.object({ agent_id: z.string(), state: z.string(), why: z.string().optional() })),
});
