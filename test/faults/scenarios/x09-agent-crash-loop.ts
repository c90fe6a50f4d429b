/** X9: an agent that only dies is given up and said so; whoever else has the skill serves. */
import type { Scenario } from '../harness.ts';
import { startFleet, loadConfig, type FleetEvent } from '../../../boot/index.ts';
import { until } from '../waiting.ts';
import { ask, that } from '../workload.ts';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from '../../support/ports.ts';

export const scenario: Scenario = {
  id: 'X9',
  name: 'agent-crash-loop',
  set: 'full',
  async run(_seed, kit) {
    const kept = await intensity(kit.file('kept'), (fleet) => kit.onEnd(() => fleet.stop()));
    const mesh = await kit.start();
    kit.inject('double-b dies at every start');
    await mesh.agent('double-b').end('SIGKILL');
    for (let death = 0; death < DEATHS; death++) {
      mesh.agent('double-b').launch({ env: { DOUBLE_EXITS: 'at-start' } });
      await mesh.agent('double-b').gone();
    }
    const task_ids = await ask(mesh, 20);
    const tasks = await Promise.all(task_ids.map((task_id) => mesh.caller.ended(task_id)));
    kit.recovered();
    const others = tasks.filter(({ state, agent_id }) => state === 'completed' && agent_id === 'double-a').length;
    return {
      verdict: [
        ...kept,
        ...that(others === 20, `${20 - others} of 20 tasks did not go to who lives`),
        ...(await mesh.finish()),
      ],
    };
  },
};

/** A kept fleet with an agent whose port is taken: it is started five times, and then not again. */
async function intensity(data: string, onStart: (fleet: { stop(): Promise<void> }) => void): Promise<string[]> {
  const held = createServer().listen(0, '127.0.0.1');
  await once(held, 'listening');
  try {
    const address = held.address();
    const [orchestrator = 0, web = 0] = await freePorts(2);
    const taken = typeof address === 'object' && address ? address.port : 0;
    const ports = { orchestrator, 'web-security': web, 'threat-intel': taken };
    const flags = {
      data: join(data, 'fleet'),
      agents: ['threat-intel', 'web-security'],
      ports,
      log_level: 'silent' as const,
    };
    const events: FleetEvent[] = [];
    const onEvent = (event: FleetEvent) => void events.push(event);
    const fleet = await startFleet({ config: loadConfig({ env: {}, flags }), flags, quiet: true, onEvent });
    onStart(fleet);
    const own = () => events.filter(({ id }) => id === 'threat-intel');
    await until('it is given up', () => own().some(({ what }) => what === 'given_up'));
    const deaths = own().filter(({ what }) => what === 'died').length;
    const alive = events.some(({ id, what }) => id === 'web-security' && what === 'up');
    return [...that(deaths === 5, `given up after ${deaths} deaths`), ...that(alive, 'the others did not serve')];
  } finally {
    held.close();
  }
}

const DEATHS = 6;
