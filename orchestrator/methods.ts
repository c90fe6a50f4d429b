/** What the orchestrator answers: each method of the mesh, and who may call it (wire.md 3). */
import { z } from 'zod';
import {
  createMethods,
  digestOf,
  type Call,
  type MethodHandler,
  type MethodTable,
  type NotificationHandler,
  type Peer,
  type Principal,
} from '../mesh/index.ts';
import {
  Ack,
  AuroraError,
  BlobRef,
  HandoffRequest,
  INLINE_BYTES_MAX,
  isErrorCode,
  isFinal,
  openRpcOf,
  Register,
  TaskQuery,
  TaskRef,
  TaskSubscription,
  type Attempt,
  type Mode,
  type RpcParams,
} from '../protocol/index.ts';
import type { Clock, Random } from '../seams/index.ts';
import { createApprovalMethods, toTicket, type Held } from './approval-methods.ts';
import type { Approvals } from './approvals.ts';
import type { BlobStore } from './blobs.ts';
import type { Care } from './care.ts';
import { createCareMethods } from './care-methods.ts';
import type { Consumption } from './consumption.ts';
import type { Dispatched, Dispatcher, Order } from './dispatch.ts';
import { readCarried } from './carried.ts';
import { bytesOf, type Events } from './events.ts';
import type { Fleet } from './fleet.ts';
import { refsIn } from './handoff-meta.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Enrolment } from './enrolment.ts';
import type { Instance, Registry } from './registry.ts';
import { childRouting, isTraceparent, newTraceparent, rootRouting, type ChildRouting } from './routing.ts';
import { ABOUT } from './about.ts';
import { metaOf, parse, withoutMeta } from './params.ts';
import { toStreamEvents } from './retold.ts';
import { createSubscriber, type Subscriber } from './subscription.ts';
import { noTask } from './task-of.ts';
import { toTask } from './task-view.ts';
import { toAgentTextOrder, toTextOrder } from './text-order.ts';
import { createTools } from './tools.ts';

/** What the methods work on. */
export interface MethodDeps {
  clock: Clock;
  random: Random;
  ledger: Ledger;
  dispatcher: Dispatcher;
  registry: Registry;
  events: Events;
  fleet: Fleet;
  blobs: BlobStore;
  enrolment: Enrolment;
  approvals: Approvals;
  consumption: Consumption;
  /** What can be done with the ledger as a whole; nothing where it is in memory only. */
  care: Care | undefined;
  /** Who is behind a peer: it proved a key, or nothing is answered. */
  principalOf(peer: Peer): Principal | undefined | Promise<Principal | undefined>;
  onHello: MethodHandler;
  /** False while draining: nothing new is accepted. */
  isAccepting(): boolean;
  /** The mode that people's work starts in (requirements.md 7: monitor); asked each time, for it can be set. */
  mode: () => Mode;
}

/** The tables, and what is heard without an answer. */
export interface OrchestratorMethods {
  mesh: MethodTable;
  bare: MethodTable;
  notifications: ReadonlyMap<string, NotificationHandler>;
}

