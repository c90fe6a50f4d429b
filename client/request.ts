/** A request outside the table of routes: another path of the same server, a form to upload (requirements.md N01, N05). */
import type { z } from 'zod';
import { queryWith, readWith, type Operation, type OperationKind } from './operation.ts';

/** What is asked. */
export interface RawRequest<O extends z.ZodType> {
  method: Operation['method'];
  /** From the root of the server: `/api/v1/nexus/upload`. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean>>;
  /** JSON. */
  body?: unknown;
  /** A form instead: the runtime sets the content type. */
  form?: FormData;
  output: O;
  kind?: OperationKind;
}

/** As an operation, with the rules of its method: a POST gets its key, and is repeated under it. */
export function requestOf<O extends z.ZodType>({
  method,
  path,
  query = {},
  body,
  form,
  output,
  kind,
}: RawRequest<O>): Operation<z.output<O>> {
  return {
    name: `${method} ${path}`,
    method,
    path: path + queryWith(Object.entries(query)),
    body: form ?? (body === undefined ? undefined : JSON.stringify(body)),
    kind: kind ?? (method === 'GET' ? 'read' : 'write'),
    statuses: [200, 201, 202],
    is_proven: true,
    keyed: method === 'POST' ? 'replay' : undefined,
    instead: undefined,
    read: (text, request_id) => readWith(output, text, { operation: `${method} ${path}`, request_id }),
  };
}
