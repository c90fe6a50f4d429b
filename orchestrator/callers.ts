/** Who is asking, and which task they may see or work for. */
import { z } from 'zod';
import type { Call, Peer, Principal } from '../mesh/index.ts';
import { AuroraError, TaskRefId, type Attempt } from '../protocol/index.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import { parse } from './params.ts';
import type { Instance } from './registry.ts';
import { noTask } from './task-of.ts';

/** A task that a caller says it works for. */
export interface Held {
  task: TaskRow | undefined;
  /** The id that the caller proved. */
  by: string;
  fence: number;
  /** Whether it holds the task under its newest fence. */
  is_holder: boolean;
}

/** Tells callers apart; each of these throws 4010 for whoever proved nothing. */
export interface Callers {
  /** Whoever holds a key, pinned or not. */
  readonly anyone: (call: Call) => Promise<Principal>;
  /** Whoever holds a pinned key; 4030 for others. */
  readonly proven: (call: Call) => Promise<Principal>;
  /** An operator; 4030 for others. */
  readonly operator: (call: Call) => Promise<Principal>;
  /** The task that the caller's `_meta` names as the one it works for. */
  readonly held: (meta: unknown, call: Call) => Promise<Held>;
  /** A task, for whoever started or holds it, or for an operator; to everybody else it does not exist (4040). */
  readonly taskFor: (call: Call, task_id: string) => Promise<TaskRow>;
  /** Whether the key behind a peer still counts, for what it is told without asking; the link of one whose pin was taken away ends (4001). */
  readonly stands: (peer: Peer) => boolean;
}

/** What telling them apart needs. */
export interface CallersDeps {
  ledger: Ledger;
  fleet: Fleet;
  /** Who is behind a peer: it proved a key, or nothing is answered. */
  principalOf: (peer: Peer) => Principal | undefined | Promise<Principal | undefined>;
}

/** Makes the callers: who asks, and for which task of theirs. */
export function createCallers({ ledger, fleet, principalOf }: CallersDeps): Callers {
  return { anyone, proven, operator, held, taskFor, stands };

  async function anyone(call: Call): Promise<Principal> {
    const principal = await principalOf(call.peer);
    if (!principal) throw new AuroraError(4010);
    return principal;
  }

  async function proven(call: Call): Promise<Principal> {
    const principal = await anyone(call);
    if (principal.role === 'stranger') throw new AuroraError(4030, { message: 'This key is not pinned here' });
    return principal;
  }

  async function operator(call: Call): Promise<Principal> {
    const principal = await proven(call);
    if (principal.role !== 'operator') throw new AuroraError(4030, { message: 'Only operators may do this' });
    return principal;
  }

  async function held(meta: unknown, call: Call): Promise<Held> {
    const { id: by } = await proven(call);
    const { parent_id = '', fence } = parse(AskerMeta, meta).handoff ?? {};
    const task = await ledger.get(parent_id);
    const newest = task?.attempts.at(-1);
    const is_holder = newest?.fence === fence && isHeldBy(newest, fleet.instanceOf(call.peer));
    return { task, by, fence: fence ?? 0, is_holder };
  }

  async function taskFor(call: Call, task_id: string): Promise<TaskRow> {
    const principal = await proven(call);
    const task = await ledger.get(task_id);
    const instance = fleet.instanceOf(call.peer);
    const parent = task?.parent_id === undefined ? undefined : await ledger.get(task.parent_id);
    const holds = (row: TaskRow | undefined) => isHeldBy(row?.attempts.at(-1), instance);
    const may = principal.role === 'operator' || holds(task) || holds(parent);
    if (!task || !may) throw noTask(task_id);
    return task;
  }

  function stands(peer: Peer): boolean {
    try {
      return principalOf(peer) !== undefined;
    } catch {
      return false;
    }
  }
}

/** The part of an asker's `_meta` that counts: which task it hands off for, which trace it belongs to. */
export const AskerMeta = z.object({
  traceparent: z.string().max(128).optional(),
  progress_token: z.union([z.string().max(256), z.number()]).optional(),
  handoff: z
    .object({
      parent_id: TaskRefId.optional(),
      fence: z.number().int().optional(),
      /** Where one asker has several ways to ask: a key names one piece of work for each (PROM-P2). */
      operation: z.string().max(64).optional(),
    })
    .optional(),
});

/** An instance names itself; only together with the agent id, which is proven, does it name a holder. */
const isHeldBy = (attempt: Attempt | undefined, instance: Instance | undefined): boolean =>
  attempt !== undefined && attempt.agent_id === instance?.agent_id && attempt.instance_id === instance.instance_id;
