/** `aurora agents`, `task`, `history`, `cancel`: what the orchestrator knows, as a table or as JSON. */
import { z } from 'zod';
import type { Peer } from '../mesh/index.ts';
import { HistoryPage, isFinal, Task, TaskPage } from '../protocol/index.ts';
import { readPages } from './pages.ts';
import { plainTable, print } from './print.ts';
import { safe } from './text.ts';
import { standingOf, toTimelineText } from './timeline.ts';

/** Who is in the fleet. */
export async function showAgents(peer: Peer, json: boolean): Promise<void> {
  const answered = await peer.request('agent/list', {});
  if (json) {
    print(answered);
    return;
  }
  const table = plainTable(['agent', 'state', 'instances', 'in flight', 'skills', 'address']);
  for (const agent of Fleet.parse(answered).items) {
    const busy = agent.instances.reduce((sum, { in_flight }) => sum + in_flight, 0);
    const address = agent.why === undefined ? agent.url : `${agent.url} (${agent.why})`;
    table.push([
      agent.agent_id,
      agent.state,
      String(agent.instances.length),
      String(busy),
      agent.skills.join(' '),
      safe(address),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** One task, with everything on its record and on those below it. */
export async function showTask(peer: Peer, task_id: string, json: boolean): Promise<void> {
  const task = Task.parse(await peer.request('task/get', { task_id }));
  const asked = { method: 'task/history', params: { task_id, tree: true }, items_max: EVENTS_MAX, page_max: 500 };
  const { items: events, next_cursor } = await readPages(peer, asked, HistoryPage);
  if (json) print({ ...task, events });
  else process.stdout.write(toTimelineText(task, events));
  if (next_cursor !== null) process.stderr.write(`aurora: only the first ${EVENTS_MAX} events are shown\n`);
}

/** Which tasks. */
export interface HistoryFilter {
  state?: string;
  outcome?: string;
  since?: string;
  before?: string;
  limit: number;
}

/** The newest tasks. */
export async function showHistory(peer: Pick<Peer, 'request'>, filter: HistoryFilter, json: boolean): Promise<void> {
  const { limit, before, ...params } = filter;
  const first = { ...params, ...(before !== undefined && { cursor: before }) };
  const asked = { method: 'task/list', params: first, items_max: limit, page_max: 200 };
  const found = await readPages(peer, asked, TaskPage);
  if (json) {
    print(found);
    return;
  }
  const { items, next_cursor } = found;
  if (items.length === 0) {
    const is_filtered = before !== undefined || Object.keys(params).length > 0;
    process.stdout.write(is_filtered ? 'No such tasks\n' : 'No tasks yet. Try: aurora investigate <file>\n');
    return;
  }
  const table = plainTable(['task', 'state', 'agent', 'skill', 'attempts', 'made']);
  for (const task of items) {
    table.push([
      task.task_id,
      standingOf(task),
      safe(task.agent_id),
      safe(task.skill),
      String(task.attempts.length),
      task.created_at,
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  if (next_cursor !== null)
    process.stderr.write(`There are older ones: aurora history --before ${safe(next_cursor)}\n`);
}

/** Cancels, then shows what became of it; a task that was over before stays as it was, and that is said. */
export async function cancelTask(peer: Peer, task_id: string, json: boolean): Promise<void> {
  const { state } = Task.parse(await peer.request('task/get', { task_id }));
  if (isFinal(state)) process.stderr.write(`aurora: it had ended already (${state})\n`);
  await peer.request('task/cancel', { task_id, reason: 'aurora cancel' });
  await showTask(peer, task_id, json);
}

const Fleet = z.object({
  items: z.array(
    z.object({
      agent_id: z.string(),
      url: z.string(),
      state: z.string(),
      why: z.string().optional(),
      instances: z.array(z.object({ instance_id: z.string(), in_flight: z.number() })),
      skills: z.array(z.string()),
    }),
  ),
});

/** Events of one task and those below it that are fetched. */
const EVENTS_MAX = 20_000;
