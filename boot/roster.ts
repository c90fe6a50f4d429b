/** Which agents a fleet has, where they listen, and their code. */
import { agents } from '../agents/index.ts';
import type { Agent } from '../mesh/index.ts';
import type { AgentEntry, Config } from './config.ts';
import { ConfigError } from './layers.ts';

/** The configured agents, or all there are. */
export function rosterOf(config: Pick<Config, 'agents'>): AgentEntry[] {
  return config.agents.length > 0 ? config.agents : Object.keys(agents).map((agent_id) => ({ agent_id }));
}

/** The same with an address each: the one that was given, else this machine's, or the service of that name, at the agent's port. */
export const addressesOf = (config: Config): (AgentEntry & { url: string })[] =>
  rosterOf(config).map((entry) => {
    if (entry.url !== undefined) return { ...entry, url: entry.url };
    const host = config.agent_hosts === 'service' ? entry.agent_id : '127.0.0.1';
    return { ...entry, url: `ws://${host}:${portOf(config, entry.agent_id)}` };
  });

/** The port of a process: as configured, else its place in the table, else the next ones after the table in order of ids. */
export function portOf(config: Pick<Config, 'ports'>, id: string): number {
  const listed = config.ports[id];
  if (listed !== undefined) return listed;
  const others = Object.keys(agents).filter((other) => config.ports[other] === undefined);
  const place = others.sort().indexOf(id);
  return place === -1 ? 0 : FIRST_FREE_PORT + place;
}

/** Loads one agent, and nobody else's trade. Throws a ConfigError that names those there are. */
export async function loadAgent(id: string): Promise<Agent> {
  const load = Object.hasOwn(agents, id) ? agents[id] : undefined;
  if (!load) throw new ConfigError(`there is no agent ${id}; there are ${Object.keys(agents).join(', ')}`);
  return load();
}

/** The port after the ones that specialists.md 4 gives away. */
const FIRST_FREE_PORT = 9016;
