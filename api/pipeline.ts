/** The road of one request: who, how often, may they, is it well-formed; then the act, and one answer (house.md 6). */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestIdIn } from '../mesh/index.ts';
import {
  admits,
  AuroraError,
  type BoundRoute,
  type Mode,
  type RouteContext,
  type RouteSpec,
} from '../protocol/index.ts';
import { sha256Of, type Clock, type Ids, type Log, type Metrics, type Random } from '../seams/index.ts';
import type { StoredSettings } from '../soc/index.ts';
import { isWrongProof, type Authority, type Identified } from './authority.ts';
import { createGathering } from './input.ts';
import { budgetHeaders, budgetOf, publicBudget, strangersBudget, type RateLimiter } from './rate.ts';
import { remoteOf } from './remote.ts';
import { createReplay, type ReplayDeps } from './replay.ts';
import { queryOf } from './secrets.ts';
import { answerShownTo } from './shown.ts';
import { traceOf, type Trace } from './trace.ts';

/** What the pipeline is made of. */
export interface PipelineDeps extends ReplayDeps {
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
  metrics: Metrics;
  authority: Authority;
  limiter: RateLimiter;
  /** The mode in force, and the budgets of the moment. */
  mode: () => Mode;
  limits: () => StoredSettings['limits'];
  /** CIDR blocks of proxies whose X-Forwarded-For counts. */
  proxies: readonly string[];
  /** Origins whose pages may call. */
  origins: readonly string[];
}

/** What is known of a request from its first byte on. */
export interface RequestState extends Trace {
  request_id: string;
  remote: string;
  /** Monotonic ms. */
  started: number;
  who?: Identified;
}

/** The pipeline of one server. */
export interface Pipeline {
  /** Begins the road: names the request, and puts on the headers that every answer has. */
  begin(request: FastifyRequest, reply: FastifyReply): RequestState;
  stateOf(request: FastifyRequest): RequestState;
  /** Counts a request for what no route answers: whoever is known pays from their own budget, everybody else by address. */
  admitLost(request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Counts a request for what is open to everybody. */
  admitPublic(request: FastifyRequest, reply: FastifyReply): void;
  /** Joins a route with its name to the server. */
  bind(app: FastifyInstance, name: string, bound: BoundRoute): void;
}

/** Headers of every answer, whoever gives it (H01, H03). */
export const everyHeader = (mode: Mode): Record<string, string> => ({
  'x-api-version': API_VERSION,
  'x-aurorasoc-mode': mode,
});

/** A pipeline for one server; what it knows of a request lives as long as the request does. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { clock, ids, random, authority, limiter } = deps;
  const replay = createReplay(deps);
  const states = new WeakMap<IncomingMessage, RequestState>();

  return { begin, stateOf, admitLost, admitPublic, bind };

  function begin(request: FastifyRequest, reply: FastifyReply): RequestState {
    const request_id = requestIdIn(request.headers, ids);
    const trace = traceOf(request.headers, random);
    const remote = remoteOf(request.raw, deps.proxies);
    const state: RequestState = { ...trace, request_id, remote, started: clock.monotonic() };
    states.set(request.raw, state);
    reply.headers({ ...everyHeader(deps.mode()), 'x-request-id': request_id, traceparent: trace.traceparent });
    reply.header('cache-control', 'no-store');
    return state;
  }

  function stateOf(request: FastifyRequest): RequestState {
    const state = states.get(request.raw);
    if (!state) throw new Error('a request without a beginning');
    return state;
  }

  function bind(app: FastifyInstance, name: string, bound: BoundRoute): void {
    const { route } = bound;
    const gather = createGathering(route, route.bulk?.list);
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: route.bulk?.bytes_max ?? BODY_BYTES_MAX,
      config: { name },
      onRequest: (request, reply) => admit(route, request, reply),
      handler: async (request, reply) => {
        const { search } = new URL(request.raw.url ?? '/', 'http://api');
        const params = typeof request.params === 'object' && request.params !== null ? request.params : {};
        const input = gather({ params: { ...params }, search, body: request.body });
        await answer(bound, name, input, { request, reply });
        return reply;
      },
    });
  }

  /* ---- admit ---- */

  async function admit(route: RouteSpec, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const state = stateOf(request);
    if (route.deprecated) reply.headers({ deprecation: 'true', sunset: route.deprecated.sunset });
    try {
      queryOf(request.raw.url); // refuses secrets in it
      refuseEncoded(request);
    } catch (refusal) {
      await admitLost(request, reply);
      throw refusal;
    }
    if (route.permission !== 'PUB') state.who = await identify(request, reply, state);
    count(route, reply, state);
    if (admits(route.permission, state.who?.caller)) return;
    throw new AuroraError(4030, {
      message: `This needs ${route.permission}`,
      detail: { permission: route.permission },
    });
  }

  async function admitLost(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const state = stateOf(request);
    try {
      state.who = await identify(request, reply, state);
    } catch (reason) {
      if (isWrongProof(reason)) return; // it is counted
      throw reason;
    }
    take(reply, ...budgetOf(state.who.caller, deps.limits()));
  }

  function admitPublic(request: FastifyRequest, reply: FastifyReply): void {
    take(reply, ...publicBudget(stateOf(request).remote, deps.limits()));
  }

  /** Whoever gives a wrong proof is counted by address. */
  async function identify(request: FastifyRequest, reply: FastifyReply, { remote }: RequestState): Promise<Identified> {
    try {
      return await authority.identify(request.headers);
    } catch (reason) {
      if (isWrongProof(reason)) take(reply, ...strangersBudget(remote, deps.limits()));
      throw reason;
    }
  }

