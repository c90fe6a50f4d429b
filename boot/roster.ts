/** Which agents a fleet has, where they listen, and their code. */
import { agents } from '../agents/index.ts';
import type { Agent } from '../mesh/index.ts';
import type { AgentEntry, Config } from './config.ts';
import { ConfigError } from './layers.ts';

/** The configured agents, or all there are. */
export function rosterOf(config: Pick<Config, 'agents'>): AgentEntry[] {
  return config.agents.length > 0 ? config.agents : Object.keys(agents).map((agent_id) => ({ agent_id }));
}

/** The same with an address each: the one that was given, or this machine's at the agent's port. */
export const addressesOf = (config: Config): (AgentEntry & { url: string })[] =>
  rosterOf(config).map((entry) => {
    const port = config.ports[entry.agent_id];
    if (entry.url !== undefined) return { ...entry, url: entry.url };
    if (port === undefined)
      throw new ConfigError(
        `agents: ${entry.agent_id} needs an address (${entry.agent_id}=ws://…) or an entry in ports`,
      );
    return { ...entry, url: `ws://127.0.0.1:${port}` };
  });

/** Loads one agent, and nobody else's trade. Throws a ConfigError that names those there are. */
export async function loadAgent(id: string): Promise<Agent> {
  const load = Object.hasOwn(agents, id) ? agents[id] : undefined;
  if (!load) throw new ConfigError(`there is no agent ${id}; there are ${Object.keys(agents).join(', ')}`);
  return load();
}
