/** `handoff`: a request that is routed to whoever can do it, and answered with what became of it (wire.md 5). */
import { digestOf, type Call, type MethodHandler, type Principal } from '../mesh/index.ts';
import {
  AuroraError,
  HandoffRequest,
  INLINE_BYTES_MAX,
  invalidParams,
  isFinal,
  type Mode,
  type RpcParams,
} from '../protocol/index.ts';
import type { Clock, Random } from '../seams/index.ts';
import { toTicket } from './approval-methods.ts';
import type { Approvals } from './approvals.ts';
import type { BlobStore } from './blobs.ts';
import { AskerMeta, type Callers } from './callers.ts';
import { readCarried } from './carried.ts';
import type { Dispatched, Dispatcher } from './dispatch.ts';
import { endedBadly } from './ending.ts';
import { isOver } from './events.ts';
import { refsIn } from './handoff-meta.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Order } from './order.ts';
import { metaOf, parse, withoutMeta } from './params.ts';
import type { Registry } from './registry.ts';
import { childRouting, isTraceparent, newTraceparent, rootRouting, type ChildRouting } from './routing.ts';
import { toAgentTextOrder, toTextOrder } from './text-order.ts';

/** What handing off needs. */
export interface HandoffDeps {
  clock: Clock;
  random: Random;
  ledger: Ledger;
  dispatcher: Dispatcher;
  registry: Registry;
  blobs: BlobStore;
  approvals: Approvals;
  callers: Callers;
  /** Throws 5030 while draining: nothing new is accepted. */
  assertAccepting(): void;
  /** The mode that people's work starts in (requirements.md 7: monitor); asked each time, for it can be set. */
  mode: () => Mode;
}

