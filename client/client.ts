/** The client: `client.alerts.acknowledge({ alert_id })`, every route and stream of the table under its own name. */
import type { z } from 'zod';
import { routes, streams, type RouteSpec, type StreamSpec } from '../protocol/index.ts';
import { createBatch, type Batch, type BatchOptions, type Budget } from './batch.ts';
import { createCall, type CallOptions } from './call.ts';
import { ClosedError } from './errors.ts';
import { toOperation, type OperationKind } from './operation.ts';
import type { Platform } from './platform.ts';
import { requestOf, type RawRequest } from './request.ts';
import { createRetryShare, PROFILES, type RetryRules } from './retry.ts';
import { createSession, type Credentials } from './session.ts';
import { openStream, type Stream, type StreamOptions } from './stream.ts';
import { createTelemetry, type Hooks, type Stats } from './telemetry.ts';
import { createVersionGate } from './version.ts';

/** What a client is made with. */
export interface ClientOptions {
  /** `http://127.0.0.1:8080`, with `/api/v1` behind it or without. */
  base_url: string;
  /** Without them only what is open to everybody can be asked. */
  credentials?: Credentials;
  /** Whose numbers hold: ours (4 attempts, 20 s), or the Sentinel page's (3 attempts, 30 s). */
  profile?: keyof typeof PROFILES;
  attempts_max?: number;
  /** Of one attempt, by kind of operation. */
  timeouts_ms?: Partial<Record<OperationKind, number>>;
  hooks?: Hooks;
  /** Connections in a row that a stream may lose before it gives up: 10 unless said. */
  reconnects_max?: number;
  /** The machine, for tests. */
  platform?: Partial<Platform>;
}

/** A route as a function. Input may be left out where nothing is needed. */
export type Method<I, O> = (
  ...given: I extends Record<string, never>
    ? [input?: I, options?: CallOptions]
    : Partial<I> extends I
      ? [input?: I, options?: CallOptions]
      : [input: I, options?: CallOptions]
) => Promise<O>;

/** Every route of the protocol as a method, by resource. */
export type Resources = {
  readonly [Resource in keyof typeof routes]: {
    readonly [Name in keyof (typeof routes)[Resource]]: (typeof routes)[Resource][Name] extends {
      input: infer I extends z.ZodType;
      output: infer O extends z.ZodType;
      shows?: { told: infer T };
    }
      ? Method<z.input<I>, z.output<O> | z.output<T>>
      : never;
  };
};

/** Every stream. Its parameters come first, where its path has any. */
export type Streams = {
  readonly [Name in keyof typeof streams]: (
    ...given: (typeof streams)[Name] extends typeof streams.toolCalls
      ? [params: { agent_id: string }, options?: StreamOptions]
      : [options?: StreamOptions]
  ) => Stream<z.output<(typeof streams)[Name]['event']>>;
};

/** What there is beside the table. */
export interface ClientBase {
  readonly streams: Streams;
  /** A route outside the table, under the same rules. */
  request<O extends z.ZodType>(asked: RawRequest<O>, options?: CallOptions): Promise<z.output<O>>;
  /** Polling that can wait. */
  batch(options?: BatchOptions): Batch;
  stats(): Stats;
  /** Of the API: `1.0`; undefined before the first answer. */
  readonly api_version: string | undefined;
  /** Whether the API is known to speak at least that version. */
  supports(version: string): boolean;
  /** Ends everything under way, and forgets the tokens. */
  close(): void;
}

/** A client of one API. */
export type Client = Resources & ClientBase;

