/** Which agents a fleet has, where they listen, and their code. */
import { agents } from '../agents/index.ts';
import type { Agent } from '../mesh/index.ts';
import type { AgentEntry, Config } from './config.ts';
import { ConfigError } from './layers.ts';

/** The configured agents, or all there are. */
export function rosterOf(config: Pick<Config, 'agents'>): AgentEntry[] {
  return config.agents.length > 0 ? config.agents : Object.keys(agents).map((agent_id) => ({ agent_id }));
}

/**
 * The agents that run here, each as often as it has replicas. Throws a ConfigError for one whose code is not here: nothing is
 * made or started for a typing error.
 */
export function agentsHere(config: Pick<Config, 'agents' | 'replicas'>): string[] {
  const roster = rosterOf(config);
  const ids = roster.filter(({ url, unproven }) => url === undefined && !unproven).map(({ agent_id }) => agent_id);
  const unknown = ids.find((id) => !Object.hasOwn(agents, id));
  if (unknown !== undefined) throw unknownAgent(unknown);
  const stray = Object.keys(config.replicas).find((id) => !ids.includes(id));
  if (stray !== undefined) throw new ConfigError(`replicas: ${stray} does not run here; here run ${ids.join(', ')}`);
  return [...new Set(ids)].flatMap((id) => Array.from({ length: config.replicas[id] ?? 1 }, () => id));
}

/** All configured agents with an address each: the one that was given, else this machine's, or the service of that name, at the agent's port. */
export const addressesOf = (config: Config): (AgentEntry & { url: string })[] =>
  rosterOf(config).map((entry) => {
    if (entry.url !== undefined) return { ...entry, url: entry.url };
    const scheme = typeof config.tls === 'object' ? 'wss' : 'ws'; // as their ports: one configuration for the fleet
    const host = config.agent_hosts === 'service' ? entry.agent_id : '127.0.0.1';
    return { ...entry, url: `${scheme}://${host}:${portOf(config, entry.agent_id)}` };
  });

/**
 * The port of a process: as configured, else one after those, in the order of the table in `agents/index.ts`: it grows at its
 * end, so that who comes later moves nobody.
 */
export function portOf(config: Pick<Config, 'ports'>, id: string, all = Object.keys(agents)): number {
  const listed = config.ports[id];
  if (listed !== undefined) return listed;
  const others = all.filter((other) => config.ports[other] === undefined);
  const place = others.indexOf(id);
  return place === -1 ? 0 : FIRST_FREE_PORT + place;
}

/** Loads one agent, and nobody else's trade. Throws a ConfigError that names those there are. */
export async function loadAgent(id: string): Promise<Agent> {
  const load = Object.hasOwn(agents, id) ? agents[id] : undefined;
  if (!load) throw unknownAgent(id);
  return load();
}

const unknownAgent = (id: string): ConfigError =>
  new ConfigError(`there is no agent ${id}; there are ${Object.keys(agents).join(', ')}`);

/** The port after the ones that specialists.md 4 gives away. */
const FIRST_FREE_PORT = 9016;
