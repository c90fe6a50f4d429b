/** One REST operation as data: server, client, permission check and documents all read it (house.md 4). */
import type { z } from 'zod';

/** A route without its act. */
export interface RouteSpec<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Full path with `{name}` parameters, prefix included. */
  path: string;
  /** `alerts:read` and its kin, or PUB, AUTH, Admin (requirements.md 3). */
  permission: string;
  /** Path, query and body as one object. */
  input: I;
  output: O;
}

/** A route with its act. */
export interface BoundRoute {
  route: RouteSpec;
  /** Takes what `input` accepts as unknown, answers what `output` accepts; throws a ZodError on bad input. */
  act(input: unknown): Promise<unknown>;
}

/** A route that waits for its act. */
export interface Route<I extends z.ZodType, O extends z.ZodType> extends RouteSpec<I, O> {
  /** A method, so that O is settled before the act is read (house.md 3, the trap). */
  implement(act: (input: z.output<I>) => z.input<O> | Promise<z.input<O>>): BoundRoute;
}

/** Declares a route. */
export function route<I extends z.ZodType, O extends z.ZodType>(spec: RouteSpec<I, O>): Route<I, O> {
  return {
    ...spec,
    implement: (act) => ({
      route: spec,
      act: async (input) => spec.output.parse(await act(spec.input.parse(input))),
    }),
  };
}
