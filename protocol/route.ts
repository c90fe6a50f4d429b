/** One REST operation as data: server, client, permission check and documents all read it (house.md 4). */
import { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { Mode } from './handoff.ts';
import type { Access, Permission, Role } from './permission.ts';

/** A route without its act. */
export interface RouteSpec<
  I extends z.ZodObject = z.ZodObject,
  O extends z.ZodType = z.ZodType,
  T extends z.ZodObject = z.ZodObject,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Full path with `{name}` parameters, prefix included. */
  path: string;
  /** `alerts:read` and its kin, or PUB, AUTH, Admin (requirements.md 3). */
  permission: Access;
  /** One sentence for people. */
  summary: string;
  /** Rows of requirements.md that it keeps, e.g. `E015`. */
  keeps: readonly string[];
  /** Path, query and body as one object: what the path names, then `query`, then the body's members. */
  input: I;
  /** Members of the input that stand in the query; all that the path does not name, for GET and DELETE. */
  query?: readonly string[];
  output: O;
  /** What it takes to read the output, where it is more than it takes to act: whoever may only act is told `told` of it (ATK-D4). */
  shows?: Shows<T>;
  /** Status of its success, 200 unless said. */
  status?: number;
  /** Further statuses of success that `answer` may choose. */
  also?: readonly number[];
  /** The member of its body that is a list whose entries are judged one by one (T13), and how large the body may be: 1 MiB unless said. */
  bulk?: { list: string; bytes_max: number };
  /** Which budget a call is counted against; `user` unless said (R29, R30, T13). */
  rate?: RateClass;
  /** What an `Idempotency-Key` does; `replay` for every POST unless said (T06). */
  idempotency?: Idempotency;
  /** Errors of its own, beside those of every route. */
  errors?: readonly ErrorCode[];
  /** The member of the output that its `ETag` begins with, and `If-Match` is compared with; that of a GET changes with all it shows (T06). */
  etag?: 'version';
  /** Whether a write refuses an `If-Match` that names another version (4120); a PATCH does where it has an `etag`. */
  if_match?: true;
  /** `text/plain` for the one that is no JSON. */
  media?: 'application/json' | 'text/plain';
  /** H04, H05: it works until `sunset`, an ISO date-time; `instead` names the route to use. */
  deprecated?: { sunset: string; instead: string };
}

/** A permission to read, and what is told without it: what the caller needs to go on, and the name of that permission. */
export interface Shows<T extends z.ZodObject = z.ZodObject> {
  permission: Permission;
  told: T;
}

/** Says what an output shows, and which part of it is told to everybody who may act. */
export const shows = <P extends Permission, S extends z.core.$ZodLooseShape>(permission: P, part: z.ZodObject<S>) => ({
  permission,
  told: part.extend({ hidden: z.literal(permission).describe('the permission that reading the rest needs') }),
});

/** `user`: the ordinary budget of a caller. `chat`: a smaller one. `login`: by account and address. `none`: health. */
export type RateClass = 'user' | 'chat' | 'login' | 'none';

/**
 * `replay`: the first answer is kept and given again. `task`: a repetition joins the same task and hears how it is now (PROM-P2). `once`: the answer
 * may hold a secret that is shown once; then a repetition is refused with 4090. `none`: the key changes nothing.
 */
export type Idempotency = 'replay' | 'task' | 'once' | 'none';

/** Who asks. A key acts for its owner, with fewer rights. */
export interface Caller {
  /** `user:<username>`. */
  sub: string;
  username: string;
  role: Role;
  permissions: readonly Permission[];
  /** The session behind an access token, or the API key. */
  session_id?: string;
  key_id?: string;
}

/** What an act is given beside its input. */
export interface RouteContext {
  /** Undefined on a public route without credentials. */
  caller: Caller | undefined;
  /** Until when the proof of the caller lasts, wall ms; undefined for a key. */
  proof_until: number | undefined;
  /** The caller's address, for counting. */
  remote: string;
  request_id: string;
  /** W3C trace context: the caller's trace, or one of ours. */
  traceparent: string;
  tracestate: string | undefined;
  /** The mode in force. */
  mode: Mode;
  idempotency_key: string | undefined;
  /** The version that `If-Match` names. */
  if_match: number | undefined;
  /** Aborts when the caller hung up. */
  signal: AbortSignal;
  /** Chooses one of the route's other statuses. */
  answer(status: number): void;
  /**
   * For routes that accept work: under the caller's `Idempotency-Key` the same order is given once, and whoever repeats it, or comes
   * meanwhile, joins the task that it became. Another order under the key is 4090.
   */
  once(order: object, accept: () => Promise<string>): Promise<{ task_id: string; joined: boolean }>;
}

/** A route with its act. */
export interface BoundRoute {
  route: RouteSpec;
  /** Takes what `input` accepts as unknown, answers what `output` accepts; throws a ZodError on bad input. */
  act(input: unknown, context: RouteContext): Promise<unknown>;
}

/** A route that waits for its act. */
export interface Route<I extends z.ZodObject, O extends z.ZodType, T extends z.ZodObject> extends RouteSpec<I, O, T> {
  /** A method, so that O is settled before the act is read (house.md 3, the trap). */
  implement(act: (input: z.output<I>, context: RouteContext) => z.input<O> | Promise<z.input<O>>): BoundRoute;
}

/** Declares a route. */
export function route<I extends z.ZodObject, O extends z.ZodType, T extends z.ZodObject = never>(
  spec: RouteSpec<I, O, T>,
): Route<I, O, T> {
  return {
    ...spec,
    implement: (act) => ({
      route: spec,
      act: async (input, context) => spec.output.parse(await act(spec.input.parse(input), context)),
    }),
  };
}

/** The names in a path's braces, in order. */
export const pathNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);

/** The members of the input that stand in the query. */
export function queryNames({ method, path, input, query = [] }: RouteSpec): readonly string[] {
  if (method !== 'GET' && method !== 'DELETE') return query;
  const in_path = pathNames(path);
  return Object.keys(input.shape).filter((name) => !in_path.includes(name));
}
