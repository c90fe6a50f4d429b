/** The HTTP server: bytes become requests, routes are bound, and whatever goes wrong has one form. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import underPressure from '@fastify/under-pressure';
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import { createLineShare } from '../mesh/index.ts';
import { AuroraError, FRAME_LIMITS, valuesIn, type BoundRoute } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import { toRefusal } from './envelope.ts';
import type { OpenApi } from './openapi.ts';
import { createPipeline, everyHeader, type PipelineDeps } from './pipeline.ts';

/** What a server is made of. */
export interface ServerOptions extends PipelineDeps {
  /** The routes with their acts, by name: the API's own, and those of other faces (house.md 2). */
  bindings: readonly (readonly [string, BoundRoute])[];
  /** Describes them, for people: shown under `/docs`. */
  document: OpenApi;
  /** Whether a stream is at that path: it is there, and not for requests. */
  isStream: (path: string) => boolean;
  /** When the event loop stands still that long on the average of a second, requests are refused, health excepted: 1 000 ms. */
  lag_ms_max?: number | undefined;
}

/** A server without a port. */
export interface ApiServer {
  handle(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** Joins the routes behind the pipeline. */
export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const { clock, ids, log, metrics, bindings, lag_ms_max = LAG_MS_MAX } = options;
  const pipeline = createPipeline(options);
  const mayWrite = createLineShare({
    clock,
    onMinute: (unlogged) =>
      log.warn({ unlogged }, 'more requests of strangers came within a minute, and are only counted'),
  });
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    frameworkErrors: (error, _request, reply) => refuseUnbegun(error, reply),
  });

  app.addHook('onRequest', async (request, reply) => void pipeline.begin(request, reply));
  app.addHook('onResponse', async (request, reply) => tell(request, reply));
  app.setErrorHandler((reason: unknown, request, reply) => refuse(reason, request, reply));
  app.setNotFoundHandler((request, reply) => refuse(whyLost(request, reply), request, reply));
  onlyJson();

  await app.register(helmet, { contentSecurityPolicy: { directives: NOTHING_LOADED, useDefaults: false } });
  await app.register(cors, {
    origin: [...options.origins],
    credentials: true,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    allowedHeaders: ASKED_HEADERS,
    exposedHeaders: TOLD_HEADERS,
    maxAge: 600,
    strictPreflight: false, // an OPTIONS from no page is answered as one that is: with every header, and nothing allowed
  });
  await app.register(underPressure, {
    maxEventLoopDelay: lag_ms_max,
    pressureHandler: (request, reply) => {
      if (pathOf(request).startsWith('/health')) return;
      void refuse(new AuroraError(5030, { message: 'Too much at once', retry_after_ms: 2_000 }), request, reply);
    },
  });
  app.addHook('onRequest', async (request, reply) => {
    if (nameOf(request) === DOCS) pipeline.admitPublic(request, reply);
    if (!request.is404) return;
    await pipeline.admitLost(request, reply);
    throw whyLost(request, reply); // nobody reads its body
  });
  await app.register(swagger, { mode: 'static', specification: { document: options.document } });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true, uiConfig: { deepLinking: false } });
  for (const [name, bound] of bindings) pipeline.bind(app, name, bound);
  await app.ready();

  return {
    handle: (request, response) => app.routing(request, response),
    close: async () => app.close(),
  };

  /** Nothing there, or not with that method; what may be asked instead goes on the reply. */
  function whyLost(request: FastifyRequest, reply: FastifyReply): AuroraError {
    const path = pathOf(request);
    const there = bindings.filter(([, { route }]) => shapeOf(route.path).test(path));
    if (there.length > 0) reply.header('allow', [...new Set(there.map(([, { route }]) => route.method))].join(', '));
    else if (options.isStream(path)) return new AuroraError(4000, { message: STREAM });
    return new AuroraError(there.length > 0 ? 4050 : 4040);
  }

  /** A body is JSON or it is refused; an empty one is none, whatever its type says. */
  function onlyJson(): void {
    const parse = app.getDefaultJsonParser('error', 'error');
    const parseEntries = app.getDefaultJsonParser('ignore', 'ignore'); // a poisoned entry is refused by itself
    const bulks = new Set(bindings.filter(([, { route }]) => route.bulk).map(([name]) => name));
    app.removeAllContentTypeParsers();
    app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      if (body.length === 0) {
        done(null, undefined);
        return;
      }
      if (!isUtf8(body)) {
        done(new AuroraError(4000, { message: 'The body is no UTF-8' }));
        return;
      }
      const [text, is_bulk] = [body.toString(), bulks.has(nameOf(request))];
      const values_max = is_bulk ? BULK_VALUES_MAX : BODY_VALUES_MAX;
      if (valuesIn(text) > values_max) done(tooMany(values_max));
      else void (is_bulk ? parseEntries : parse)(request, text, done);
    });
  }

  function refuse(reason: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { request_id, remote, who } = pipeline.stateOf(request);
    const { error, status, headers, body } = toRefusal(reason, { request_id, at: toIso(clock.now()) });
    const about = { request_id, route: nameOf(request), code: error.code };
    const is_fault = status >= 500 && (who !== undefined || mayWrite(remote));
    if (is_fault) log.error({ ...about, err: error.cause ?? error }, 'a request failed');
    else log.debug({ ...about, why: error.message }, 'a request was refused');
    return reply.code(status).headers(headers).type(JSON_TYPE).send(body);
  }

  /** The address could not even be read: no hook has run. */
  function refuseUnbegun(error: FastifyError, reply: FastifyReply): void {
    const request_id = ids.uuid();
    const refused = toRefusal(new AuroraError(4000, { cause: error }), { request_id, at: toIso(clock.now()) });
    reply
      .code(refused.status)
      .headers({ ...everyHeader(options.mode()), 'x-request-id': request_id, ...refused.headers })
      .type(JSON_TYPE)
      .send(refused.body);
  }

  /** One line a request, by the name of its route: an address may hold what nobody should read. Strangers have a share of the lines. */
  function tell(request: FastifyRequest, reply: FastifyReply): void {
    const { request_id, traceparent, remote, started, who } = pipeline.stateOf(request);
    const ms = Math.round(clock.monotonic() - started);
    const route = nameOf(request);
    const { statusCode: status } = reply;
    metrics.observe('api_request_ms', ms, { route, status: `${Math.floor(status / 100)}xx` });
    const { sub, key_id } = who?.caller ?? {};
    if (!who && !mayWrite(remote)) return;
    const trace_id = traceparent.slice(3, 35);
    log.info(
      {
        request_id,
        trace_id,
        method: request.method,
        route,
        status,
        ms,
        remote,
        ...(sub && { sub }),
        ...(key_id && { key_id }),
      },
      'request',
    );
  }
}

