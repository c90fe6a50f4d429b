/** The steps of those who work on an investigation: read where a task is over, followed where one goes on, and asked of nobody else. */
import { z } from 'zod';
import type { Client } from '../client/index.ts';
import { isFinal, TaskState, type ProgressEvent, type ToolCall } from '../protocol/index.ts';

/** The steps of one investigation. */
export interface Steps {
  /** Learns from what is new on the record who holds tasks, and takes what they did. Never throws: the rest is told without it too. */
  learn(news: readonly ProgressEvent[]): Promise<void>;
  close(): void;
}

/** Begins with nobody; each step is told once. */
export function createSteps(
  { agents, streams }: Pick<Client, 'agents' | 'streams'>,
  root_id: string,
  deps: { onStep: (event: ProgressEvent) => void; onReconnect: (why: { wait_ms: number }) => void },
): Steps {
  const followed = new Map<string, ReturnType<Client['streams']['toolCalls']>>();
  const live = new Set<string>();
  const told = new Set<string>();

  return {
    async learn(news) {
      const busy = new Map<string, boolean>();
      for (const { source, value } of news) {
        if (!source || source.agent_id === '') continue;
        const { state } = StateOf.parse(value);
        // Where one task ends and another begins, it goes on.
        if (state === 'working') busy.set(source.agent_id, true);
        else if (isFinal(state)) busy.set(source.agent_id, false);
      }
      const ended = [...busy].filter(([agent_id, goes_on]) => !goes_on && !live.has(agent_id));
      for (const [agent_id, goes_on] of busy) if (goes_on && !followed.has(agent_id)) void follow(agent_id);
      await Promise.all(ended.map(([agent_id]) => read(agent_id)));
    },
    close() {
      for (const stream of followed.values()) stream.close();
    },
  };

  /** From here on, and what was before; where it cannot be opened, its tasks are read at their end. */
  async function follow(agent_id: string): Promise<void> {
    const stream = streams.toolCalls({ agent_id }, { onReconnect: deps.onReconnect });
    followed.set(agent_id, stream);
    void hear(stream).catch(() => live.delete(agent_id));
    try {
      await stream.opened;
    } catch {
      return;
    }
    await read(agent_id);
    live.add(agent_id);
  }

  /** What an agent did is among its newest steps. What cannot be read is not told. */
  async function read(agent_id: string): Promise<void> {
    const asked = agents.toolCalls({ agent_id, limit: STEPS_READ }, { attempts_max: 1 });
    const { items } = await asked.catch(() => ({ items: [] }));
    for (const step of items.toReversed()) tell(step);
  }

  async function hear(stream: ReturnType<Client['streams']['toolCalls']>): Promise<void> {
    for await (const { lost, data } of stream) if (!lost) tell(data);
  }

  function tell(step: ToolCall): void {
    const { call_id, tool, outcome, duration_ms, at } = step;
    if (step.investigation_id !== root_id || told.has(call_id) || told.size >= STEPS_MAX) return;
    told.add(call_id);
    const seq = Number(call_id.split(':').at(-1));
    const value = { tool, outcome, duration_ms };
    deps.onStep({ token: root_id, seq, at, kind: 'tool_call', value, ...sourceOf(step, root_id) });
  }
}

/** The task below an investigation that something comes from; nothing where it is the investigation itself. */
export function sourceOf(
  { task_id, agent_id, skill }: { task_id: string; agent_id: string; skill: string },
  root_id: string,
): Pick<ProgressEvent, 'source'> {
  return task_id === root_id ? {} : { source: { task_id, agent_id, skill, attempt: 1 } };
}

const StateOf = z.object({ state: TaskState });
/** The newest steps of an agent that are looked through: one page. */
const STEPS_READ = 200;
/** Steps that are told of one investigation. */
const STEPS_MAX = 16_384;
