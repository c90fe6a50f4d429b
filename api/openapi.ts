/** The OpenAPI 3.1 document, made from the route table: what it says is what the server does. */
import { z } from 'zod';
import {
  ERRORS,
  errorCodeText,
  httpStatus,
  pathNames,
  queryNames,
  StreamQuery,
  type ErrorCode,
  type RouteSpec,
  type StreamSpec,
} from '../protocol/index.ts';

/** The parts that we write. */
export interface OpenApi {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, object>>;
  components: Record<string, Record<string, object>>;
}

/** Describes the routes and streams, by their names. */
export function openApiOf(
  routes: readonly (readonly [string, RouteSpec])[],
  streams: readonly (readonly [string, StreamSpec])[],
  version: string,
): OpenApi {
  const paths = new Map<string, Record<string, object>>();
  const add = (path: string, method: string, operation: object) =>
    paths.set(path, { ...paths.get(path), [method.toLowerCase()]: operation });
  for (const [name, route] of routes) add(route.path, route.method, toOperation(name, route));
  for (const [name, stream] of streams) add(stream.path, 'get', toStreamOperation(name, stream));
  const tags = [...new Set(routes.map(([name]) => tagOf(name))), 'streams'];
  return {
    openapi: '3.1.0',
    info: { title: 'Aurora Mesh', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: tags.map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'of POST /api/v1/auth/token' },
        key: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'of POST /api/v1/auth/api-keys' },
      },
      schemas: { Error: toSchema(Envelope, 'output') },
    },
  };
}

function toOperation(name: string, route: RouteSpec): object {
  const { permission, shows, status = 200, also = [], rate = 'user', keeps, deprecated } = route;
  const { idempotency = route.method === 'POST' ? 'replay' : 'none' } = route;
  const media = route.media ?? 'application/json';
  const whole = toSchema(route.output, 'output');
  const ok = { [media]: { schema: shows ? { oneOf: [whole, toSchema(shows.told, 'output')] } : whole } };
  const described = shows ? `As asked; without ${shows.permission} the smaller one.` : 'As asked.';
  const body = bodyOf(route);
  return {
    operationId: name,
    summary: route.summary,
    tags: [tagOf(name)],
    ...(deprecated && { deprecated: true, description: `Use ${deprecated.instead}; it ends at ${deprecated.sunset}.` }),
    security: permission === 'PUB' ? [] : [{ bearer: [] }, { key: [] }],
    parameters: [...parametersOf(route), ...headersOf(route, idempotency)],
    ...(body && {
      requestBody: { required: body.is_needed, content: { 'application/json': { schema: body.schema } } },
    }),
    responses: {
      ...Object.fromEntries([status, ...also].map((code) => [code, { description: described, content: ok }])),
      ...(route.etag &&
        route.method === 'GET' && { 304: { description: 'As in the answer whose ETag came as If-None-Match.' } }),
      ...errorResponses(route),
    },
    'x-aurora': { permission, ...(shows && { shows: shows.permission }), rate, idempotency, keeps: [...keeps] },
  };
}

function toStreamOperation(
  name: string,
  { path, permission, shows, summary, keeps, kinds, event }: StreamSpec,
): object {
  const about_agent: ErrorCode[] = pathNames(path).includes('agent_id') ? [4043] : [];
  const codes: ErrorCode[] = [4010, 4011, 4012, 4030, 4040, ...about_agent, 4220, 4290, 5030];
  return {
    operationId: `streams.${name}`,
    summary,
    description: 'A WebSocket. Every message is one JSON frame {type, seq, at, id, data}.',
    tags: ['streams'],
    security: [{ bearer: [] }, { key: [] }, {}],
    parameters: [
      ...pathNames(path).map((param) => ({
        name: param,
        in: 'path',
        required: true,
        schema: { type: 'string', maxLength: 64 },
      })),
      ...Object.entries(propertiesOf(toSchema(StreamQuery, 'input'))).map(([param, schema]) => ({
        name: param,
        in: 'query',
        required: false,
        schema,
      })),
    ],
    responses: { 101: { description: 'The stream.' }, ...errorsAs(codes) },
    'x-aurora': { permission, shows, kinds: [...kinds], keeps: [...keeps], event: toSchema(event, 'output') },
  };
}

