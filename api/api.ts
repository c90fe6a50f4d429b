/** The HTTP face, joined: routes with their acts, streams, and one pipeline in front of them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Link, LinkLimits, Principal } from '../mesh/index.ts';
import type { Ledger, OrchestratorHealth } from '../orchestrator/index.ts';
import {
  routeList,
  streamList,
  type AgentDetail,
  type BlobRef,
  type BoundRoute,
  type Mode,
  type RuntimeSettings,
} from '../protocol/index.ts';
import type { Bus, Clock, Ids, Log, Metrics, Random } from '../seams/index.ts';
import type { Records } from '../soc/index.ts';
import { createAuthority } from './authority.ts';
import { createDesk } from './desk.ts';
import type { Feed } from './feed.ts';
import { openApiOf } from './openapi.ts';
import { everyHeader } from './pipeline.ts';
import { createRateLimiter } from './rate.ts';
import { bindAgents } from './resources/agents.ts';
import { bindAlerts } from './resources/alerts.ts';
import { bindApprovals } from './resources/approvals.ts';
import { bindAuth } from './resources/auth.ts';
import { bindInvestigations } from './resources/investigations.ts';
import { bindOrchestrator } from './resources/orchestrator.ts';
import { bindSystem } from './resources/system.ts';
import { bindUsers } from './resources/users.ts';
import { createServer } from './server.ts';
import { createStreams, STREAM_LIMITS, type StreamLimits } from './streams.ts';
import { createTickets } from './tickets.ts';
import { createTokens, type SigningKeys } from './tokens.ts';

/** What the face stands on. */
export interface ApiDeps {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  records: Records;
  bus: Bus;
  feed: Feed;
  ledger: Pick<Ledger, 'get' | 'list' | 'page'>;
  orchestrator: Gateway;
  signing: SigningKeys;
  /** A digest of what may hold a password, as it may be kept: the same after a restart, and on a standby. */
  sealed: (digest: string) => string;
  version: string;
  /** The mode in force, and the one of the configuration. */
  mode: () => Mode;
  configured_mode: Mode;
  /** Called once the change is kept. */
  setMode: (mode: Mode) => void;
  /** Throws when a mode is not possible here. */
  assertMode: (mode: Mode) => void;
  fixed: RuntimeSettings['fixed'];
  /** Whether an agent of that id has a key here: after a restart it may be at work before it is listed again. */
  isEnrolled?: (agent_id: string) => boolean;
  /** A question that only a database that answers can answer. */
  askDatabase: () => Promise<unknown>;
  proxies?: readonly string[];
  origins?: readonly string[];
  stream_limits?: StreamLimits;
  /** How long the event loop may stand still before requests are refused, ms: 1 000. */
  lag_ms_max?: number | undefined;
  /** Routes of other faces, by name (house.md 2). */
  bindings?: readonly (readonly [string, BoundRoute])[];
}

/** The part of the orchestrator that users reach. */
export interface Gateway {
  attend: (link: Link, principal: Principal) => void;
  agents(): AgentDetail[];
  setDrained(agent_id: string, is_drained: boolean): void;
  health(): OrchestratorHealth;
  unready: () => string[];
  keepBytes(bytes: Uint8Array, about: Pick<BlobRef, 'media_type' | 'name'>): Promise<BlobRef>;
}

/** The face, to be given to a port. */
export interface Api {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Headers of a 101, and of what the port refuses by itself. */
  headers(request?: object): Record<string, string>;
  admit(request: IncomingMessage): Promise<LinkLimits>;
  onLink(link: Link, request: IncomingMessage): void;
  /** Looks at once who may still follow; called after rights changed. */
  onAccessChanged(): void;
  /** Answers whoever waits for a task, ends the streams, and takes nothing new. */
  close(): Promise<void>;
}

/** Makes the face out of its parts and every route; it hears nothing until it is given to a port. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const { clock, records, orchestrator, mode } = deps;
  const { users, sessions, keys, alerts, settings, answers, audit } = records;
  const stream_limits = deps.stream_limits ?? STREAM_LIMITS;
  const tokens = createTokens({ ...deps, keys: deps.signing });
  const authority = createAuthority({ tokens, sessions, keys });
  const tickets = createTickets(deps);
  const limiter = createRateLimiter(clock);
  const desk = createDesk({ ...deps, attend: orchestrator.attend });
  const limits = () => settings.now().limits;
  const { proxies = [] } = deps;
  const hub = createStreams({
    ...deps,
    streams: streamList,
    authority,
    tickets,
    isAgent: (agent_id) =>
      orchestrator.agents().some((agent) => agent.agent_id === agent_id) || (deps.isEnrolled?.(agent_id) ?? false),
    limiter,
    budgets: limits,
    proxies,
    limits: stream_limits,
  });
  const document = openApiOf(routeList, streamList, deps.version);

  const acts = [
    ...bindAuth({ users, sessions, keys, tokens, audit, limiter }),
    ...bindUsers({ users, audit, limiter }),
    ...bindAlerts({ alerts }),
    ...bindInvestigations({
      ...deps,
      desk,
      alerts,
      audit,
      keepBytes: (bytes, about) => orchestrator.keepBytes(bytes, about),
    }),
    ...bindOrchestrator({ ...deps, desk, audit }),
    ...bindApprovals({ ...deps, desk, audit }),
    ...bindAgents({ ...deps, desk, agents: records.agents }),
    ...bindSystem({
      ...deps,
      settings,
      audit,
      tickets,
      document: () => ({ ...document }),
      unready: orchestrator.unready,
      streams: () => ({ count: hub.count, max: stream_limits.streams_max }),
    }),
  ];
  const server = await createServer({
    ...deps,
    authority,
    limiter,
    answers,
    mode,
    limits,
    proxies,
    origins: deps.origins ?? [],
    document,
    isStream: (path) => hub.isStream(path),
    bindings: [...namedBindings(acts), ...(deps.bindings ?? [])],
  });

  return {
    handle: (request, response) => server.handle(request, response),
    headers: (request = {}) => ({ ...everyHeader(mode()), ...hub.headersOf(request) }),
    admit: (request) => hub.admit(request),
    onLink: (link, request) => hub.onLink(link, request),
    onAccessChanged: () => hub.recheck(),
    async close() {
      deps.feed.leave();
      hub.close();
      await server.close();
    },
  };
}

/** Every route of the table with its act. Throws when one has none: what is described is there. */
function namedBindings(acts: readonly BoundRoute[]): [string, BoundRoute][] {
  const by_address = new Map(acts.map((bound) => [addressOf(bound.route), bound]));
  return routeList.map(([name, route]) => {
    const bound = by_address.get(addressOf(route));
    if (!bound) throw new Error(`${name} has no act`);
    return [name, bound];
  });
}

const addressOf = ({ method, path }: { method: string; path: string }): string => `${method} ${path}`;
