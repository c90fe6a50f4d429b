/** The story of a task: plan, route, permit, hand off, settle (house.md 6). */
import { isLinkLost } from '../mesh/index.ts';
import {
  AuroraError,
  isFinal,
  type HandoffTo,
  type ProgressEvent,
  type SkillTraits,
  type TaskError,
  type TaskEventKind,
} from '../protocol/index.ts';
import { sleep, toIso, type Clock, type Ids, type Log, type Metrics, type Random } from '../seams/index.ts';
import { toHandoffMeta, type BlobGrants } from './handoff-meta.ts';
import type { Events } from './events.ts';
import type { Ledger, TaskEnd, TaskRow } from './ledger.ts';
import type { Policy } from './policy.ts';
import type { Place, Registry } from './registry.ts';
import { allows, ROUTING_LIMITS, stepTo, type ChildRouting } from './routing.ts';

/** What is asked for: the skill, its params, and the routing that was derived for it. */
export interface Order {
  to: HandoffTo;
  skill: string;
  params: Record<string, unknown>;
  reason: string | undefined;
  routing: ChildRouting;
  /** Scope and digest of the idempotency key, when one was given. */
  key: TaskRow['key'];
  /** What travels on with the task, unread. */
  carried?: TaskRow['carried'];
}

/** A skill that the orchestrator itself has: runs here, under the same states. */
export type LocalSkill = (task: TaskRow, signal: AbortSignal, tell: Tell) => Promise<unknown>;

/** Puts an event on a task's stream, and on its investigation's. */
export type Tell = (kind: TaskEventKind, value: unknown) => void;

/** A task under way. */
export interface Dispatched {
  task: TaskRow;
  /** The task when it is final; never rejects. */
  done: Promise<TaskRow>;
}

/** Dispatches, and stops what it dispatched. */
export interface Dispatcher {
  /** Accepts an order, then carries it out. Throws 4290, 5030, 5080 or 4090 before anything is kept or sent. */
  dispatch(order: Order): Promise<Dispatched>;
  /** Cancels a task and everything below it; resolves when all of it is final. */
  cancel(task_id: string, reason: string): Promise<void>;
  /** Tasks that are not final. */
  readonly open: number;
  /** Resolves when none is. */
  idle(): Promise<void>;
}

/** What dispatching needs. */
export interface DispatchDeps {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  ledger: Ledger;
  registry: Registry;
  events: Events;
  policy: Policy;
  /** Rights an agent was granted for handing work on. */
  grantOf(agent_id: string): readonly string[];
  /** The orchestrator's own skills, by id. */
  local: ReadonlyMap<string, LocalSkill>;
  blobs: BlobGrants;
}