function parametersOf(route: RouteSpec): object[] {
  const properties = propertiesOf(toSchema(route.input, 'input'));
  const required = requiredOf(route);
  return [
    ...pathNames(route.path).map((name) => ({ name, in: 'path', required: true, schema: properties[name] ?? {} })),
    ...queryNames(route).map((name) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema: properties[name] ?? {},
    })),
  ];
}

function headersOf(route: RouteSpec, idempotency: string): object[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string', maxLength: 200 },
  });
  return [
    ...(idempotency === 'none' ? [] : [header('Idempotency-Key', 'the same key is the same request')]),
    ...(takesIfMatch(route) ? [header('If-Match', 'the ETag that was read; 412 when it was edited since')] : []),
  ];
}

const takesIfMatch = ({ etag, method, if_match }: RouteSpec): boolean =>
  if_match !== undefined || (etag !== undefined && method === 'PATCH');

/** What is neither in the path nor in the query; undefined where nothing is left. */
function bodyOf(route: RouteSpec): { schema: object; is_needed: boolean } | undefined {
  if (route.method === 'GET' || route.method === 'DELETE') return undefined;
  const schema = toSchema(route.input, 'input');
  const elsewhere = [...pathNames(route.path), ...queryNames(route)];
  const own = Object.entries(propertiesOf(schema)).filter(([name]) => !elsewhere.includes(name));
  if (own.length === 0) return undefined;
  const required = requiredOf(route).filter((name) => !elsewhere.includes(name));
  return {
    is_needed: required.length > 0,
    schema: {
      ...schema,
      type: 'object',
      properties: Object.fromEntries(own),
      required,
      additionalProperties: false,
    },
  };
}

function requiredOf({ input }: RouteSpec): string[] {
  const { required = [] } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return required;
}

/** What may go wrong with this route: what is said of every one, and what it says itself. */
function errorResponses(route: RouteSpec): object {
  const { permission, method, path, rate, errors = [], input } = route;
  const codes: ErrorCode[] = [
    ...(permission === 'PUB' ? [] : ([4010, 4011, 4012, 4030] as const)),
    ...(Object.keys(input.shape).length > 0 ? ([4220] as const) : []),
    ...(method === 'GET' || method === 'DELETE' ? [] : ([4000, 4130, 4150, 4220, 4090] as const)),
    ...(pathNames(path).length > 0 ? ([4040] as const) : []),
    ...(takesIfMatch(route) ? ([4120] as const) : []),
    ...(rate === 'none' ? [] : ([4290] as const)),
    ...errors,
    4000,
    4010,
    5000,
    5030,
  ];
  return errorsAs(codes);
}

/** One answer a status, with the codes that it may carry. */
function errorsAs(codes: readonly ErrorCode[]): object {
  const by_status = new Map<number, Set<ErrorCode>>();
  for (const code of codes) {
    const status = httpStatus(code);
    by_status.set(status, (by_status.get(status) ?? new Set<ErrorCode>()).add(code));
  }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...by_status].map(([status, own]) => [
      status,
      { description: [...own].map((code) => `${errorCodeText(code)} ${ERRORS[code]}`).join(' · '), content },
    ]),
  );
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const propertiesOf = ({ properties }: Record<string, unknown>): Record<string, object> =>
  Object.fromEntries(Object.entries(Properties.parse(properties ?? {})));

const tagOf = (name: string): string => name.split('.', 1)[0] ?? name;

const Properties = z.record(
  z.string(),
  z.custom<object>((value) => typeof value === 'object' && value !== null),
);

/** V01, with when to repeat. */
const Envelope = z.object({
  error: z.object({
    code: z.string().describe('AURORA-nnnn'),
    message: z.string(),
    detail: z.unknown(),
    timestamp: z.string(),
    request_id: z.string(),
    retryable: z.boolean(),
    retry_after_ms: z.number().optional(),
  }),
});

const DESCRIPTION =
  'Alerts, investigations, approvals and the fleet of Aurora Mesh. Every answer carries X-API-Version, X-Request-ID and ' +
  'X-AuroraSOC-Mode; every error is {error: {code, message, detail, timestamp, request_id}}.';
