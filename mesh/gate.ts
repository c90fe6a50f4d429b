/** What a request must be before anything else looks at it. */
import type { IncomingMessage } from 'node:http';
import { AuroraError } from '../protocol/index.ts';
import { isAllowedHost, toHostPort } from './addresses.ts';

/** Refuses what is not bounded (ATK-A1), not meant for us (DNS rebinding), or expects what nobody here does (RFC 9110, 10.1.1). */
export function checkRequest(request: IncomingMessage, secure: boolean, allowed_hosts: readonly string[]): void {
  if (request.rawHeaders.length > 2 * HEADERS_MAX) throw new AuroraError(4310);
  if (!request.url?.startsWith('/')) throw new AuroraError(4000, { message: 'The request target must be a path' });
  for (const name of SENT_ONCE)
    if (countOf(name.toLowerCase(), request.rawHeaders) > 1)
      throw new AuroraError(4000, { message: `Send one ${name}` });
  const { host = '', expect } = request.headers;
  if (expect !== undefined && !CONTINUE.test(expect))
    throw new AuroraError(4000, { message: 'No expectation but 100-continue can be met' });
  if (isAllowedHost(host, allowed_hosts) || isAllowedHost(toHostPort(host, secure), allowed_hosts)) return;
  throw new AuroraError(4030, { message: 'This port does not answer for that Host' });
}

/** A page in somebody's browser may connect only when its origin is configured. Version 8 of the protocol had its own header. */
export function checkOrigin(request: IncomingMessage, allow_origins: readonly string[]): void {
  if (originsOf(request).some((origin) => !allow_origins.includes(origin)))
    throw new AuroraError(4030, { message: 'Origin not allowed' });
}

/** wire.md 1: `mesh.v1` when it is offered, bare when nothing is, refused when only strangers are. A page is nobody's anonymous. */
export function agreedProtocol(request: IncomingMessage): string {
  const offered = request.headers['sec-websocket-protocol'];
  if (offered === undefined) {
    if (originsOf(request).length === 0) return '';
    throw new AuroraError(4030, { message: `A page may not come bare: it offers ${MESH_PROTOCOL} and proves a key` });
  }
  if (offered.split(',').some((name) => name.trim() === MESH_PROTOCOL)) return MESH_PROTOCOL;
  throw new AuroraError(4000, {
    message: `The subprotocol here is ${MESH_PROTOCOL}`,
    detail: { protocols: [MESH_PROTOCOL] },
  });
}

/** Where a page says it is from. */
const originsOf = ({ headers }: IncomingMessage): string[] =>
  [headers.origin, headers['sec-websocket-origin']].flat().filter((origin) => origin !== undefined);

/** How often a header was sent; names stand at the even places. */
const countOf = (name: string, raw_headers: readonly string[]): number =>
  raw_headers.filter((raw, at) => at % 2 === 0 && raw.length === name.length && raw.toLowerCase() === name).length;

/** Node takes the first, and whoever stands between may have judged another (RFC 9112, 3.2; RFC 9110, 5.3). */
const SENT_ONCE = ['Host', 'Authorization'];
/** As Node looks for it: all others come to the gate unanswered. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;
const MESH_PROTOCOL = 'mesh.v1';
const HEADERS_MAX = 128;
