/** `aurora redrive` and `resolve`: what a person does about a task that failed. */
import type { Peer } from '../mesh/index.ts';
import { Redriven, Task, type Redrive } from '../protocol/index.ts';
import { UsageError } from './outcome.ts';
import { print } from './print.ts';

/** Asks for a new task, and says which it is. */
export async function redrive(peer: Peer, asked: Redrive, json: boolean): Promise<void> {
  const old = Task.parse(await peer.request('task/get', { task_id: asked.task_id }));
  if (old.outcome === 'unknown_effect' && !old.resolved) {
    process.stderr.write('aurora: whether it took effect is unknown: look first, then aurora resolve\n');
  }
  const answered = await peer.request('task/redrive', asked);
  if (json) {
    print(answered);
    return;
  }
  const { task_id } = Redriven.parse(answered);
  process.stdout.write(`${task_id} does it once more; see: aurora task ${task_id}\n`);
}

/** Puts what was found on the record. */
export async function resolve(
  peer: Peer,
  asked: { task_id: string; applied?: boolean | undefined; not_applied?: boolean | undefined; note: string },
  json: boolean,
): Promise<void> {
  const { task_id, applied = false, not_applied = false, note } = asked;
  if (applied === not_applied) throw new UsageError('Say one of --applied and --not-applied');
  const answered = await peer.request('task/resolve', { task_id, applied, note });
  if (json) {
    print(answered);
    return;
  }
  const next = applied ? 'nothing more is to be done' : `to have it done: aurora redrive ${task_id}`;
  process.stdout.write(`${task_id} ${applied ? 'took effect' : 'took no effect'}, on record; ${next}\n`);
}