  function count({ rate = 'user' }: RouteSpec, reply: FastifyReply, { who, remote }: RequestState): void {
    if (rate === 'none') return;
    const limits = deps.limits();
    if (rate === 'login') take(reply, `login:${remote}`, LOGINS_MINUTE_MAX);
    else if (!who) take(reply, ...publicBudget(remote, limits));
    else if (rate === 'chat') take(reply, `chat:${who.caller.username}`, limits.chat_minute_max);
    else take(reply, ...budgetOf(who.caller, limits));
  }

  function take(reply: FastifyReply, name: string, limit: number): void {
    const budget = limiter.take(name, limit);
    reply.headers(budgetHeaders(budget));
    if (budget.is_over) throw new AuroraError(4290, { retry_after_ms: budget.retry_after_ms });
  }

  /* ---- act, answer ---- */

  async function answer(
    bound: BoundRoute,
    name: string,
    input: Record<string, unknown>,
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
  ): Promise<void> {
    const { route } = bound;
    const hung_up = new AbortController();
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) hung_up.abort(new AuroraError(4990));
    });
    let status = route.status ?? 200;
    const context = toContext(request, {
      signal: hung_up.signal,
      answer(chosen) {
        if (chosen !== route.status && !(route.also ?? []).includes(chosen))
          throw new Error(`${name} chose status ${chosen}, which its route does not name: add it to \`also\``);
        status = chosen;
      },
      async once(order, accept) {
        const became = await replay.task({ name, order, context }, accept);
        if (became.joined) reply.header('idempotency-replayed', 'true');
        return became;
      },
    });
    const act = async () => {
      const output = await bound.act(input, context);
      return { status, body: route.media === 'text/plain' ? String(output) : JSON.stringify(output) };
    };

    const given = await replay.answer({ name, route, input, context }, act);
    if (given.is_replayed) reply.header('idempotency-replayed', 'true');
    if ('refusal' in given) throw given.refusal;
    // Not before: what is kept under a key is the whole, and whoever repeats the request may read less, or more.
    send(route, { request, reply }, { ...given, body: answerShownTo(context.caller, route, given.body) });
  }

  function toContext(request: FastifyRequest, more: Pick<RouteContext, 'signal' | 'answer' | 'once'>): RouteContext {
    const { request_id, traceparent, tracestate, remote, who } = stateOf(request);
    return {
      ...more,
      caller: who?.caller,
      proof_until: who?.until,
      remote,
      request_id,
      traceparent,
      tracestate,
      mode: deps.mode(),
      idempotency_key: keyIn(request.headers['idempotency-key']),
      if_match: versionIn(request.headers['if-match']),
    };
  }

  function send(
    route: RouteSpec,
    { request, reply }: { request: FastifyRequest; reply: FastifyReply },
    { status, body }: { status: number; body: string },
  ): void {
    const etag = route.etag && etagOf(route, body);
    if (etag !== undefined) reply.headers({ etag, 'cache-control': 'private, no-cache' });
    if (status === 503) reply.header('retry-after', '1');
    if (etag !== undefined && route.method === 'GET' && isListed(etag, request.headers['if-none-match'])) {
      reply.code(304).send();
      return;
    }
    reply
      .code(status)
      .type(route.media === 'text/plain' ? PROMETHEUS : JSON_TYPE)
      .send(body);
  }
}

/** What is packed is not unpacked: a small body stays a small body (ATK-A21). */
function refuseEncoded({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new AuroraError(4150, { message: 'Send the body without Content-Encoding' });
}

function keyIn(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,200}$/.test(header)) return header;
  throw badHeader('Idempotency-Key', '1 to 200 printable characters without spaces');
}

/** `"3"` is version 3, and so are `"3-…"` as a GET gives it and `W/"3-…"` as a proxy that packs it does; `*` is whatever is there. */
function versionIn(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const [, version] = /^(?:W\/)?"(\d{1,15})(?:-[0-9a-f]{1,64})?"$/.exec(header) ?? [];
  if (version !== undefined) return Number(version);
  throw badHeader('If-Match', 'the ETag of the record as it was read, like "3"');
}

const badHeader = (name: string, rule: string): AuroraError =>
  new AuroraError(4220, {
    message: `Validation failed: ${name} must be ${rule}`,
    detail: { issues: [{ path: `/headers/${name.toLowerCase()}`, message: rule }] },
  });

/**
 * The version for `If-Match`; of a GET also a digest of what it shows, for a record may show more than people edited: how often an
 * alert was seen, the mode in force. A 304 would say that it is as it was.
 */
function etagOf({ method }: RouteSpec, body: string): string | undefined {
  const parsed: unknown = JSON.parse(body);
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  if (typeof version !== 'number') return undefined;
  return method === 'GET' ? `"${version}-${sha256Of(body).slice(0, ETAG_DIGEST_CHARS)}"` : `"${version}"`;
}

/** Whether `If-None-Match` names it: one of a list, weak or not, or `*` (RFC 9110, 13.1.2). No ETag of ours has a comma in it. */
function isListed(etag: string, if_none_match = ''): boolean {
  const named = if_none_match.split(',').map((one) => one.trim().replace(/^W\//, ''));
  return named.includes(etag) || if_none_match.trim() === '*';
}

/** H01. */
const API_VERSION = '1.0';
const ETAG_DIGEST_CHARS = 32;
const JSON_TYPE = 'application/json; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';
const BODY_BYTES_MAX = 1_048_576;
/** Attempts to sign in from one address a minute; those on one account are counted besides. */
const LOGINS_MINUTE_MAX = 60;
