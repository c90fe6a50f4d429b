/** Free ports of this machine, for processes that must know theirs before they start. */
import { createServer, type AddressInfo, type Server } from 'node:net';
import { agents } from '../../agents/index.ts';

/** A free port for the orchestrator and for every specialist there is, by id. */
export async function fleetPorts(): Promise<Record<string, number>> {
  const ids = ['orchestrator', ...Object.keys(agents)];
  const ports = await freePorts(ids.length);
  return Object.fromEntries(ids.map((id, index) => [id, ports[index] ?? 0]));
}

/** That many different free ports: all are held until the last is known, then given up together. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, hold));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function hold(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
  });
}
