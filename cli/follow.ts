/** Follows a task to its end, telling a view what happens. */
import { z } from 'zod';
import type { Peer } from '../mesh/index.ts';
import { AuroraError, isFinal, Task, TaskState, type ProgressEvent } from '../protocol/index.ts';
import { AdvisedError } from './outcome.ts';

/** An event of an investigation's stream, as a view sees it. */
export interface Seen {
  event: ProgressEvent;
  /** The step it comes from; absent for the investigation itself. */
  source: Source | undefined;
  /** The new state, when it is one. */
  status: Status | undefined;
}

/** Hears what happens. */
export type Watch = (seen: Seen) => void;

type Source = NonNullable<ProgressEvent['source']>;
const Status = z.looseObject({
  state: TaskState,
  attempt: z.number().optional(),
  agent_id: z.string().optional(),
  instance_id: z.string().optional(),
  why: z.string().optional(),
});
/** A status of a task, as events tell it. */
export type Status = z.infer<typeof Status>;

/** Who is asked, and listened to: a peer of the mesh, or the API in its place. */
export type Way = Pick<Peer, 'request' | 'subscribe'> & { closed: Promise<unknown>; link: { readonly open: boolean } };

/** Resolves with the final task. Ctrl-C cancels it: the task then ends as canceled. */
export async function follow(peer: Way, task_id: string, watch: Watch, signal?: AbortSignal): Promise<Task> {
  const cancel = () => void peer.request('task/cancel', { task_id, reason: 'interrupted' }).catch(() => undefined);
  if (signal?.aborted) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  let finish: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (finish = resolve));
  const onEvent = (event: ProgressEvent) => {
    const seen = toSeen(event);
    watch(seen);
    if (!seen.source && seen.status && isFinal(seen.status.state)) finish();
  };
  const subscription = await peer.subscribe('task/subscribe', { task_id, after_seq: 0 }, onEvent);
  try {
    await Promise.race([over, peer.closed]);
    if (!peer.link.open) throw lostOn(task_id);
    return Task.parse(await peer.request('task/get', { task_id }));
  } finally {
    subscription.stop();
    signal?.removeEventListener('abort', cancel);
  }
}

const lostOn = (task_id: string): AdvisedError =>
  new AdvisedError(
    new AuroraError(5030, { message: `The link to the orchestrator was lost; ${task_id} goes on` }),
    `See what became of it: aurora task ${task_id}`,
  );

function toSeen(event: ProgressEvent): Seen {
  const status = event.kind === 'status' ? Status.safeParse(event.value) : undefined;
  return { event, source: event.source, status: status?.data };
}