/** Makes the dispatcher. */
export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { clock, log, metrics, ledger, registry, events } = deps;
  const open = new Map<string, Running>();
  const idle_waiters: (() => void)[] = [];

  return {
    dispatch,
    cancel,
    get open() {
      return open.size;
    },
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => void idle_waiters.push(resolve))),
  };

  async function dispatch(order: Order): Promise<Dispatched> {
    const known = await joined(order);
    if (known) return known;
    const accepted = await plan(order);
    if (!accepted) return dispatch(order);
    const { task, running } = accepted;
    void carry(task, order, running.controller.signal)
      .finally(() => finish(task, running))
      .then((final) => running.settle(final));
    return { task, done: running.done };
  }

  /** The orchestrator's own skill, when the order is for it: by name, not by way of another agent, and with the right to it. */
  function ownSkill({ to, skill, routing }: Order): LocalSkill | undefined {
    const is_for_us = 'agent_id' in to ? to.agent_id === 'orchestrator' : !('tags' in to);
    const own = is_for_us ? deps.local.get(skill) : undefined;
    if (own && !allows(routing.actor.scopes, { id: skill, effect: 'read' })) {
      throw new AuroraError(4030, { message: `${routing.from} may not use ${skill}`, detail: { skill } });
    }
    return own;
  }

  /** The whole road of one task; always ends with a final task. */
  async function carry(task: TaskRow, order: Order, signal: AbortSignal): Promise<TaskRow> {
    try {
      const own = ownSkill(order);
      if (own) return await settle(task, await runHere(task, own, signal));
      for (;;) {
        const place = await route(task, order, signal);
        const end = await attempt(task, order, place, signal).finally(() => place.release());
        if (!('again' in end)) return await settle(task, end);
        await pause(end.again, signal);
      }
    } catch (reason) {
      return settle(task, toEnd(reason, signal));
    }
  }

  /* ---- plan: an order becomes a task, or is refused before anything happened ---- */

  /** Undefined when another order with the same key was accepted in the meantime. */
  async function plan(order: Order): Promise<{ task: TaskRow; running: Running } | undefined> {
    const { routing } = order;
    if (routing.hop >= ROUTING_LIMITS.hop_max) throw new AuroraError(5080);
    if ('agent_id' in order.to && routing.path.includes(order.to.agent_id)) {
      throw new AuroraError(5080, { message: `Handoff refused: ${order.to.agent_id} is already on the path` });
    }
    const task_id = deps.ids.next('task');
    const now = clock.now();
    const task: TaskRow = {
      task_id,
      root_id: routing.root_id ?? task_id,
      parent_id: routing.parent_id,
      from: routing.from,
      agent_id: 'agent_id' in order.to ? order.to.agent_id : '',
      skill: order.skill,
      params: order.params,
      reason: order.reason,
      hop: routing.hop,
      path: routing.path,
      mode: routing.mode,
      priority: routing.priority,
      actor: routing.actor,
      due: routing.due,
      deadline: toIso(now + (routing.due - clock.monotonic())),
      traceparent: routing.traceparent,
      created_at: toIso(now),
      updated_at: toIso(now),
      effect: 'read',
      state: 'submitted',
      attempts: [],
      key: order.key,
      carried: order.carried,
    };
    const running = start(task); // before it is kept: whoever finds it by its key finds its end as well
    const accepted = await ledger.accept(task, ROUTING_LIMITS).catch((reason: unknown) => {
      finish(task, running);
      throw reason;
    });
    if (accepted !== 'accepted') finish(task, running);
    if (accepted === 'duplicate') return undefined;
    if (accepted !== 'accepted') throw refusalOf(accepted);
    metrics.count('tasks_accepted_total');
    tell(task, 'status', { state: 'submitted', skill: task.skill, from: task.from, reason: task.reason ?? null });
    return { task, running };
  }

  /** The same key with the same body joins the first task; with another body it is a conflict (wire.md 7). */
  async function joined({ key }: Order): Promise<Dispatched | undefined> {
    const task = key && (await ledger.byKey(key.scope));
    if (!task) return undefined;
    if (task.key?.digest !== key.digest) {
      throw new AuroraError(4090, { message: 'This idempotency key was used for something else' });
    }
    return { task, done: open.get(task.task_id)?.done ?? Promise.resolve(task) };
  }

  /* ---- route: a task finds a specialist with room ---- */

  function route(task: TaskRow, order: Order, signal: AbortSignal): Promise<Place> {
    return registry.acquire(
      { to: order.to, skill: order.skill, path: order.routing.path, priority: task.priority, avoid: triedBy(task) },
      signal,
    );
  }

  /* ---- permit: rights, then policy ---- */

  async function attempt(task: TaskRow, order: Order, place: Place, signal: AbortSignal): Promise<TaskEnd | Again> {
    permit(task, order, place.traits);
    return await handOff(task, order, place, signal);
  }

  function permit(task: TaskRow, order: Order, traits: SkillTraits): void {
    if (!allows(order.routing.actor.scopes, { id: task.skill, effect: traits.effect })) {
      throw new AuroraError(4030, { message: `${task.from} may not use ${task.skill}`, detail: { skill: task.skill } });
    }
    const decision = deps.policy.decide({ task, traits });
    if (decision.answer === 'deny') throw new AuroraError(4031, { message: `Denied by policy: ${decision.reason}` });
  }

  /* ---- hand off: a frame to the specialist, and its answer ---- */

  /** One attempt. `again` when it came to nothing through no fault of the task and may be repeated. */
  async function handOff(task: TaskRow, order: Order, place: Place, signal: AbortSignal): Promise<TaskEnd | Again> {
    const { agent_id, instance_id, peer } = place.instance;
    const { hop, path, actor } = stepTo(order.routing, agent_id, deps.grantOf(agent_id));
    const { effect } = place.traits;
    const attempt = await ledger.lease(task.task_id, { agent_id, instance_id, hop, path, actor, effect });
    if (!attempt) throw new AuroraError(4990);
    const started = clock.monotonic();
    tell(task, 'status', { state: 'working', attempt: attempt.attempt, agent_id, instance_id });

    const meta = toHandoffMeta(task, attempt, deps);
    const relay = createRelay(task);
    try {
      const timeout_ms = Math.max(1, task.due - clock.monotonic());
      const params = { ...task.params, _meta: meta };
      const result = await peer.request(task.skill, params, { signal, timeout_ms, onProgress: relay });
      log.info(
        logged(task, { agent_id, attempt: attempt.attempt, ms: Math.round(clock.monotonic() - started) }),
        'a handoff was answered',
      );
      metrics.observe('handoff_ms', Math.round(clock.monotonic() - started), { agent_id });
      // What is answered after a cancel is kept, but it is a part and no end of the work (wire.md 7).
      return signal.aborted ? { ...toEnd(signal.reason, signal), result } : { state: 'completed', result };
    } catch (reason) {
      const error = AuroraError.from(reason);
      const why = isLinkLost(error) ? 'link_lost' : String(error.code);
      await ledger.release(task.task_id, attempt.fence, why);
      log.warn(
        logged(task, { agent_id, attempt: attempt.attempt, code: error.code, why: error.message }),
        'a handoff failed',
      );
      metrics.count('handoffs_failed_total', { agent_id, why });
      if (!mayRepeat(task, error, attempt.attempt, signal)) {
        if (signal.aborted || isLinkLost(error)) throw error;
        // What an agent calls its failure is its word; states that the orchestrator decides are not its to give.
        return { state: 'failed', error: { code: error.code, message: error.message, detail: error.detail } };
      }
      tell(task, 'status', { state: 'submitted', attempt: attempt.attempt, agent_id, instance_id, why });
      return { again: error };
    }
  }

  /** Work that only reads is handed to another when its socket closed or its agent had no room (wire.md 5). */
  function mayRepeat(task: TaskRow, error: AuroraError, attempt: number, signal: AbortSignal): boolean {
    const is_transient = isLinkLost(error) || error.code === 4290 || error.code === 5030;
    const has_time = task.due - clock.monotonic() > 0;
    return (
      is_transient && task.effect === 'read' && attempt < ROUTING_LIMITS.attempts_max && has_time && !signal.aborted
    );
  }

  /** A lost socket is followed up at once; an agent without room is given a moment, spread so that not all return together. */
  function pause(error: AuroraError, signal: AbortSignal): Promise<void> {
    if (isLinkLost(error)) return Promise.resolve();
    return sleep(clock, (error.retry_after_ms ?? PAUSE_MS) * (0.5 + deps.random.next()), signal);
  }

  async function runHere(task: TaskRow, own: LocalSkill, signal: AbortSignal): Promise<TaskEnd> {
    const { hop, path, actor, effect } = task;
    const here = { agent_id: 'orchestrator', instance_id: 'orchestrator' };
    const attempt = await ledger.lease(task.task_id, { ...here, hop, path, actor, effect });
    if (!attempt) throw new AuroraError(4990);
    tell(task, 'status', { state: 'working', attempt: attempt.attempt, agent_id: 'orchestrator' });
    return { state: 'completed', result: await own(task, signal, (kind, value) => tell(task, kind, value)) };
  }

  /* ---- settle: the first end wins ---- */

  async function settle(task: TaskRow, end: TaskEnd): Promise<TaskRow> {
    const fence = task.attempts.at(-1)?.fence;
    const is_first = await ledger.settle(task.task_id, end, end.state === 'completed' ? fence : undefined);
    if (is_first) {
      metrics.count('tasks_settled_total', { state: end.state });
      const error = 'error' in end ? end.error : undefined;
      tell(task, 'status', { state: end.state, agent_id: task.agent_id, ...(error && { error }) });
      events.finish(task.task_id);
    }
    return (await ledger.get(task.task_id)) ?? task;
  }

  /* ---- cancel: down the whole tree ---- */

  async function cancel(task_id: string, reason: string): Promise<void> {
    const task = await ledger.get(task_id);
    if (!task) throw new AuroraError(4040, { message: 'No such task', detail: { task_id } });
    const running = open.get(task_id);
    if (!running) return;
    stop(running, new AuroraError(4990, { message: `Cancelled: ${reason}` }));
    await allBelow(running);
  }

  function stop({ controller, children }: Running, error: AuroraError): void {
    controller.abort(error);
    for (const child of children) stop(child, error);
  }

  async function allBelow({ done, children }: Running): Promise<void> {
    await Promise.all([done, ...[...children].map(allBelow)]);
  }

  function start(task: TaskRow): Running {
    const controller = new AbortController();
    const late = () => stop(running, new AuroraError(5040, { message: 'The task ran out of time' }));
    let tellDone: (task: TaskRow) => void = () => undefined;
    const done = new Promise<TaskRow>((resolve) => (tellDone = resolve));
    const stopTimer = clock.after(task.due - clock.monotonic(), late);
    const running: Running = { controller, stopTimer, children: new Set(), done, settle: tellDone };
    open.set(task.task_id, running);
    metrics.gauge('tasks_open', open.size);
    if (task.parent_id === undefined) return running;
    const parent = open.get(task.parent_id);
    parent?.children.add(running);
    // Asked for while its parent was ending: nobody else would stop it.
    if (!parent || parent.controller.signal.aborted) stop(running, parentOver());
    return running;
  }

  function finish(task: TaskRow, running: Running): void {
    running.stopTimer();
    open.delete(task.task_id);
    metrics.gauge('tasks_open', open.size);
    open.get(task.parent_id ?? '')?.children.delete(running);
    // Whatever a finished parent left running below it has nobody to answer to.
    for (const child of running.children) stop(child, parentOver());
    if (open.size === 0) for (const resolve of idle_waiters.splice(0)) resolve();
  }

  /* ---- telling ---- */

  function tell(task: TaskRow, kind: TaskEventKind, value: unknown): void {
    events.append(task.task_id, kind, value);
    if (task.root_id === task.task_id) return;
    const attempt = task.attempts.length;
    const source = { task_id: task.task_id, agent_id: task.agent_id, skill: task.skill, attempt };
    events.append(task.root_id, kind, value, source);
  }

  /**
   * The events of one attempt. The agent's own numbering ends here: what is missing in it becomes a `gap`, what comes twice or
   * too late is dropped, and too large a thought is cut rather than carried (ATK-E10).
   */
  function createRelay(task: TaskRow): (event: ProgressEvent) => void {
    let expected = 1;
    return ({ seq, kind, value }) => {
      if (isFinal(task.state) || seq < expected) return;
      lose(task, Math.min(seq - expected, LOST_MAX));
      expected = seq + 1;
      const size = JSON.stringify(value ?? null).length;
      const max = kind === 'artifact' ? ARTIFACT_CHARS_MAX : EVENT_CHARS_MAX;
      const told = size <= max ? value : { cut: true, chars: size };
      // States and gaps are the orchestrator's to tell: an agent's status is how far it has come, and a gap of its own is a hole.
      if (kind === 'gap') lose(task, 1);
      else tell(task, kind, kind === 'status' ? { text: textIn(told) } : told);
    };
  }

  function lose(task: TaskRow, count: number): void {
    if (count === 0) return;
    events.skip(task.task_id, count);
    if (task.root_id !== task.task_id) events.skip(task.root_id, count);
  }
}