/** Makes the method `handoff`: reads what is asked, hands it to the dispatcher, answers with its end. */
export function createHandoff(deps: HandoffDeps): MethodHandler {
  const { callers } = deps;
  return handoff;

  async function handoff(params: RpcParams | undefined, call: Call): Promise<unknown> {
    deps.assertAccepting();
    const principal = await callers.proven(call);
    const asked = parse(HandoffRequest, withoutMeta(params));
    if (isOver(asked.params, INLINE_BYTES_MAX)) throw tooLargeInline();
    return accept(asked, metaOf(params), { principal, call }); // not awaited: what its schema dropped need not live until the end
  }

  async function accept(
    asked: HandoffRequest,
    meta: unknown,
    { principal, call }: { principal: Principal; call: Call },
  ): Promise<unknown> {
    const { routing, parent } =
      principal.role === 'operator'
        ? { routing: beginRouting(principal, asked.options, meta), parent: undefined }
        : await handOn(asked.options, meta, call);
    const { idempotency_key } = asked.options;
    const carried = readCarried(meta, { parent, idempotency_key });
    const { operation } = parse(AskerMeta, meta).handoff ?? {};
    const order = await toOrder(asked, { routing, principal, carried, operation });
    const refs = refsIn(order.params);
    const readable = parent && refsIn(parent.params);
    if (readable && !refs.every((sha256) => readable.includes(sha256))) {
      throw new AuroraError(4030, { message: 'An agent may only pass on bytes that it was given itself' });
    }
    const dispatched = await deps.dispatcher.dispatch(order);
    // Only now: what is refused keeps nothing.
    deps.blobs.hold(refs, deps.clock.now() + (routing.due - deps.clock.monotonic()));
    return answer(dispatched, asked, call); // nor this
  }

  async function answer(
    { task, done }: Dispatched,
    { wait, options: { on_approval } }: HandoffRequest,
    call: Call,
  ): Promise<unknown> {
    if (wait === 'accepted') return { task_id: task.task_id, state: task.state };
    const until = on_approval === 'return' ? untilAsked(task, done) : done;
    const ended = await untilDone({ task, done: until }, call);
    await callers.proven(call); // that took its time: who is no longer pinned is told nothing of it
    return answerOf(ended);
  }

  /** A person starts a root. */
  function beginRouting(principal: Principal, options: HandoffRequest['options'], meta: unknown): ChildRouting {
    const given = parse(AskerMeta, meta).traceparent;
    const traceparent = given && isTraceparent(given) ? given : newTraceparent(deps.random.bytes(24));
    const actor = { sub: principal.id, scopes: [...(principal.scopes ?? ['*'])], tenant: 'default' };
    return rootRouting({ actor, mode: deps.mode(), options, now: deps.clock.monotonic(), traceparent });
  }

  /** When an agent asks, rights, hop, path, deadline and mode come from the parent's own row. */
  async function handOn(
    options: HandoffRequest['options'],
    meta: unknown,
    call: Call,
  ): Promise<{ routing: ChildRouting; parent: TaskRow }> {
    const now = deps.clock.monotonic();
    const { task: parent, is_holder } = await callers.held(meta, call);
    if (!parent || !is_holder || isFinal(parent.state)) {
      throw new AuroraError(4030, { message: 'An agent may only hand off for a task that it holds' });
    }
    return { routing: childRouting(parent, options, now), parent };
  }

  async function toOrder(
    asked: HandoffRequest,
    {
      routing: given,
      principal,
      carried,
      operation = HANDOFF,
    }: { routing: ChildRouting; principal: Principal; carried: Order['carried']; operation: string | undefined },
  ): Promise<Order> {
    const wanted = toWanted(asked);
    const { to, skill, params } = wanted;
    const is_urgent = given.mode === 'active' && asked.options.priority === undefined && given.parent_id === undefined;
    const routing = is_urgent && deps.registry.acts({ to, skill, path: given.path }) ? toUrgent(given) : given;
    const { idempotency_key, reason, mode = null } = asked.options;
    if (idempotency_key === undefined) return { to, skill, params, routing, reason, carried, key: undefined };
    const digest = digestOf({ ...wanted, mode });
    const scopeOf = (of: string) => JSON.stringify([routing.actor.tenant, principal.id, of, idempotency_key]);
    // Earlier releases knew one operation: work that was asked for then is found under it.
    const earlier = operation === HANDOFF ? undefined : await deps.ledger.byKey(scopeOf(HANDOFF));
    const key = { scope: scopeOf(earlier?.key?.digest === digest ? HANDOFF : operation), digest };
    return { to, skill, params, routing, reason, carried, key };
  }

  function toWanted({ to, params = {}, task, method }: HandoffRequest): Pick<Order, 'to' | 'skill' | 'params'> {
    const skill = method ?? to?.skill;
    if (task !== undefined && (skill !== undefined || Object.keys(params).length > 0)) {
      throw invalidParams([{ path: '/task', message: 'give params to a skill that is named, or text and neither' }]);
    }
    if (!to) {
      if (task === undefined) throw invalidParams([{ path: '/to', message: 'name whom, or give /task as text' }]);
      return toTextOrder(task, skillIds());
    }
    if (task !== undefined && 'agent_id' in to) {
      const interests = deps.registry.interests().filter(({ agent_id }) => agent_id === to.agent_id);
      return toAgentTextOrder(task, { agent_id: to.agent_id, skills: skillIds(to.agent_id), interests });
    }
    if (skill === undefined) throw invalidParams([{ path: '/method', message: 'name the skill' }]);
    return { to, skill, params };
  }

  /** Ends with 4032 as soon as people are asked: for a caller that cannot wait (wire.md 8). */
  async function untilAsked(task: TaskRow, done: Promise<TaskRow>): Promise<TaskRow> {
    const over = new AbortController();
    const asked = deps.approvals.asked(task, over.signal).then((approval) => {
      throw new AuroraError(4032, { detail: toTicket(approval) });
    });
    return Promise.race([done, asked]).finally(() => over.abort(new AuroraError(4990)));
  }

  /** A caller that stops waiting with `$/cancel` cancels the task; one whose link is lost does not (wire.md 6). */
  async function untilDone({ task, done }: Dispatched, call: Call): Promise<TaskRow> {
    const ignoreCaller = call.stop.onAbort(() => {
      if (call.peer.link.open)
        void deps.dispatcher.cancel(task.task_id, { by: task.from, reason: 'the caller cancelled' });
    });
    try {
      return await done;
    } finally {
      ignoreCaller();
    }
  }

  /** Of the whole fleet, or of one agent. Throws 4043 when nobody of that id is online. */
  function skillIds(agent_id?: string): string[] {
    const own = deps.registry
      .instances()
      .filter((instance) => agent_id === undefined || instance.agent_id === agent_id);
    if (own.length === 0 && agent_id !== undefined) {
      throw new AuroraError(4043, { message: `${agent_id} is not online`, detail: { agent_id } });
    }
    return [...new Set(own.flatMap(({ card }) => [...card.skills.keys()]))].sort();
  }
}

/** A host is contained before anybody looks things up, unless whoever asks says otherwise (PROM-P8). */
const toUrgent = (routing: ChildRouting): ChildRouting => ({ ...routing, priority: ACTING_PRIORITY });

/** What is large travels by reference (wire.md 5). */
const tooLargeInline = (): AuroraError =>
  new AuroraError(4130, {
    message: `params may have ${INLINE_BYTES_MAX} bytes as JSON; put larger inputs with blob/grant and send {ref}`,
    detail: { bytes_max: INLINE_BYTES_MAX },
  });

/** What `wait: "result"` answers: the result itself, or the task's own error. */
function answerOf(task: TaskRow): unknown {
  if (task.state === 'completed') return task.simulated ? toPreview(task.result) : task.result;
  if (!isFinal(task.state)) {
    const message = 'The orchestrator is leaving; the task goes on when it is back';
    throw new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, detail: { task_id: task.task_id } });
  }
  throw endedBadly(task);
}

/** What acts nowhere but in `active` says so on the answer itself, whatever its agent calls it (requirements.md 7). */
const toPreview = (result: unknown): unknown =>
  typeof result === 'object' && result !== null && !Array.isArray(result) ? { ...result, simulated: true } : result;

/** The priority of what acts; of all else it is 5. */
const ACTING_PRIORITY = 7;
/** The operation of whoever names none. */
const HANDOFF = 'handoff';
/** When to ask again while nothing new is accepted, ms. */
export const RETRY_AFTER_MS = 1_000;
