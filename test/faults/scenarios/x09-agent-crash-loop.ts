/** X9: an agent that only dies is given up and said so; whoever else has the skill serves. */
import type { Scenario } from '../harness.ts';
import { startFleet, loadConfig, type FleetEvent } from '../../../boot/index.ts';
import { until } from '../waiting.ts';
import { ask, that } from '../workload.ts';
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

/** A kept fleet with an agent that is killed whenever it serves: it is started five times, and then not again. */
async function intensity(data: string, onStart: (fleet: { stop(): Promise<void> }) => void): Promise<string[]> {
  const [orchestrator = 0, web = 0, threat = 0] = await freePorts(3);
  const ports = { orchestrator, 'web-security': web, 'threat-intel': threat };
  const flags = { data, agents: [VICTIM, 'web-security'], ports, log_level: 'silent' as const };
  const events: FleetEvent[] = [];
  const onEvent = (event: FleetEvent) => {
    events.push(event);
    if (event.id === VICTIM && event.what === 'up' && event.pid !== undefined) process.kill(event.pid, 'SIGKILL');
  };
  const fleet = await startFleet({ config: loadConfig({ env: {}, flags }), flags, quiet: true, onEvent });
  onStart(fleet);
  const own = () => events.filter(({ id }) => id === VICTIM);
  await until('it is given up', () => own().some(({ what }) => what === 'given_up'), GIVEN_UP_MS_MAX);
  const deaths = own().filter(({ what }) => what === 'died').length;
  const alive = events.some(({ id, what }) => id === 'web-security' && what === 'up');
  return [...that(deaths === 5, `given up after ${deaths} deaths`), ...that(alive, 'the others did not serve')];
}

const VICTIM = 'threat-intel';
/** Five starts of a process, and the pauses between them. */
const GIVEN_UP_MS_MAX = 60_000;
const DEATHS = 6;
