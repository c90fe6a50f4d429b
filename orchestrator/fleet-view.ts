/** The fleet as people see it: who is there, how they are, what they offer. */
import type { AgentDetail, AgentHealth } from '../protocol/index.ts';
import type { OpenBreaker } from './breaker.ts';
import type { Instance } from './registry.ts';

/** What the view is made of: addresses that are kept, processes that are connected, breakers that are not closed. */
export interface FleetFacts {
  status: readonly { agent_id: string; url: string; state: string; why?: string | undefined }[];
  instances: readonly Instance[];
  breakers: readonly OpenBreaker[];
  drained: ReadonlySet<string>;
}

/** One entry an agent, in order of their ids, however many processes it has. */
export function toFleetAgents(facts: FleetFacts): AgentDetail[] {
  const ids = [...new Set([...facts.status, ...facts.instances].map(({ agent_id }) => agent_id))].sort();
  return ids.map((agent_id) => toAgent(agent_id, facts));
}

function toAgent(agent_id: string, { status, instances, breakers, drained }: FleetFacts): AgentDetail {
  const known = status.find((entry) => entry.agent_id === agent_id);
  const own = instances.filter((instance) => instance.agent_id === agent_id);
  const open = breakers.filter((breaker) => breaker.agent_id === agent_id);
  const card = own[0]?.card;
  return {
    agent_id,
    name: card?.name ?? agent_id,
    description: card?.description ?? '',
    health: healthOf({ state: known?.state ?? 'offline', own, open, is_drained: drained.has(agent_id) }),
    why: own.length > 0 ? (open[0]?.why ?? null) : (known?.why ?? null),
    url: known?.url ?? '',
    version: card?.version ?? null,
    tags: card?.tags ?? [],
    skills: [...(card?.skills.keys() ?? [])],
    in_flight: own.reduce((sum, { in_flight }) => sum + in_flight, 0),
    in_flight_max: own.reduce((sum, { in_flight_max }) => sum + in_flight_max, 0),
    instances: own.map(({ instance_id, since, in_flight, is_leaving }) => ({
      instance_id,
      since,
      in_flight,
      is_leaving,
    })),
    breakers: open.map(({ skill, state, why }) => ({ skill, state, why })),
    card: { skills: [...(card?.skills ?? [])].map(([skill_id, skill]) => ({ skill_id, ...skill })) },
  };
}

function healthOf(facts: {
  state: string;
  own: readonly Instance[];
  open: readonly OpenBreaker[];
  is_drained: boolean;
}): AgentHealth {
  const { state, own, open, is_drained } = facts;
  if (state === 'quarantined') return 'quarantined';
  if (own.length === 0) return 'offline';
  if (is_drained || own.every(({ is_leaving }) => is_leaving)) return 'draining';
  return open.length > 0 ? 'degraded' : 'online';
}
