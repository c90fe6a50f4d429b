/** Somebody who asks: a proven operator that writes down what it asked and what it heard, and never takes a broken socket for a no. */
import { connectOrchestrator } from '../../boot/index.ts';
import { isLinkLost, LINK_LIMITS, type Peer } from '../../mesh/index.ts';
import { AuroraError, isFinal, Task } from '../../protocol/index.ts';
import { z } from 'zod';
import { digestOf } from './checker.ts';
import { stamp, type historyFile } from './history.ts';
import { pause, until } from './waiting.ts';

/** What a double is asked for; `params` as double.mjs takes them. */
export interface Wish {
  params: { call: string } & Record<string, unknown>;
  skill?: 'double_read' | 'double_set' | 'double_fire' | 'contain_endpoint';
  agent_id?: string;
  options?: {
    idempotency_key?: string;
    deadline_ms?: number;
    priority?: number;
    mode?: 'dry_run' | 'monitor' | 'active';
  };
}

/** What became of one sending. */
export type Answer =
  { kind: 'ok'; task_id: string } | { kind: 'fail'; error: AuroraError } | { kind: 'info'; error: AuroraError };

/** A caller; it dials again by itself. */
export interface Caller {
  /** Sends once. */
  ask(wish: Wish): Promise<Answer>;
  /** Sends until it is accepted: the same key each time, a pause as the refusal says. Rejects after `ms_max`. */
  insist(wish: Wish, ms_max?: number): Promise<string>;
  /** Cancels; resolves with the task once that is acknowledged. */
  cancel(task_id: string): Promise<Task>;
  get(task_id: string): Promise<Task>;
  /** Waits for the end. */
  ended(task_id: string, ms_max?: number): Promise<Task>;
  /** Waits until the agents are online. */
  online(agent_ids: readonly string[], ms_max?: number): Promise<void>;
  request(method: string, params: Record<string, unknown>): Promise<unknown>;
  /** What was accepted, in order. */
  readonly accepted: readonly string[];
  peer(): Promise<Peer>;
  close(): void;
}

