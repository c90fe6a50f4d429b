/** Following a task over the mesh: `task/subscribe`, and the acknowledgements that keep its events coming (wire.md 6). */
import type { Call, MethodHandler, NotificationHandler, Peer } from '../mesh/index.ts';
import { Ack, AuroraError, invalidParams, isFinal, TaskSubscription, type RpcParams } from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import { AskerMeta, type Callers } from './callers.ts';
import type { Events } from './events.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { metaOf, parse, withoutMeta } from './params.ts';
import { toStreamEvents } from './retold.ts';
import { createSubscriber, type Subscriber } from './subscription.ts';
import { toTask } from './task-view.ts';

/** What following needs. */
export interface FollowDeps {
  clock: Clock;
  ledger: Ledger;
  events: Events;
  taskFor: Callers['taskFor'];
  /** Whether what a peer's key allowed still counts; the link of one whose pin was taken away ends. */
  stands: Callers['stands'];
}

/** The method, and what is heard without an answer. */
export interface FollowMethods {
  readonly subscribe: MethodHandler;
  readonly onAck: NotificationHandler;
}

/** Makes the methods by which a caller follows a task. */
export function createFollowMethods(deps: FollowDeps): FollowMethods {
  const { taskFor, stands } = deps;
  const subscribers = new Map<Peer, Map<Ack['token'], Following>>();
  return { subscribe, onAck };

  async function subscribe(params: RpcParams | undefined, call: Call): Promise<unknown> {
    const asked = parse(TaskSubscription, withoutMeta(params));
    const { progress_token: token } = parse(AskerMeta, metaOf(params));
    if (token === undefined) throw invalidParams([{ path: '/_meta/progress_token', message: 'is missing' }]);
    const task = await taskFor(call, asked.task_id);
    await bringBack(task);
    const own = subscribers.get(call.peer) ?? new Map<Ack['token'], Following>();
    if (!subscribers.has(call.peer)) {
      subscribers.set(call.peer, own);
      void call.peer.closed.then(() => {
        for (const { subscriber } of own.values()) subscriber.stop();
        subscribers.delete(call.peer);
      });
    }
    const isFull = () => own.size >= SUBSCRIPTIONS_MAX && !own.has(token);
    if (isFull()) await forgetFinished(own);
    if (isFull())
      throw new AuroraError(4290, { message: 'Too many subscriptions on this link', retry_after_ms: RETRY_AFTER_MS });
    own.get(token)?.subscriber.stop();
    const subscriber = createSubscriber({
      peer: call.peer,
      events: deps.events,
      token,
      asked,
      stands: () => stands(call.peer),
    });
    own.set(token, { task_id: asked.task_id, subscriber });
    // The answer leaves in this turn; the events follow it.
    deps.clock.after(0, () => subscriber.begin());
    return { task: toTask(task), last_seq: deps.events.lastSeq(asked.task_id) };
  }

  /** The stream of a task that ended in an earlier process, or long ago: what its record still tells. */
  async function bringBack({ task_id, state }: TaskRow): Promise<void> {
    if (deps.events.has(task_id)) return;
    const record = await deps.ledger.history(task_id);
    if (deps.events.has(task_id)) return;
    deps.events.restore(task_id, toStreamEvents(record));
    if (isFinal(state)) deps.events.finish(task_id);
  }

  function onAck(params: RpcParams | undefined, peer: Peer): void {
    const ack = Ack.safeParse(params);
    if (ack.success) subscribers.get(peer)?.get(ack.data.token)?.subscriber.acknowledge(ack.data.seq);
  }

  /** Streams of tasks that are over make room for new ones. */
  async function forgetFinished(own: Map<Ack['token'], Following>): Promise<void> {
    for (const [token, { task_id, subscriber }] of own) {
      const task = await deps.ledger.get(task_id);
      if (task && !isFinal(task.state)) continue;
      subscriber.stop();
      own.delete(token);
    }
  }
}

/** A subscriber, and which task it follows. */
interface Following {
  task_id: string;
  subscriber: Subscriber;
}

const SUBSCRIPTIONS_MAX = 64;
/** When to ask again, ms: those of now may be over. */
const RETRY_AFTER_MS = 1_000;
