/** A route and its input as an HTTP request, and the answer as its output: both are checked here (requirements.md K03). */
import { z } from 'zod';
import { pathNames, queryNames, type RouteSpec } from '../protocol/index.ts';
import { InvalidRequestError, InvalidResponseError } from './errors.ts';

/** What is asked, ready to be sent as often as needed. */
export interface Operation<O = unknown> {
  /** `alerts.create` */
  name: string;
  method: RouteSpec['method'];
  /** Behind the root, query included. */
  path: string;
  /** JSON as text, or a form whose content type, with its boundary, the runtime sets (N05). */
  body: string | FormData | undefined;
  /** Which of the timeouts counts (K22). */
  kind: OperationKind;
  /** Statuses of success. */
  statuses: readonly number[];
  /** It needs to be known who asks. */
  is_proven: boolean;
  /** What an `Idempotency-Key` does to it; undefined for what is not written twice anyway, or always is. */
  keyed: 'replay' | 'task' | 'once' | undefined;
  /** The route to use instead, where this one is on its way out. */
  instead: string | undefined;
  /** From text to what the caller gets; throws InvalidResponseError. */
  read: (text: string, request_id: string | undefined) => O;
}

/** `wait` is a call that answers when the work is done, `bulk` one with much in it. */
export type OperationKind = 'read' | 'write' | 'auth' | 'bulk' | 'wait';

/** Checks the input and takes it apart. */
export function toOperation(name: string, spec: RouteSpec, input: unknown = {}): Operation {
  const checked = spec.input.safeParse(input);
  if (!checked.success) {
    throw new InvalidRequestError(z.prettifyError(checked.error), { operation: name, cause: checked.error });
  }
  // What was given is sent, not what was made of it: defaults are the server's.
  const given = Object.entries(input ?? {}).filter(([, value]) => value !== undefined);
  const in_path = pathNames(spec.path);
  const in_query = queryNames(spec);
  const has_body = spec.method !== 'GET' && spec.method !== 'DELETE';
  const rest = given.filter(([key]) => !in_path.includes(key) && !in_query.includes(key));
  const { idempotency = spec.method === 'POST' ? 'replay' : 'none' } = spec;
  return {
    name,
    method: spec.method,
    path: pathWith(name, spec.path, new Map(given)) + queryWith(given.filter(([key]) => in_query.includes(key))),
    body: has_body ? JSON.stringify(Object.fromEntries(rest)) : undefined,
    kind: kindOf(name, spec, checked.data),
    statuses: [spec.status ?? 200, ...(spec.also ?? [])],
    is_proven: spec.permission !== 'PUB',
    keyed: idempotency === 'none' ? undefined : idempotency,
    instead: spec.deprecated?.instead,
    read: (text, request_id) => readAnswer(spec, text, { operation: name, request_id }),
  };
}

/** Checks an answer. Unknown members pass and are left out: what is added later breaks nobody. */
export function readWith<S extends z.ZodType>(schema: S, text: string, about: About): z.output<S> {
  return check(schema, valueIn(text, about), about);
}

/** The answer of a route: its output, or what is told of that where reading it needs more, which it says itself. */
function readAnswer({ output, shows, media }: RouteSpec, text: string, known: About): unknown {
  const about = { ...known, media };
  const value = valueIn(text, about);
  return check(shows && Hidden.safeParse(value).data?.hidden === shows.permission ? shows.told : output, value, about);
}

interface About {
  operation: string;
  request_id: string | undefined;
  media?: RouteSpec['media'];
}

function check<S extends z.ZodType>(schema: S, value: unknown, about: About): z.output<S> {
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const message = `the answer has another form: ${z.prettifyError(checked.error)}`;
  throw new InvalidResponseError(message, { ...about, cause: checked.error });
}

const valueIn = (text: string, about: About): unknown => (about.media === 'text/plain' ? text : parseJson(text, about));

function parseJson(text: string, about: About): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidResponseError('the answer is no JSON', { ...about, cause });
  }
}

function pathWith(operation: string, path: string, given: ReadonlyMap<string, unknown>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_braces, key: string) => {
    const value = toText(given.get(key));
    // A dot segment would be another path before it is sent.
    if (/^\.{0,2}$/.test(value)) throw new InvalidRequestError(`${key} cannot stand in a path`, { operation });
    return encodeURIComponent(value);
  });
}

/** `?a=b`, or nothing. */
export function queryWith(given: readonly (readonly [string, unknown])[]): string {
  const query = new URLSearchParams();
  for (const [key, value] of given) query.append(key, toText(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

const toText = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';

function kindOf(name: string, { method }: RouteSpec, input: Record<string, unknown>): OperationKind {
  if (name.startsWith('auth.')) return 'auth';
  if (input['wait'] === true) return 'wait';
  if (name.endsWith('.bulk')) return 'bulk';
  return method === 'GET' ? 'read' : 'write';
}

const Hidden = z.object({ hidden: z.string() });
