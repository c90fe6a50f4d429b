/** The fleet: who is there, what they offer, how they are, what they just did. */
import { z } from 'zod';
import { SkillTraits } from '../card.ts';
import { route, shows } from '../route.ts';
import { stream } from '../stream.ts';
import { pageOf, pageQuery } from './page.ts';

const AgentName = z.string().min(1).max(64);

/** How an agent is: `degraded` has an open breaker, `draining` gets nothing new. */
export const AgentHealth = z.enum(['online', 'degraded', 'draining', 'offline', 'quarantined']);
export type AgentHealth = z.infer<typeof AgentHealth>;

/** An agent of the fleet. */
export const FleetAgent = z.object({
  agent_id: AgentName,
  name: z.string(),
  description: z.string(),
  health: AgentHealth,
  why: z.string().nullable().describe('what is wrong with it'),
  url: z.string(),
  version: z.string().nullable(),
  tags: z.array(z.string()),
  skills: z.array(z.string()),
  in_flight: z.number().int().nonnegative(),
  in_flight_max: z.number().int().nonnegative(),
  instances: z.array(
    z.object({
      instance_id: z.string(),
      since: z.string(),
      in_flight: z.number().int().nonnegative(),
      is_leaving: z.boolean(),
    }),
  ),
  breakers: z.array(z.object({ skill: z.string(), state: z.string(), why: z.string().nullable() })),
});
export type FleetAgent = z.infer<typeof FleetAgent>;

/** One agent with its card: every skill with what it may do at most. */
export const AgentDetail = FleetAgent.extend({
  card: z.object({
    skills: z.array(SkillTraits.extend({ skill_id: z.string(), description: z.string(), tags: z.array(z.string()) })),
  }),
});
export type AgentDetail = z.infer<typeof AgentDetail>;

/** Something an agent can be asked to do, with the schema of its params. */
export const AgentTool = z.object({
  name: z.string(),
  description: z.string(),
  effect: SkillTraits.shape.effect,
  action_class: SkillTraits.shape.action_class,
  input_schema: z.record(z.string(), z.unknown()).nullable().describe('null when the agent does not say'),
});
export type AgentTool = z.infer<typeof AgentTool>;

/** One analysis step that an agent took. */
export const ToolCall = z.object({
  call_id: z.string(),
  agent_id: z.string(),
  investigation_id: z.string(),
  task_id: z.string(),
  skill: z.string(),
  tool: z.string(),
  input_digest: z.string().nullable(),
  outcome: z.string(),
  duration_ms: z.number().nonnegative().nullable(),
  at: z.string(),
});
export type ToolCall = z.infer<typeof ToolCall>;

/** A server of tools or of inference that was configured, and how it is. */
const Outside = z.object({ name: z.string(), state: z.enum(['ok', 'degraded', 'unavailable']), message: z.string() });

const shown = shows('agents:read', FleetAgent.pick({ agent_id: true, health: true }));

/** The routes of agents: the fleet, its tools, what it was asked. */
export const agentRoutes = {
  list: route({
    method: 'GET',
    path: '/api/v1/agents',
    permission: 'agents:read',
    summary: 'List the agents of the fleet, by their ids.',
    keeps: ['T02', 'T06'],
    input: z.strictObject(pageQuery),
    output: pageOf(FleetAgent),
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/agents/{agent_id}',
    permission: 'agents:read',
    summary: 'Read an agent: card, health, load, breakers.',
    keeps: ['T02', 'X09'],
    input: z.strictObject({ agent_id: AgentName }),
    output: AgentDetail,
    errors: [4043],
  }),
  drain: route({
    method: 'POST',
    path: '/api/v1/agents/{agent_id}/drain',
    permission: 'agents:write',
    summary: 'Give an agent nothing new, also after a restart; what it does now it ends.',
    keeps: ['T02'],
    input: z.strictObject({ agent_id: AgentName }),
    output: FleetAgent,
    shows: shown,
    errors: [4043],
  }),
  resume: route({
    method: 'POST',
    path: '/api/v1/agents/{agent_id}/resume',
    permission: 'agents:write',
    summary: 'Give a drained agent work again.',
    keeps: ['T02'],
    input: z.strictObject({ agent_id: AgentName }),
    output: FleetAgent,
    shows: shown,
    errors: [4043],
  }),
  tools: route({
    method: 'GET',
    path: '/api/v1/agents/{agent_id}/tools',
    permission: 'agents:read',
    summary: 'List what an agent can be asked to do.',
    keeps: ['E093'],
    input: z.strictObject({ agent_id: AgentName }),
    output: z.object({ items: z.array(AgentTool) }),
    errors: [4043],
  }),
  toolCalls: route({
    method: 'GET',
    path: '/api/v1/agents/{agent_id}/tool-calls',
    permission: 'agents:read',
    summary: 'List the newest analysis steps of an agent that are still remembered.',
    keeps: ['E094'],
    input: z.strictObject({ agent_id: AgentName, ...pageQuery }),
    output: pageOf(ToolCall),
    errors: [4043],
  }),
  mcpHealth: route({
    method: 'GET',
    path: '/api/v1/mcp/health',
    permission: 'agents:read',
    summary: 'Say how the configured MCP servers are; none are, when none is configured.',
    keeps: ['E095'],
    input: z.strictObject({}),
    output: z.object({ configured: z.boolean(), message: z.string(), servers: z.array(Outside) }),
  }),
  inference: route({
    method: 'GET',
    path: '/api/v1/inference/status',
    permission: 'agents:read',
    summary: 'Say whether a language model is configured, and how it is.',
    keeps: ['E096'],
    input: z.strictObject({}),
    output: z.object({ configured: z.boolean(), message: z.string(), endpoints: z.array(Outside) }),
  }),
};

/** The streams of agents: their thoughts, and what each is asked. */
export const agentStreams = {
  toolCalls: stream({
    path: '/api/v1/ws/agents/{agent_id}/tool-calls',
    permission: 'AUTH',
    shows: 'agents:read',
    summary: 'The analysis steps of one agent as it takes them.',
    keeps: ['E109'],
    topic: 'tool-calls/{agent_id}',
    event: ToolCall,
    kinds: ['tool_call'],
  }),
};
