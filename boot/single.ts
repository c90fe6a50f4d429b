/** The fleet in one process, on real ports: for small machines and debuggers. There is no isolation between its agents. */
import { addOperator, ensureFleetKeys } from './enrol.ts';
import type { Fleet, FleetOptions } from './fleet.ts';
import { ANOTHER_PORT, isPortTaken } from './lifetime.ts';
import { assertPortsFree, PortTakenError } from './ports.ts';
import { agentsHere, loadAgent, portOf, rosterOf } from './roster.ts';
import type { Running } from './running.ts';
import { onThisMachine } from './seams.ts';

/** Starts all agents and the orchestrator here: one that crashes takes the others with it, and each could read the others' keys. */
export async function startTogether(options: FleetOptions): Promise<Fleet> {
  const config = onThisMachine(options.config);
  if (!options.free_ports) await assertPortsFree(config);
  ensureFleetKeys(config);
  addOperator(config, 'local');
  const running: Running[] = [];
  const leave = () => Promise.all(running.map((part) => part.drain()));
  const orchestrator = await startAll().catch(async (reason: unknown) => {
    await leave(); // whoever serves keeps this process alive
    throw toPortTaken(reason);
  });
  for (const { id, url } of [...running, orchestrator]) {
    options.onEvent?.({ what: 'up', id, pid: process.pid, detail: url });
  }
  return {
    url: orchestrator.url,
    members: () =>
      [orchestrator, ...running].map(({ id, instance_id, url }) => ({ id, pid: process.pid, instance_id, url })),
    failed: new Promise(() => undefined), // whoever fails here ends the process
    async stop() {
      await orchestrator.drain();
      await leave();
    },
  };

  async function startAll(): Promise<Running> {
    const { startAgent } = await import('./agent.ts'); // the command line knows this file, and seldom runs a fleet in itself
    for (const id of agentsHere(config)) {
      const is_replica = running.some((other) => other.id === id);
      const port = options.free_ports || is_replica ? 0 : portOf(config, id);
      running.push(await startAgent(await loadAgent(id), { ...config, port }));
    }
    const { startOrchestrator } = await import('./orchestrator.ts');
    const agents = [
      ...running.map(({ id, url }) => ({ agent_id: id, url })),
      ...rosterOf(config).filter(({ url }) => url !== undefined),
    ];
    return startOrchestrator({ ...config, agents, port: options.free_ports ? 0 : config.port });
  }
}

/** In one process none is given up for the others: a port that is taken ends them all, and is said like a missing one. */
const toPortTaken = (reason: unknown): unknown =>
  isPortTaken(reason) ? new PortTakenError(`a port is taken (${reason.message}): ${ANOTHER_PORT}`) : reason;