/** Makes one for the orchestrator of a data folder. */
export function createCaller(options: {
  url: string;
  data: string;
  name: string;
  history: ReturnType<typeof historyFile>;
  /** How long one call may take, ms. */
  call_ms_max?: number;
}): Caller {
  const { url, data, name, history, call_ms_max = CALL_MS_MAX } = options;
  const accepted: string[] = [];
  let dialled: Promise<Peer> | undefined;
  let turn = Promise.resolve();
  let count = 0;

  async function peer(): Promise<Peer> {
    const before = dialled;
    const known = await before?.catch(() => undefined);
    if (known?.link.open) return known;
    // Of all who waited for the same link the first dials: the others would have dialled once each.
    if (dialled && dialled !== before) return dialled;
    dialled = connectOrchestrator({ url, data, signal: AbortSignal.timeout(call_ms_max) });
    return dialled;
  }

  /** One question a turn of the event loop: whoever asks hundreds of large ones at once still hears, and answers a hello in time. */
  const inTurn = (): Promise<void> => (turn = turn.then(() => new Promise((resolve) => void setImmediate(resolve))));

  async function request(method: string, params: Record<string, unknown>): Promise<unknown> {
    return (await peer()).request(method, params, { timeout_ms: call_ms_max });
  }

  async function ask({ params, skill = 'double_read', agent_id, options: given = {} }: Wish): Promise<Answer> {
    const to = agent_id === undefined ? { skill } : { agent_id };
    const about = {
      who: 'client' as const,
      op: 'handoff' as const,
      id: `${name}.${++count}`,
      call: params.call,
      digest: digestOf(params),
      ...(given.idempotency_key !== undefined && { key: given.idempotency_key }),
    };
    let asked: Peer;
    try {
      asked = await peer();
    } catch (reason) {
      return { kind: 'info', error: AuroraError.from(reason) }; // nothing was sent
    }
    await inTurn();
    while (asked.link.unsent_bytes > UNSENT_BYTES_MAX) await roomOf(asked); // looked at anew each time: others waited as well
    history.write({ ...about, kind: 'invoke', ...stamp() });
    try {
      const order = { to, method: skill, params, wait: 'accepted', options: given };
      const { task_id } = Accepted.parse(await asked.request('handoff', order, { timeout_ms: call_ms_max }));
      history.write({ ...about, kind: 'ok', task_id, ...stamp() });
      accepted.push(task_id);
      return { kind: 'ok', task_id };
    } catch (reason) {
      const error = AuroraError.from(reason);
      const kind = isLinkLost(error) || error.code === 5040 ? 'info' : 'fail';
      const { code, retry_after_ms } = error;
      history.write({ ...about, kind, code, ...(retry_after_ms !== undefined && { retry_after_ms }), ...stamp() });
      return { kind, error };
    }
  }

  async function insist(wish: Wish, ms_max = 30_000): Promise<string> {
    const end = performance.now() + ms_max;
    const keyed = { ...wish, options: { idempotency_key: `key of ${wish.params.call}`, ...wish.options } };
    for (;;) {
      const answer = await ask(keyed);
      if (answer.kind === 'ok') return answer.task_id;
      const { code, message, retry_after_ms = RETRY_MS } = answer.error;
      const may_repeat = answer.kind === 'info' || code === 4290 || code === 5030;
      if (!may_repeat || performance.now() > end) throw new Error(`${wish.params.call}: ${code} ${message}`);
      await pause(Math.min(retry_after_ms, RETRY_MS));
    }
  }

  const get = async (task_id: string) => Task.parse(await request('task/get', { task_id }));

  async function cancel(task_id: string): Promise<Task> {
    const about = { who: 'client' as const, op: 'cancel' as const, id: `${name}.${++count}`, task_id };
    history.write({ ...about, kind: 'invoke', ...stamp() });
    const task = Task.parse(await request('task/cancel', { task_id }));
    history.write({ ...about, kind: 'ok', ...stamp() });
    return task;
  }

  return {
    ask,
    insist,
    cancel,
    get,
    async ended(task_id, ms_max = 30_000) {
      const look = () => get(task_id).then((task) => isFinal(task.state) && task, isAway);
      const task = await until(`${task_id} ends`, look, ms_max);
      const about = { who: 'client' as const, op: 'end' as const, id: `${name}.${++count}` };
      history.write({ ...about, kind: 'ok', task_id, state: task.state, ...stamp() });
      return task;
    },
    async online(agent_ids, ms_max = 30_000) {
      const look = async () => {
        const { items } = Listed.parse(await request('agent/list', {}));
        return agent_ids.every((id) => items.some(({ agent_id, state }) => agent_id === id && state === 'online'));
      };
      await until(`${agent_ids.join()} are online`, () => look().catch(isAway), ms_max);
    },
    request,
    accepted,
    peer,
    close() {
      void dialled?.then(
        (known) => known.close(1000, 'done'),
        () => undefined,
      );
    },
  };
}

/** Resolves once half of what waits on a link was read, or it is gone: over its bound it would be closed from here. */
async function roomOf(peer: Peer): Promise<void> {
  let stop: () => void = () => undefined;
  const drained = new Promise<void>((resolve) => (stop = peer.onDrain(resolve)));
  await Promise.race([drained, peer.closed]);
  stop();
}

/** Nobody there just now: look again. What is no question of reaching it is thrown. */
function isAway(reason: unknown): false {
  const error = AuroraError.from(reason);
  if (isLinkLost(error) || error.code === 5030 || error.code === 5040) return false;
  throw error;
}

const Accepted = z.object({ task_id: z.string() });
const Listed = z.object({ items: z.array(z.object({ agent_id: z.string(), state: z.string() })) });
const CALL_MS_MAX = 5_000;
/** A frame's head more than half of what a link leaves unsent: over half it says when there is less. */
const UNSENT_BYTES_MAX = LINK_LIMITS.unsent_bytes_max / 2 + 64;
const RETRY_MS = 250;
