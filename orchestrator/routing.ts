/** The arithmetic of a handoff: hops, paths, budgets, rights and modes, which can only shrink on the way down (wire.md 5). */
import { AuroraError, type Actor, type Effect, type HandoffOptions, type Mode } from '../protocol/index.ts';

/** What a child inherits from the task it is handed off by. */
export interface ParentRouting {
  task_id: string;
  root_id: string;
  agent_id: string;
  hop: number;
  path: readonly string[];
  mode: Mode;
  priority: number;
  actor: Actor;
  /** Monotonic time at which the parent must be over. */
  due: number;
  traceparent: string;
}

/** What the child is given. */
export interface ChildRouting {
  root_id: string | undefined;
  parent_id: string | undefined;
  from: string;
  hop: number;
  path: string[];
  mode: Mode;
  priority: number;
  actor: Actor;
  due: number;
  traceparent: string;
}

/** Bounds of wire.md 5. */
export const ROUTING_LIMITS = {
  hop_max: 8,
  fan_out_max: 32,
  root_tasks_max: 256,
  attempts_max: 5,
  deadline_ms_default: 60_000,
  deadline_ms_max: 900_000,
  /** What a child leaves its parent to settle with, ms. */
  parent_reserve_ms: 50,
} as const;

/** Routing of a task that a person or tool starts: no parent, no hop yet. */
export function rootRouting(asked: {
  actor: Actor;
  mode: Mode;
  options: HandoffOptions;
  now: number;
  traceparent: string;
}): ChildRouting {
  const { actor, mode, options, now, traceparent } = asked;
  return {
    root_id: undefined,
    parent_id: undefined,
    from: actor.sub,
    hop: 0,
    path: [],
    mode: narrowMode(mode, options.mode),
    priority: options.priority ?? PRIORITY_DEFAULT,
    actor,
    due: now + budgetOf(options),
    traceparent,
  };
}

/**
 * Routing of a task that a task starts. What the sender states can only narrow what the parent's own row allows.
 * Throws 5040 when the parent has no time left to give, 5080 at the hop limit.
 */
export function childRouting(parent: ParentRouting, options: HandoffOptions, now: number): ChildRouting {
  assertHopLeft(parent);
  // Who asks for no time of its own may use all that its parent has left.
  const own_ms = options.deadline_ms ?? ROUTING_LIMITS.deadline_ms_max;
  const due = Math.min(parent.due - ROUTING_LIMITS.parent_reserve_ms, now + own_ms);
  if (due <= now) throw new AuroraError(5040, { message: 'The parent task has no time left to hand off' });
  return {
    root_id: parent.root_id,
    parent_id: parent.task_id,
    from: parent.agent_id,
    hop: parent.hop,
    path: [...parent.path],
    mode: narrowMode(parent.mode, options.mode),
    priority: Math.min(parent.priority, options.priority ?? parent.priority),
    actor: parent.actor,
    due,
    traceparent: parent.traceparent,
  };
}

/** The next step down to `agent_id`: one hop more, one name more in the path, rights cut to what that agent was granted. */
export function stepTo<R extends Pick<ChildRouting, 'hop' | 'path' | 'actor'>>(
  routing: R,
  agent_id: string,
  grant: readonly string[],
): R {
  assertOffPath(routing, agent_id);
  return {
    ...routing,
    hop: routing.hop + 1,
    path: [...routing.path, agent_id],
    actor: { ...routing.actor, scopes: intersectScopes(routing.actor.scopes, grant) },
  };
}

/** Throws 5080 at the hop limit. */
export function assertHopLeft({ hop }: Pick<ChildRouting, 'hop'>): void {
  if (hop < ROUTING_LIMITS.hop_max) return;
  const message = `Handoff refused: hop limit of ${ROUTING_LIMITS.hop_max}; do the work here, or hand it off nearer to its root`;
  throw new AuroraError(5080, { message });
}

/** Throws 5080 for an agent that is on the path already. */
export function assertOffPath({ path }: Pick<ChildRouting, 'path'>, agent_id: string): void {
  if (!path.includes(agent_id)) return;
  throw new AuroraError(5080, {
    message: `Handoff refused: ${agent_id} is already on the path`,
    detail: { path },
  });
}

/** The narrower of two modes: active > monitor > dry_run. */
export function narrowMode(mode: Mode, asked: Mode | undefined): Mode {
  return asked !== undefined && MODE_ORDER.indexOf(asked) < MODE_ORDER.indexOf(mode) ? asked : mode;
}

/** Whether the scopes allow a skill: `*`, `effect:<effect>` or `skill:<id>`. */
export const allows = (scopes: readonly string[], skill: { id: string; effect: Effect }): boolean =>
  scopes.some((scope) => scope === '*' || scope === `effect:${skill.effect}` || scope === `skill:${skill.id}`);

/** Scopes that both sides hold. `*` covers everything; nothing else covers another. */
export function intersectScopes(left: readonly string[], right: readonly string[]): string[] {
  const isCovered = (scope: string, by: readonly string[]) => by.includes('*') || by.includes(scope);
  const kept = [...left.filter((scope) => isCovered(scope, right)), ...right.filter((scope) => isCovered(scope, left))];
  return [...new Set(kept)].sort();
}

/** The same trace, another span (W3C Trace Context). */
export const childTraceparent = (traceparent: string, span: Uint8Array): string => {
  const [version = '00', trace = '', , flags = '01'] = traceparent.split('-');
  return [version, trace, Buffer.from(span).toString('hex'), flags].join('-');
};

/** A trace of its own. */
export const newTraceparent = (random: Uint8Array): string => {
  const hex = Buffer.from(random).toString('hex');
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01`;
};

/** True for `00-<32 hex>-<16 hex>-<2 hex>` with ids that are not all zero. */
export const isTraceparent = (text: string): boolean =>
  /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(text);

const budgetOf = ({ deadline_ms }: HandoffOptions): number =>
  Math.min(deadline_ms ?? ROUTING_LIMITS.deadline_ms_default, ROUTING_LIMITS.deadline_ms_max);

const MODE_ORDER: readonly Mode[] = ['dry_run', 'monitor', 'active'];
const PRIORITY_DEFAULT = 5;