const tooMany = (values_max: number): AuroraError =>
  new AuroraError(4130, { message: `The body has more than ${values_max} values`, detail: { values_max } });

const nameOf = ({ routeOptions }: FastifyRequest): string => {
  const { config, url } = routeOptions;
  if ('name' in config && typeof config.name === 'string') return config.name;
  return url?.startsWith('/docs') ? DOCS : 'none';
};
const pathOf = ({ raw }: FastifyRequest): string => raw.url?.split('?', 1)[0] ?? '';
const shapeOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);

const DOCS = 'docs';
const STREAM = 'This is a stream: open it as a WebSocket';
const JSON_TYPE = 'application/json; charset=utf-8';
const BODY_BYTES_MAX = 1_048_576;
/** Values of a body: whatever people measure takes 11 bytes each, and params have 256 KiB; those of a bulk are a frame's. */
const BODY_VALUES_MAX = 25_000;
const BULK_VALUES_MAX = FRAME_LIMITS.values_max;
const PARAM_CHARS_MAX = 256;
const LAG_MS_MAX = 1_000;
const NOTHING_LOADED = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };
const ASKED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'X-API-Key',
  'X-Request-ID',
  'X-Requested-With',
  'traceparent',
  'tracestate',
];
const TOLD_HEADERS = [
  'Deprecation',
  'ETag',
  'Idempotency-Replayed',
  'Retry-After',
  'Sunset',
  'X-API-Version',
  'X-AuroraSOC-Mode',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-ID',
];
