/** How the API asks the orchestrator: over a link inside this process, as the user, with the user's rights (wire.md 4, ATK-E4). */
import { createMethods, createPeer, memoryLink, type Link, type Principal } from '../mesh/index.ts';
import { AuroraError, type Caller, type RouteContext } from '../protocol/index.ts';
import type { Clock, Ids, Log, Metrics } from '../seams/index.ts';

/** What goes with a request: its trace and its id, which travel on to every agent; what it is about, and which operation its key is of. */
export interface About extends Pick<RouteContext, 'request_id' | 'traceparent' | 'tracestate'> {
  refs?: Record<string, string | undefined> | undefined;
  operation?: string | undefined;
}

/** Asks the orchestrator in the name of a user. */
export interface Desk {
  /** Calls a method of the orchestrator on somebody's behalf. Rejects with its error. */
  ask(
    context: RouteContext,
    method: string,
    params: Record<string, unknown>,
    about?: Pick<About, 'refs' | 'operation'>,
  ): Promise<unknown>;
}

/** A desk that opens a link for each question. A token or key of the user never goes this way: only who it is (ATK-E8). */
export function createDesk(deps: {
  clock: Clock;
  ids: Ids;
  log: Log;
  metrics: Metrics;
  attend: (link: Link, principal: Principal) => void;
}): Desk {
  const { clock } = deps;
  return {
    async ask(context, method, params, about) {
      const [near, far] = memoryLink({ clock, dialled: 'api' });
      deps.attend(far, toPrincipal(callerIn(context)));
      const peer = createPeer({ ...deps, link: near, methods: NONE });
      try {
        return await peer.request(
          method,
          { ...params, _meta: toMeta({ ...context, ...about }) },
          { timeout_ms: ASK_MS_MAX },
        );
      } finally {
        peer.close(1000, 'answered');
      }
    },
  };
}

/** Whoever got through a door that asks who it is. */
export function callerIn({ caller }: Pick<RouteContext, 'caller'>): Caller {
  if (!caller) throw new AuroraError(4010);
  return caller;
}

/** A person may have done what policy allows; a key may have read, and act only where it was given more than that. */
export function scopesOf({ role, permissions }: Caller): string[] {
  if (role === 'admin') return ['*'];
  const reads = permissions.includes('investigations:write') ? ['effect:read'] : [];
  const may_act = role === 'api_service' ? ACTING.some((permission) => permissions.includes(permission)) : true;
  return reads.length > 0 && may_act ? [...reads, 'effect:idempotent', 'effect:non_idempotent'] : reads;
}

const toPrincipal = (caller: Caller): Principal => ({
  id: caller.sub,
  role: 'operator',
  scopes: scopesOf(caller),
  instance_id: caller.session_id ?? caller.key_id ?? caller.sub,
  frame_bytes_max: 0,
  in_flight_max: 0,
  in_flight: [],
});

function toMeta({ request_id, traceparent, tracestate, refs = {}, operation }: About): Record<string, unknown> {
  const given = Object.entries(refs).filter(([, value]) => value !== undefined);
  return {
    request_id,
    traceparent,
    ...(tracestate !== undefined && { tracestate }),
    handoff: {
      ...(given.length > 0 && { refs: Object.fromEntries(given) }),
      ...(operation !== undefined && { operation }),
    },
  };
}

const NONE = createMethods(new Map());
const ACTING = ['edr:write', 'soar:write'] as const;
/** Nothing asked this way waits for work: it is accepted, or refused. */
const ASK_MS_MAX = 30_000;
