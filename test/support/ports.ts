/** Free ports of this machine, for processes that must know theirs before they start. */
import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { agents } from '../../agents/index.ts';

/** A free port for the orchestrator and for every specialist there is, by id. */
export async function fleetPorts(): Promise<Record<string, number>> {
  const ids = ['orchestrator', ...Object.keys(agents)];
  const ports = await freePorts(ids.length);
  return Object.fromEntries(ids.map((id, index) => [id, ports[index] ?? 0]));
}

/**
 * That many different free ports: all are held until the last is known, then given up together. They lie below those that the kernel
 * hands to whoever connects, each worker has a range of its own, and no port comes twice: between being given up here and taken by
 * the process that it is for, nobody else gets it.
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let tries = 0; servers.length < count; tries++) {
    if (tries > RANGE_PORTS) throw new Error(`this worker has no ${count} free ports from ${FIRST_PORT} on`);
    const server = await hold(FIRST_PORT + RANGE_PORTS * WORKER + (next++ % RANGE_PORTS));
    if (server) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Undefined when somebody has it. */
function hold(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

const FIRST_PORT = 20_000;
const RANGE_PORTS = 1_000;
const WORKER = Number(process.env['VITEST_POOL_ID'] ?? 0) % 12;
let next = randomInt(RANGE_PORTS);
