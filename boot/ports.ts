/** The ports that a fleet cannot do without: whether they are free is asked before anything is started. */
import { createServer } from 'node:net';
import type { Config } from './config.ts';
import { ConfigError } from './layers.ts';
import { ANOTHER_PORT } from './lifetime.ts';
import { agentsHere, portOf } from './roster.ts';

/** A port that the orchestrator or the API needs and somebody else has; the message says whose, and what to do. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/**
 * Takes the ports of the orchestrator and of the API for a moment, and gives them back. Throws a PortTakenError when one cannot be
 * had or none of all agents', and a ConfigError when two are to share one. A port that may be any is not looked at, and a fleet
 * does without one of its agents.
 */
export async function assertPortsFree(config: Config): Promise<void> {
  const owners = new Map(agentsHere(config).map((id) => [portOf(config, id), id]));
  for (const { of, port, flag } of neededBy(config)) {
    if (port === 0) continue;
    const other = owners.get(port);
    if (other !== undefined) throw new ConfigError(`port ${port} is given to ${other} and to ${of}: see ${flag}`);
    owners.set(port, of);
    if (await isTaken(port, config.host))
      throw new PortTakenError(
        `port ${port} of ${of} is taken, so nothing was started: stop who has it, or give another with ${flag}`,
      );
  }
  const own = agentsHere(config).flatMap((id) => portOf(config, id) || []);
  const is_taken = await Promise.all(own.map((port) => isTaken(port, config.host)));
  if (own.length === 0 || is_taken.includes(false)) return;
  throw new PortTakenError(
    `the ports of all agents are taken, so nothing was started: does another fleet run here? ${ANOTHER_PORT}`,
  );
}

function neededBy(config: Config): { of: string; port: number; flag: string }[] {
  const { port: api } = config.api;
  return [
    { of: 'the orchestrator', port: config.port ?? portOf(config, 'orchestrator'), flag: '--port' },
    { of: 'the API', port: typeof api === 'number' ? api : 0, flag: '--api-port' },
  ];
}

/** What else keeps somebody from listening there is said better by whoever wants to. */
function isTaken(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (reason: NodeJS.ErrnoException) => resolve(reason.code === 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}