/** Makes one on a given machine. Nothing is sent before the first call. */
export function createClientOn(machine: Platform, options: ClientOptions): Client {
  const platform: Platform = { ...machine, ...options.platform };
  const { base_url, credentials, hooks = {}, reconnects_max = RECONNECTS_MAX } = options;
  const root = rootOf(base_url);
  const rules = rulesOf(options);
  const closing = new AbortController();
  const telemetry = createTelemetry(hooks);
  const gate = createVersionGate();
  let budget: (Budget & { until: number }) | undefined;
  const call = createCall({
    platform,
    root,
    rules,
    share: createRetryShare(),
    session: () => session,
    telemetry,
    gate,
    closing: closing.signal,
    onHeaders: (headers) => (budget = budgetIn(headers) ?? budget),
  });
  const session = createSession(credentials, { platform, send: call });

  async function method(name: string, spec: RouteSpec, input: unknown, given?: CallOptions): Promise<unknown> {
    const answer = await call(toOperation(name, spec, input), given);
    if (spec === routes.auth.logout) session.forget();
    if (spec === routes.users.changePassword)
      session.setPassword(routes.users.changePassword.input.parse(input).new_password);
    if (spec === routes.auth.token) {
      const { username, new_password } = routes.auth.token.input.parse(input);
      if (new_password !== undefined) session.setPassword(new_password, username);
    }
    return answer;
  }

  const resources = tableOf(method);
  const open = <E>(
    name: string,
    spec: StreamSpec<z.ZodType<E>>,
    params: Record<string, string>,
    given: StreamOptions = {},
  ) =>
    openStream(
      name,
      spec,
      { params, options: given },
      {
        platform,
        root,
        session: () => session,
        ticket: async () => (await resources.system.ticket()).ticket,
        closing: closing.signal,
        reconnects_max,
      },
    );

  return {
    ...resources,
    streams: {
      alerts: (given) => open('streams.alerts', streams.alerts, {}, given),
      agentThoughts: (given) => open('streams.agentThoughts', streams.agentThoughts, {}, given),
      investigationReceipts: (given) => open('streams.investigationReceipts', streams.investigationReceipts, {}, given),
      toolCalls: (params, given) => open('streams.toolCalls', streams.toolCalls, params, given),
      approvals: (given) => open('streams.approvals', streams.approvals, {}, given),
    },
    request: (asked, given) => call(requestOf(asked), given),
    batch: (given = {}) => createBatch(given, { platform, closing: closing.signal, budget: budgetNow }),
    stats: () => telemetry.stats(),
    get api_version() {
      return gate.version;
    },
    supports: (version) => gate.supports(version),
    close() {
      closing.abort(new ClosedError('the client was closed', { operation: 'close' }));
      session.forget();
    },
  };

  /** What a minute ago was left says nothing. */
  function budgetNow(): Budget | undefined {
    return budget && platform.now() < budget.until ? budget : undefined;
  }
}

/** The table as functions of the same names. */
function tableOf(
  method: (name: string, spec: RouteSpec, input: unknown, options?: CallOptions) => Promise<unknown>,
): Resources {
  const table: Record<string, Record<string, unknown>> = {};
  for (const [resource, specs] of Object.entries<Record<string, RouteSpec>>(routes)) {
    const own: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(specs)) {
      own[name] = (input?: unknown, options?: CallOptions) => method(`${resource}.${name}`, spec, input, options);
    }
    table[resource] = own;
  }
  if (!isWhole(table)) throw new Error('the table of routes has a hole');
  return table;
}

/** Every name of the table is a function: what is answered is checked against the route's output, so its type is the route's. */
const isWhole = (table: Record<string, Record<string, unknown>>): table is Resources & typeof table =>
  Object.entries<Record<string, RouteSpec>>(routes).every(([resource, specs]) =>
    Object.keys(specs).every((name) => typeof table[resource]?.[name] === 'function'),
  );

/** N06, K05: with or without a slash, with or without the version. */
function rootOf(base_url: string): string {
  const url = new URL(base_url);
  if (!/^https?:$/.test(url.protocol)) throw new Error(`base_url: ${url.protocol} is no http`);
  if (url.username !== '' || url.password !== '')
    throw new Error('base_url: credentials do not belong into an address');
  return `${url.origin}${url.pathname}`.replace(/\/{1,64}$/, '').replace(/\/api\/v1$/, '');
}

function rulesOf({ profile = 'aurora', attempts_max, timeouts_ms }: ClientOptions): RetryRules {
  const rules = PROFILES[profile];
  return {
    ...rules,
    ...(attempts_max !== undefined && { attempts_max }),
    timeouts_ms: { ...rules.timeouts_ms, ...timeouts_ms },
  };
}

function budgetIn(headers: Headers): (Budget & { until: number }) | undefined {
  const [limit, remaining, reset_s] = ['limit', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));
  if (!limit || !remaining || !reset_s) return undefined;
  return { limit: Number(limit), remaining: Number(remaining), until: Number(reset_s) * 1_000 };
}

const RECONNECTS_MAX = 10;