interface Running {
  controller: AbortController;
  stopTimer: () => void;
  children: Set<Running>;
  done: Promise<TaskRow>;
  settle(task: TaskRow): void;
}

/** An attempt that came to nothing and may be made again. */
interface Again {
  again: AuroraError;
}

function refusalOf(why: 'full' | 'fan_out' | 'family'): AuroraError {
  if (why === 'full') return new AuroraError(5030, { message: 'Too many open tasks', retry_after_ms: RETRY_AFTER_MS });
  const bound =
    why === 'fan_out'
      ? `a task may hand off ${ROUTING_LIMITS.fan_out_max} times`
      : `an investigation may have ${ROUTING_LIMITS.root_tasks_max} tasks`;
  return new AuroraError(5080, { message: `Handoff refused: ${bound}` });
}

function toEnd(reason: unknown, signal: AbortSignal): TaskEnd {
  const why: unknown = signal.aborted ? signal.reason : reason;
  const error = AuroraError.from(why);
  const shown: TaskError = { code: error.code, message: error.message, detail: error.detail };
  if (error.code === 4990) return { state: 'canceled', error: shown };
  return { state: REFUSALS.has(error.code) ? 'rejected' : 'failed', error: shown };
}

/** The sentence of an agent's status, whatever else it wrote there. */
const textIn = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string' ? value.text : '';

const logged = ({ task_id, root_id, skill }: TaskRow, more: object): object => ({ task_id, root_id, skill, ...more });

/** Instances that had their try: another one is better, if there is another. */
const triedBy = (task: TaskRow): string[] => task.attempts.map(({ instance_id }) => instance_id);

const parentOver = (): AuroraError => new AuroraError(4990, { message: 'The parent is over' });
const REFUSALS = new Set<number>([4030, 4031]);
const RETRY_AFTER_MS = 1_000;
const PAUSE_MS = 200;
const EVENT_CHARS_MAX = 16_384;
const ARTIFACT_CHARS_MAX = 1_048_576;
/** Events that one hole in an agent's numbering may stand for; a lying number must not use up ours. */
const LOST_MAX = 10_000;