/** Makes the tables: for proven peers, and for bare strangers who may only look. */
export function createOrchestratorMethods(deps: MethodDeps): OrchestratorMethods {
  const subscribers = new Map<Peer, Map<Ack['token'], Following>>();
  const tools = createTools(deps.registry);

  let document: ReturnType<typeof openRpcOf> | undefined; // once: anybody may ask, and making it takes 20 ms
  const look: [string, MethodHandler][] = [
    ['rpc.ping', () => ({ ok: true })],
    ['rpc.discover', () => (document ??= openRpcOf(ABOUT))],
  ];
  const proven: [string, MethodHandler][] = [
    ['handoff', handoff],
    ['task/get', async (params, call) => toTask(await taskFor(call, parse(TaskRef, params).task_id))],
    ['task/list', listTasks],
    ['task/cancel', cancelTask],
    ['task/subscribe', subscribe],
    ...createApprovalMethods({ ...deps, operator, held }),
    ...createCareMethods({ ...deps, operator, assertAccepting }),
    ['agent/register', register],
    ['agent/renew', register],
    ['agent/leave', async (_params, call) => deps.enrolment.leave(await anyone(call))],
    ['agent/list', async (_params, call) => ({ items: agents(await operator(call)) })],
    ['agent/tools', async (_params, call) => operator(call).then(async () => ({ items: await tools() }))],
    ['blob/grant', async (params, call) => grantBlob(parse(BlobRef, params), await operator(call))],
  ];
  return {
    mesh: createMethods(new Map([...look, ['mesh/hello', deps.onHello], ...proven])),
    bare: createMethods(new Map(look)),
    notifications: new Map([['$/ack', onAck]]),
  };

  /* ---- handoff ---- */

  async function handoff(params: RpcParams | undefined, call: Call): Promise<unknown> {
    assertAccepting();
    const principal = await proof(call);
    const asked = parse(HandoffRequest, withoutMeta(params));
    if (bytesOf(asked.params) > INLINE_BYTES_MAX) throw tooLargeInline();
    const { routing, parent } =
      principal.role === 'operator'
        ? { routing: beginRouting(principal, asked.options, metaOf(params)), parent: undefined }
        : await handOn(asked.options, metaOf(params), call);
    const { idempotency_key } = asked.options;
    const carried = readCarried(metaOf(params), { parent, idempotency_key });
    const order = toOrder(asked, { routing, principal, carried });
    const refs = refsIn(order.params);
    const readable = parent && refsIn(parent.params);
    if (readable && !refs.every((sha256) => readable.includes(sha256))) {
      throw new AuroraError(4030, { message: 'An agent may only pass on bytes that it was given itself' });
    }
    deps.blobs.hold(refs, deps.clock.now() + (routing.due - deps.clock.monotonic()));
    const { task, done } = await deps.dispatcher.dispatch(order);
    if (asked.wait === 'accepted') return { task_id: task.task_id, state: task.state };
    const until = asked.options.on_approval === 'return' ? untilAsked(task, done) : done;
    return answerOf(await untilDone({ task, done: until }, call));
  }

  function assertAccepting(): void {
    if (deps.isAccepting()) return;
    throw new AuroraError(5030, { message: 'The orchestrator is leaving', retry_after_ms: RETRY_AFTER_MS });
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
    const { task: parent, is_holder } = await held(meta, call);
    if (!parent || !is_holder || isFinal(parent.state)) {
      throw new AuroraError(4030, { message: 'An agent may only hand off for a task that it holds' });
    }
    return { routing: childRouting(parent, options, now), parent };
  }

  function toOrder(
    asked: HandoffRequest,
    { routing, principal, carried }: { routing: ChildRouting; principal: Principal; carried: Order['carried'] },
  ): Order {
    const wanted = toWanted(asked);
    const { to, skill, params } = wanted;
    const { idempotency_key, reason, mode = null } = asked.options;
    if (idempotency_key === undefined) return { to, skill, params, routing, reason, carried, key: undefined };
    const scope = JSON.stringify([routing.actor.tenant, principal.id, 'handoff', idempotency_key]);
    const key = { scope, digest: digestOf({ ...wanted, mode }) };
    return { to, skill, params, routing, reason, carried, key };
  }

  function toWanted({ to, params = {}, task, method }: HandoffRequest): Pick<Order, 'to' | 'skill' | 'params'> {
    if (!to) {
      if (task === undefined)
        throw new AuroraError(-32602, { message: 'Invalid params: /to name whom, or give /task as text' });
      return toTextOrder(task, skillIds());
    }
    const skill = method ?? to.skill;
    if (skill === undefined && task !== undefined && 'agent_id' in to) {
      const interests = deps.registry.interests().filter(({ agent_id }) => agent_id === to.agent_id);
      return toAgentTextOrder(task, { agent_id: to.agent_id, skills: skillIds(to.agent_id), interests });
    }
    if (skill === undefined) throw new AuroraError(-32602, { message: 'Invalid params: /method name the skill' });
    return { to, skill, params };
  }

  /** The task that a caller says it works for, and whether it holds it under the newest fence. */
  async function held(meta: unknown, call: Call): Promise<Held> {
    const { id: by } = await proof(call);
    const { parent_id = '', fence } = parse(AskerMeta, meta).handoff ?? {};
    const task = await deps.ledger.get(parent_id);
    const newest = task?.attempts.at(-1);
    const is_holder = newest?.fence === fence && isHeldBy(newest, deps.fleet.instanceOf(call.peer));
    return { task, by, fence: fence ?? 0, is_holder };
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
      if (call.peer.link.open) void deps.dispatcher.cancel(task.task_id, 'the caller cancelled');
    });
    try {
      return await done;
    } finally {
      ignoreCaller();
    }
  }

  /* ---- tasks ---- */

  async function listTasks(params: RpcParams | undefined, call: Call): Promise<unknown> {
    await operator(call);
    const { root_id, state, outcome, since, limit, cursor } = parse(TaskQuery, params ?? {});
    const rows = await deps.ledger.list({
      limit: limit + 1,
      ...(root_id !== undefined && { root_id }),
      ...(state && { state }),
      ...(outcome && { outcome }),
      ...(since !== undefined && { since: new Date(since).toISOString() }),
      ...(cursor !== undefined && { before: cursor }),
    });
    const page = rows.slice(0, limit);
    return { items: page.map(toTask), next_cursor: rows.length > limit ? (page.at(-1)?.task_id ?? null) : null };
  }

  async function cancelTask(params: RpcParams | undefined, call: Call): Promise<unknown> {
    const { task_id, reason } = parse(TaskRef, params);
    await taskFor(call, task_id);
    await deps.dispatcher.cancel(task_id, reason ?? 'asked by its owner');
    return toTask(await taskFor(call, task_id));
  }

  async function subscribe(params: RpcParams | undefined, call: Call): Promise<unknown> {
    const asked = parse(TaskSubscription, withoutMeta(params));
    const { progress_token: token } = parse(AskerMeta, metaOf(params));
    if (token === undefined)
      throw new AuroraError(-32602, { message: 'Invalid params: /_meta/progress_token is missing' });
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
    if (isFull()) throw new AuroraError(4290, { message: 'Too many subscriptions on this link' });
    own.get(token)?.subscriber.stop();
    const subscriber = createSubscriber({ peer: call.peer, events: deps.events, token, asked });
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

  /** A task, for whoever started or holds it, or for an operator; to everybody else it does not exist. */
  async function taskFor(call: Call, task_id: string): Promise<TaskRow> {
    const principal = await proof(call);
    const task = await deps.ledger.get(task_id);
    const instance = deps.fleet.instanceOf(call.peer);
    const parent = task?.parent_id === undefined ? undefined : await deps.ledger.get(task.parent_id);
    const holds = (row: TaskRow | undefined) => isHeldBy(row?.attempts.at(-1), instance);
    const may = principal.role === 'operator' || holds(task) || holds(parent);
    if (!task || !may) throw noTask(task_id);
    return task;
  }

  /* ---- agents and blobs ---- */

  function agents(_who: Principal): unknown[] {
    const instances = deps.registry.instances();
    const known = [...deps.fleet.status(), ...deps.enrolment.quarantined()];
    return known.map((status) => {
      const own = instances.filter(({ agent_id }) => agent_id === status.agent_id);
      return {
        ...status,
        instances: own.map(({ instance_id, in_flight, since, is_leaving }) => ({
          instance_id,
          in_flight,
          since,
          is_leaving,
        })),
        skills: [...new Set(own.flatMap(({ card }) => [...card.skills.keys()]))],
      };
    });
  }

  async function register(params: RpcParams | undefined, call: Call): Promise<unknown> {
    return deps.enrolment.register(parse(Register, params), await anyone(call), call.peer.link.remote);
  }

  function grantBlob(ref: BlobRef, _who: Principal): unknown {
    return deps.blobs.forPutting(ref);
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

  /* ---- who is asking ---- */

  /** Whoever holds a key, pinned or not. */
  async function anyone(call: Call): Promise<Principal> {
    const principal = await deps.principalOf(call.peer);
    if (!principal) throw new AuroraError(4010);
    return principal;
  }

  /** Whoever holds a pinned key. */
  async function proof(call: Call): Promise<Principal> {
    const principal = await deps.principalOf(call.peer);
    if (!principal) throw new AuroraError(4010);
    if (principal.role === 'stranger') throw new AuroraError(4030, { message: 'This key is not pinned here' });
    return principal;
  }

  async function operator(call: Call): Promise<Principal> {
    const principal = await proof(call);
    if (principal.role !== 'operator') throw new AuroraError(4030, { message: 'Only operators may do this' });
    return principal;
  }
}

/** A subscriber, and which task it follows. */
interface Following {
  task_id: string;
  subscriber: Subscriber;
}

/** The part of an asker's `_meta` that counts: which task it hands off for, which trace it belongs to. */
const AskerMeta = z.object({
  traceparent: z.string().max(128).optional(),
  progress_token: z.union([z.string().max(256), z.number()]).optional(),
  handoff: z.object({ parent_id: z.string().max(64).optional(), fence: z.number().int().optional() }).optional(),
});

/** What is large travels by reference (wire.md 5). */
const tooLargeInline = (): AuroraError =>
  new AuroraError(4130, {
    message: `params may have ${INLINE_BYTES_MAX} bytes as JSON; put larger inputs with blob/grant and send {ref}`,
  });

/** An instance names itself; only together with the agent id, which is proven, does it name a holder. */
const isHeldBy = (attempt: Attempt | undefined, instance: Instance | undefined): boolean =>
  attempt !== undefined && attempt.agent_id === instance?.agent_id && attempt.instance_id === instance.instance_id;

/** What `wait: "result"` answers: the result itself, or the task's own error. */
function answerOf(task: TaskRow): unknown {
  if (task.state === 'completed') return task.result;
  if (!isFinal(task.state)) {
    const message = 'The orchestrator is leaving; the task goes on when it is back';
    throw new AuroraError(5030, { message, retry_after_ms: RETRY_AFTER_MS, detail: { task_id: task.task_id } });
  }
  const { code = 5000, message = 'The task did not complete', detail = null } = task.error ?? {};
  throw new AuroraError(isErrorCode(code) ? code : 5000, { message, detail: { task_id: task.task_id, detail } });
}

const SUBSCRIPTIONS_MAX = 64;
const RETRY_AFTER_MS = 1_000;
