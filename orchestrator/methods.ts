/** What the orchestrator answers: each method of the mesh, and who may call it (wire.md 3). */
import {
  createMethods,
  type Call,
  type MethodHandler,
  type MethodTable,
  type NotificationHandler,
  type Peer,
  type Principal,
} from '../mesh/index.ts';
import {
  AuroraError,
  BlobRef,
  openRpcOf,
  Register,
  TaskQuery,
  TaskRef,
  type Mode,
  type RpcParams,
} from '../protocol/index.ts';
import type { Clock, Random } from '../seams/index.ts';
import { ABOUT } from './about.ts';
import { createApprovalMethods, type ApprovalMethodDeps } from './approval-methods.ts';
import type { Approvals } from './approvals.ts';
import type { BlobStore } from './blobs.ts';
import { createCallers } from './callers.ts';
import type { Care } from './care.ts';
import { createCareMethods } from './care-methods.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Enrolment } from './enrolment.ts';
import type { Events } from './events.ts';
import type { Fleet } from './fleet.ts';
import { createFollowMethods } from './follow-methods.ts';
import { createHandoff, RETRY_AFTER_MS } from './handoff-method.ts';
import type { Ledger } from './ledger.ts';
import { assertCursor, parse } from './params.ts';
import type { Registry } from './registry.ts';
import { toTask } from './task-view.ts';
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
  enrolment: Pick<Enrolment, 'register' | 'leave'>;
  /** Every agent that can be told of: of the fleet, in quarantine, away. */
  knownAgents: () => readonly { agent_id: string }[];
  approvals: Approvals;
  consumption: ApprovalMethodDeps['consumption'];
  /** What can be done with the ledger as a whole; nothing where it is in memory only. */
  care: Care | undefined;
  /** Who is behind a peer: it proved a key, or nothing is answered. */
  principalOf: (peer: Peer) => Principal | undefined | Promise<Principal | undefined>;
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
  const callers = createCallers(deps);
  const { anyone, operator } = callers;
  const { subscribe, onAck } = createFollowMethods({ ...deps, ...callers });
  const tools = createTools(deps.registry);

  let document: ReturnType<typeof openRpcOf> | undefined; // once: anybody may ask, and making it takes 20 ms
  const look: [string, MethodHandler][] = [
    ['rpc.ping', () => ({ ok: true })],
    ['rpc.discover', () => (document ??= openRpcOf(ABOUT))],
  ];
  const proven: [string, MethodHandler][] = [
    ['handoff', createHandoff({ ...deps, callers, assertAccepting })],
    ['task/get', async (params, call) => toTask(await callers.taskFor(call, parse(TaskRef, params).task_id))],
    ['task/list', listTasks],
    ['task/cancel', cancelTask],
    ['task/subscribe', subscribe],
    ...createApprovalMethods({ ...deps, ...callers }),
    ...createCareMethods({ ...deps, operator, assertAccepting }),
    ['agent/register', register],
    ['agent/renew', register],
    ['agent/leave', async (_params, call) => deps.enrolment.leave(await anyone(call))],
    ['agent/list', listAgents],
    ['agent/tools', listTools],
    ['blob/grant', grantBlob],
  ];
  return {
    mesh: createMethods(new Map([...look, ['mesh/hello', deps.onHello], ...proven])),
    bare: createMethods(new Map(look)),
    notifications: new Map([['$/ack', onAck]]),
  };

  /* ---- tasks ---- */

  async function listTasks(params: RpcParams | undefined, call: Call): Promise<unknown> {
    await operator(call);
    const { root_id, state, outcome, since, limit, cursor } = parse(TaskQuery, params ?? {});
    await assertCursor(deps.ledger, cursor);
    const { rows, next } = await deps.ledger.page({
      limit,
      bytes_max: PAGE_BYTES_MAX,
      ...(root_id !== undefined && { root_id }),
      ...(state && { state }),
      ...(outcome && { outcome }),
      ...(since !== undefined && { since: new Date(since).toISOString() }),
      ...(cursor !== undefined && { before: cursor }),
    });
    return { items: rows.map(toTask), next_cursor: next };
  }

  async function cancelTask(params: RpcParams | undefined, call: Call): Promise<unknown> {
    const { task_id, reason } = parse(TaskRef, params);
    const { id } = await callers.proven(call);
    await callers.taskFor(call, task_id);
    await deps.dispatcher.cancel(task_id, { by: id, reason: reason ?? `asked by ${id}` });
    return toTask(await callers.taskFor(call, task_id));
  }

  /* ---- agents and blobs ---- */

  async function listAgents(_params: RpcParams | undefined, call: Call): Promise<unknown> {
    await operator(call);
    const instances = deps.registry.instances();
    const items = deps.knownAgents().map((status) => {
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
    return { items };
  }

  async function listTools(_params: RpcParams | undefined, call: Call): Promise<unknown> {
    await operator(call);
    return { items: await tools() };
  }

  async function register(params: RpcParams | undefined, call: Call): Promise<unknown> {
    return deps.enrolment.register(parse(Register, params), await anyone(call), call.peer.link.remote);
  }

  async function grantBlob(params: RpcParams | undefined, call: Call): Promise<unknown> {
    const ref = parse(BlobRef, params);
    await operator(call);
    return deps.blobs.forPutting(ref);
  }

  function assertAccepting(): void {
    if (deps.isAccepting()) return;
    throw new AuroraError(5030, { message: 'The orchestrator is leaving', retry_after_ms: RETRY_AFTER_MS });
  }
}

/** What the records of one page hold at most, so that it fits into a frame. */
const PAGE_BYTES_MAX = 1_048_576;
