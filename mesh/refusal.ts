/** How a port says no over HTTP: the one error envelope, on a response or on a bare socket. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AuroraError, challengeOf, errorData, httpStatus } from '../protocol/index.ts';
import type { Clock, Ids } from '../seams/index.ts';
import { toIso } from '../seams/index.ts';
import { toHostPort } from './addresses.ts';
import type { RefusedLog } from './refused-log.ts';

/**
 * Both ways to say no. `reason` is what was thrown; what is no AuroraError is told as 5000 and goes to `onFault`. `request` is what is
 * refused: it keeps the id that it came with.
 */
export interface Refusal {
  onResponse(response: ServerResponse, reason: unknown, request: IncomingMessage): void;
  /** On a socket without a response: an upgrade, or bytes that were no request. It is closed after. `more` are headers besides. */
  onWire(wire: Socket, reason: unknown, request?: Asking, more?: Readonly<Record<string, string>>): void;
}

/** What is asked, as far as a refusal looks at it. */
export type Asking = Pick<IncomingMessage, 'headers' | 'method' | 'url' | 'socket'>;

/** Makes the refusals of one port. */
export function createRefusal(deps: {
  clock: Clock;
  ids: Pick<Ids, 'uuid'>;
  onFault: (fault: unknown) => void;
  /** Headers besides; `x-request-id` is added where there are any. */
  headers?: ((request?: Asking) => Readonly<Record<string, string>>) | undefined;
  /** Hears of each, for the log. */
  tell?: RefusedLog | undefined;
}): Refusal {
  const render = (reason: unknown, request: Asking | undefined, wire: Socket | undefined) => {
    const error = AuroraError.from(reason);
    if (!(reason instanceof AuroraError)) deps.onFault(reason);
    const request_id = requestIdIn(request?.headers ?? {}, deps.ids);
    deps.tell?.({ ...aboutOf(request, wire), code: error.code, why: error.message, request_id }, REFUSED);
    const data = errorData(error, { request_id, at: toIso(deps.clock.now()) });
    const body = JSON.stringify({ error: data });
    const own = deps.headers && { ...deps.headers(request), 'x-request-id': request_id };
    const retry_after_s = Math.ceil((error.retry_after_ms ?? 0) / 1_000);
    const retry = retry_after_s > 0 && { 'retry-after': String(retry_after_s) };
    const challenge = challengeOf(error.code);
    const headers = {
      ...SAFE_HEADERS,
      ...own,
      ...retry,
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      'content-type': JSON_TYPE,
      'content-length': Buffer.byteLength(body),
    };
    return { status: httpStatus(error.code), headers, body };
  };

  return {
    onResponse(response, reason, request) {
      const { status, headers, body } = render(reason, request, request.socket);
      if (response.headersSent) {
        response.destroy(); // half an answer must not look whole
        return;
      }
      response.writeHead(status, headers).write(body);
      void passOverRest(request, deps.clock).then(() => response.end());
    },
    onWire(wire, reason, request, more) {
      const { status, headers, body } = render(reason, request, wire);
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

/**
 * Reads on for a moment what is still sent, and forgets it: a connection that is closed over bytes nobody read takes the answer with it
 * (RFC 9112, 9.6).
 */
function passOverRest(request: IncomingMessage, clock: Clock): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const cancel = clock.after(REST_MS_MAX, over);
    request.once('end', over).once('close', over).resume();
    function over(): void {
      cancel();
      resolve();
    }
  });
}

/** Who a socket leads to, `host:port`; `unknown` where it is closed and nobody asked before. */
export const remoteIn = (wire: Pick<Socket, 'remoteAddress' | 'remotePort'> | undefined): string =>
  wire?.remoteAddress === undefined ? 'unknown' : toHostPort(wire.remoteAddress, false, wire.remotePort);

const aboutOf = (request: Asking | undefined, wire: Socket | undefined) => ({
  remote: remoteIn(wire),
  ...(request && { method: request.method, path: request.url?.split('?', 1)[0], origin: request.headers.origin }),
});

/** The id that a caller gave their request, when it is a UUID; else a new one (H02). */
export function requestIdIn(headers: IncomingHttpHeaders, ids: Pick<Ids, 'uuid'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && UUID.test(given) ? given.toLowerCase() : ids.uuid();
}

/** Nothing a port answers is sniffed, framed, run or kept, unless its route says otherwise. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** How long the rest of what was refused is read, ms. */
const REST_MS_MAX = 2_000;
const REFUSED = 'the port refused a request';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const JSON_TYPE = 'application/json; charset=utf-8';
