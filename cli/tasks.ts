/** `aurora agents`, `task`, `history`, `cancel`: what the orchestrator knows, as a table or as JSON. */
import Table from 'cli-table3';
import pico from 'picocolors';
import { z } from 'zod';
import type { Peer } from '../mesh/index.ts';
import { isFinal, Task, TaskPage } from '../protocol/index.ts';
import { paintState, safe } from './text.ts';

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

/** One task with its attempts. */
export async function showTask(peer: Peer, task_id: string, json: boolean): Promise<void> {
  const answered = await peer.request('task/get', { task_id });
  if (json) {
    print(answered);
    return;
  }
  const task = Task.parse(answered);
  const lines = [
    `${pico.bold(task.task_id)}  ${paintState(task.state)}  ${safe(task.agent_id)} ${safe(task.skill)}  hop ${task.hop}`,
    ...(task.reason === undefined ? [] : [`  because: ${safe(task.reason)}`]),
    `  made ${task.created_at}, deadline ${task.deadline}, priority ${task.priority}, mode ${task.mode}`,
    ...task.attempts.map(
      ({ attempt, instance_id, started_at, ended_at, outcome }) =>
        `  attempt ${attempt}  ${safe(instance_id)}  ${started_at} to ${ended_at ?? 'now'}  ${outcome ?? 'running'}`,
    ),
    ...(task.error ? [`  ${pico.red(`AURORA-${task.error.code}`)} ${safe(task.error.message)}`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The newest tasks. */
export async function showHistory(peer: Peer, limit: number, json: boolean): Promise<void> {
  const answered = await peer.request('task/list', { limit });
  if (json) {
    print(answered);
    return;
  }
  const { items } = TaskPage.parse(answered);
  if (items.length === 0) {
    process.stdout.write('No tasks yet. Try: aurora investigate <file>\n');
    return;
  }
  const table = plainTable(['task', 'state', 'agent', 'skill', 'attempts', 'made']);
  for (const task of items) {
    table.push([
      task.task_id,
      task.state,
      safe(task.agent_id),
      safe(task.skill),
      String(task.attempts.length),
      task.created_at,
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Cancels, then shows what became of it; a task that was over before stays as it was, and that is said. */
export async function cancelTask(peer: Peer, task_id: string, json: boolean): Promise<void> {
  const { state } = Task.parse(await peer.request('task/get', { task_id }));
  if (isFinal(state)) process.stderr.write(`aurora: it was ${state} already\n`);
  await peer.request('task/cancel', { task_id, reason: 'aurora cancel' });
  await showTask(peer, task_id, json);
}

/** JSON for machines, on stdout alone. */
export const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

/** Columns without frames: it can be read, cut and grepped. */
function plainTable(head: string[]) {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
  };
  const chars = {
    ...none,
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  return new Table({ head, chars, style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 } });
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
