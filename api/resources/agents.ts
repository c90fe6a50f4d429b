/** The fleet: the wiring. What is not configured is said to be so. */
import { z } from 'zod';
import {
  agentRoutes,
  AuroraError,
  HandoffTool,
  ToolCall,
  type AgentDetail,
  type AgentTool,
  type BoundRoute,
  type RouteContext,
} from '../../protocol/index.ts';
import type { Bus } from '../../seams/index.ts';
import { cursorOf, Position, readCursor, type Agents } from '../../soc/index.ts';
import type { Desk } from '../desk.ts';
import { doerIn } from '../doer.ts';
import { toolCallTopic } from '../feed.ts';

/** What the routes of agents work on. */
export interface AgentDeps {
  desk: Desk;
  bus: Bus;
  agents: Pick<Agents, 'setDrained'>;
  orchestrator: { agents(): AgentDetail[]; setDrained(agent_id: string, is_drained: boolean): void };
}

/** The routes with their acts. */
export function bindAgents({ desk, bus, agents, orchestrator }: AgentDeps): BoundRoute[] {
  return [
    agentRoutes.list.implement(({ limit, cursor }) => {
      const [last = ''] = readCursor(LIST, cursor, z.tuple([z.string()])) ?? [];
      const behind = orchestrator.agents().filter(({ agent_id }) => agent_id > last);
      const items = behind.slice(0, limit);
      const end = items.at(-1);
      return { items, next_cursor: behind.length > limit && end ? cursorOf(LIST, [end.agent_id]) : null };
    }),
    agentRoutes.get.implement(({ agent_id }) => agentOf(agent_id)),
    agentRoutes.drain.implement(({ agent_id }, context) => setDrained(agent_id, true, context)),
    agentRoutes.resume.implement(({ agent_id }, context) => setDrained(agent_id, false, context)),
    agentRoutes.tools.implement(async ({ agent_id }, context) => ({
      items: await toolsOf(agentOf(agent_id), context),
    })),
    agentRoutes.toolCalls.implement(({ agent_id, limit, cursor }) => {
      agentOf(agent_id);
      const question = ['tool-calls', agent_id];
      const [before] = readCursor(question, cursor, z.tuple([Position])) ?? [];
      const events = bus.recent(toolCallTopic(agent_id), limit + 1, before);
      const page = events.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(({ text }) => Told.parse(JSON.parse(text)).data),
        next_cursor: events.length > limit && last ? cursorOf(question, [last.seq]) : null,
      };
    }),
    agentRoutes.mcpHealth.implement(() => ({
      configured: false,
      message: 'No MCP server is configured: the specialists use their own tools',
      servers: [],
    })),
    agentRoutes.inference.implement(() => ({
      configured: false,
      message: 'No language model is configured: plans and verdicts come from rules',
      endpoints: [],
    })),
  ];

  function agentOf(agent_id: string): AgentDetail {
    const agent = orchestrator.agents().find((one) => one.agent_id === agent_id);
    if (!agent) throw new AuroraError(4043, { detail: { agent_id } });
    return agent;
  }

  async function setDrained(agent_id: string, is_drained: boolean, context: RouteContext): Promise<AgentDetail> {
    agentOf(agent_id);
    await agents.setDrained(doerIn(context), agent_id, is_drained);
    orchestrator.setDrained(agent_id, is_drained);
    return agentOf(agent_id);
  }

  /** The skills of its card, with the schemas that it gives its params itself. */
  async function toolsOf({ agent_id, card }: AgentDetail, context: RouteContext): Promise<AgentTool[]> {
    const { items } = Tools.parse(await desk.ask(context, 'agent/tools', {}));
    const own = items.find(({ name }) => name === `handoff_${agent_id.replaceAll('-', '_')}`);
    const ways = Ways.safeParse(own?.input_schema).data?.oneOf ?? [];
    const schemas = new Map(
      ways.flatMap(({ properties: { skill, params } }) => (skill ? [[skill.const, params]] : [])),
    );
    return card.skills.map(({ skill_id, description, effect, action_class }) => ({
      name: skill_id,
      description,
      effect,
      action_class,
      input_schema: schemas.get(skill_id) ?? null,
    }));
  }
}

const LIST = ['agents'];
const Told = z.object({ data: ToolCall });
const Tools = z.object({ items: z.array(HandoffTool) });
const Ways = z.object({
  oneOf: z.array(
    z.object({
      properties: z.object({
        skill: z.object({ const: z.string() }).optional(),
        params: z.record(z.string(), z.unknown()).optional(),
      }),
    }),
  ),
});
