/** How a port says no over HTTP: the one error envelope, on a response or on a bare socket. */
import type { ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AuroraError, errorData, httpStatus } from '../protocol/index.ts';
import type { Clock, Ids } from '../seams/index.ts';
import { toIso } from '../seams/index.ts';

/** Both ways to say no. `reason` is what was thrown; what is no AuroraError is told as 5000 and goes to `onFault`. */
export interface Refusal {
  onResponse(response: ServerResponse, reason: unknown): void;
  /** On a socket without a response: an upgrade, or bytes that were no request. It is closed after. `more` are headers besides. */
  onWire(wire: Socket, reason: unknown, more?: Readonly<Record<string, string>>): void;
}

/** Makes the refusals of one port. */
export function createRefusal(deps: {
  clock: Clock;
  ids: Pick<Ids, 'uuid'>;
  onFault: (fault: unknown) => void;
  /** Headers besides; `x-request-id` is added where there are any. */
  headers?: (() => Readonly<Record<string, string>>) | undefined;
}): Refusal {
  const render = (reason: unknown) => {
    const error = AuroraError.from(reason);
    if (!(reason instanceof AuroraError)) deps.onFault(reason);
    const request_id = deps.ids.uuid();
    const data = errorData(error, { request_id, at: toIso(deps.clock.now()) });
    const body = JSON.stringify({ error: data });
    const own = deps.headers && { ...deps.headers(), 'x-request-id': request_id };
    const retry_after_s = Math.ceil((error.retry_after_ms ?? 0) / 1_000);
    const retry = retry_after_s > 0 && { 'retry-after': String(retry_after_s) };
    const headers = {
      ...SAFE_HEADERS,
      ...own,
      ...retry,
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(body),
    };
    return { status: httpStatus(error.code), headers, body };
  };

  return {
    onResponse(response, reason) {
      const { status, headers, body } = render(reason);
      if (response.headersSent)
        response.destroy(); // half an answer must not look whole
      else response.writeHead(status, headers).end(body);
    },
    onWire(wire, reason, more) {
      const { status, headers, body } = render(reason);
      if (!wire.writable) {
        wire.destroy();
        return;
      }
      const fields = Object.entries({ ...headers, ...more, connection: 'close' }).map(
        ([name, value]) => `${name}: ${value}`,
      );
      wire.once('finish', () => wire.destroy());
      wire.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields.join('\r\n')}\r\n\r\n${body}`);
    },
  };
}

/** Nothing a port answers is sniffed, framed, run or kept, unless its route says otherwise. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

const JSON_TYPE = 'application/json; charset=utf-8';
