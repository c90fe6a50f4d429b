/** One port: WebSocket upgrades become links, a few HTTP routes are answered, everything else is refused. */
import { createServer, IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket, type AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import { AuroraError } from '../protocol/index.ts';
import type { Clock, Ids, Random } from '../seams/index.ts';
import { isLoopback, toHostPort } from './addresses.ts';
import { createCrowd } from './crowd.ts';
import { agreedProtocol, checkOrigin, checkRequest } from './gate.ts';
import { inTurn } from './in-turn.ts';
import type { Link, LinkLimits } from './link.ts';
import { ARRIVING_LINK_LIMITS, BARE_LINK_LIMITS, GOODBYE_MS_MAX } from './link.ts';
import { createRefusal, remoteIn, requestIdIn, SAFE_HEADERS, type Asking } from './refusal.ts';
import { createRefusedLog, type WritingLog } from './refused-log.ts';
import { upgradeWebsocket } from './websocket.ts';

/** A plain HTTP answer. */
export interface HttpRoute {
  method: string;
  /** The whole path, or with a `/` at its end everything below. GET answers HEAD too. */
  path: string;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void> | void;
}

/** PEM texts. With `ca` a client needs a certificate of that authority. */
export interface TlsMaterial {
  cert: string;
  key: string;
  ca?: string;
}

/** What a port needs. */
export interface ListenOptions {
  host: string;
  /** 0 takes any free one. */
  port: number;
  /** Off loopback one of the two is required (wire.md 4). */
  tls?: TlsMaterial | 'terminated-by-proxy';
  clock: Clock;
  ids: Pick<Ids, 'uuid'>;
  random?: Random;
  bounds?: ListenBounds;
  routes?: readonly HttpRoute[];
  /** Answers every request itself, headers and errors included, instead of `routes`. */
  handle?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Headers of a 101, and of what is refused before anybody could answer; `x-request-id` is added. What came may be no request. */
  headers?: (request?: Asking) => Readonly<Record<string, string>>;
  /** The subprotocol of an upgrade; `mesh.v1` or none unless said. Throws an AuroraError for an offer that nobody here speaks. */
  agree?: (request: IncomingMessage) => string;
  /** The name that others dial, for this port alone unless it says another: what is relayed from elsewhere is not ours (wire.md 4). */
  advertise?: string;
  /** `name`, on any port, or `name:port` that a `Host` may name besides loopback, the bound and the advertised address. */
  allow_hosts?: readonly string[];
  /** Exact origins whose pages may connect; none unless said. */
  allow_origins?: readonly string[];
  /** Judges an upgrade before its 101: answers its limits, or throws an AuroraError; those of its protocol unless said. */
  admit?: (request: IncomingMessage) => LinkLimits | Promise<LinkLimits>;
  /** A new link, which reads nothing until it is attached. */
  onLink(link: Link, request: IncomingMessage): void;
  /** Hears who was refused and why, a bounded number of lines a minute. */
  log?: WritingLog;
  /** What went wrong inside, for the log. */
  onFault?(fault: unknown): void;
}

/** How much a port takes at once. */
export interface ListenBounds {
  /** Links in all; over it 503 at the upgrade. */
  links_max: number;
  /** Links from one address, of IPv6 from one /64. Loopback is not counted: all local agents share it. */
  links_per_remote_max: number;
  /** Time for a request's headers, ms (ATK-A2). */
  headers_ms_max: number;
}

/** The bounds unless said. */
export const LISTEN_BOUNDS: ListenBounds = { links_max: 16_384, links_per_remote_max: 256, headers_ms_max: 10_000 };

/** An open port. */
export interface Port {
  /** `ws://127.0.0.1:9001` */
  url: string;
  port: number;
  /** Stops accepting, says goodbye on every link, and resolves when all are gone: at most two seconds. */
  close: (code?: number, reason?: string) => Promise<void>;
}

/** Opens a port. */
export async function listen(options: ListenOptions): Promise<Port> {
  const { host, tls, clock, bounds = LISTEN_BOUNDS, routes = [], admit = limitsOf, agree = agreedProtocol } = options;
  if (!tls && !isLoopback(host)) throw new Error(PLAIN_BIND);
  const secure = typeof tls === 'object';
  /** Whoever dials speaks TLS, with us or with a proxy before us: a host without a port means 443 to them. */
  const is_dialled_securely = tls !== undefined;
  const onFault = (fault: unknown) => options.onFault?.(fault);
  const tell = options.log && createRefusedLog({ log: options.log, clock });
  const refusal = createRefusal({ clock, ids: options.ids, onFault, headers: options.headers, tell });
  const crowd = createCrowd(bounds);
  const links = new Map<Socket, Link | undefined>(); // undefined while being admitted
  let closing = false;
  let allowed_hosts: readonly string[] = [];

  /** Shared by all links, and free of the request that brought each: it would live as long as its link. */
  const forget = function (this: Socket) {
    links.delete(this);
    crowd.leave(remoteOf(this));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    try {
      checkRequest(request, is_dialled_securely, allowed_hosts);
      if (options.handle) {
        options.handle(request, response);
        return;
      }
      for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
      await routeOf(routes, request, response).handle(request, response);
    } catch (reason) {
      refusal.onResponse(response, reason, request);
    }
  };

  const upgrade = async (request: IncomingMessage, head: Buffer) => {
    const wire = request.socket;
    wire.on('error', hangUp); // until the link has its own ear
    try {
      checkRequest(request, is_dialled_securely, allowed_hosts);
      checkOrigin(request, options.allow_origins ?? []);
      const protocol = agree(request);
      if (closing) throw new AuroraError(5030, { message: 'This port is closing', retry_after_ms: CLOSING_RETRY_MS });
      crowd.enter(remoteOf(wire));
      links.set(wire, undefined);
      wire.on('close', forget);
      const limits = await admit(request);
      if (wire.destroyed) return;
      upgradeWebsocket({
        request,
        head,
        protocol,
        limits,
        clock,
        secure: is_dialled_securely,
        onFault,
        ...(options.random && { random: options.random }),
        ...(options.headers && {
          headers: { ...options.headers(request), 'x-request-id': requestIdIn(request.headers, options.ids) },
        }),
        onRefused: (reason) =>
          refusal.onWire(wire, new AuroraError(4000, { message: reason }), request, SPOKEN_VERSION),
        onLink: (link) => {
          links.set(wire, link);
          wire.off('error', hangUp);
          try {
            options.onLink(link, request);
          } catch (fault) {
            onFault(fault);
            link.cut();
          }
        },
      });
    } catch (reason) {
      refusal.onWire(wire, reason, request);
    }
  };

  const server = createHttpServer(tls, bounds);
  server.maxConnections = bounds.links_max + STRANGERS_MAX;
  const onRequest = inTurn(
    (request, response) => void answer(request, response), // answer never rejects
    (wire) => {
      tell?.({ remote: remoteIn(wire), why: 'Too many requests at once' }, DROPPED);
      wire.destroy();
    },
  );
  server.on('request', onRequest);
  server.on('checkExpectation', onRequest); // the gate refuses it
  server.on('upgrade', (request, _socket, head) => void upgrade(request, head)); // nor does upgrade
  server.on('drop', (dropped?: Dropped) => tell?.({ remote: remoteIn(dropped), why: 'Too many connections' }, DROPPED));
  if (secure && tls.ca !== undefined) server.on('connection', remember);
  server.on('clientError', (error, wire: Socket) => {
    const name = 'code' in error ? String(error.code) : '';
    if (/^ERR_(?:SSL|TLS)_/.test(name) || name === 'ECONNRESET' || name === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const why = whyDropped(name, wire);
      if (tell && why !== undefined) tell({ remote: remoteBelow(wire), why }, DROPPED);
      wire.destroy();
    } else refusal.onWire(wire, new AuroraError(name === 'HPE_HEADER_OVERFLOW' ? 4310 : 4000));
  });

  const { port } = await bind(server, host, options.port);
  const bound = UNSPECIFIED.has(host) ? [] : [host];
  const own = options.advertise === undefined ? [] : [options.advertise];
  allowed_hosts = [
    ...['localhost', '127.0.0.1', '::1', ...bound, ...own].map((name) => toHostPort(name, secure, port)),
    ...(options.allow_hosts ?? []),
  ].map((name) => name.toLowerCase());

  return {
    url: `${secure ? 'wss' : 'ws'}://${toHostPort(host, secure, port)}`,
    port,
    close: (code = 1001, reason = 'going away') =>
      new Promise((resolve) => {
        closing = true;
        for (const link of links.values()) link?.close(code, reason);
        const cancel = clock.after(GOODBYE_MS_MAX, () => {
          for (const wire of links.keys()) wire.destroy();
          server.closeAllConnections();
        });
        server.close(() => {
          cancel();
          resolve();
        });
      }),
  };
}

function hangUp(this: Socket): void {
  this.destroy();
}

/** Where one led that was one too many. */
type Dropped = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** A socket remembers where it leads once it was asked: one whose certificate is refused is closed before anybody hears of it. */
function remember(wire: Socket): void {
  remoteOf(wire);
}

/** Below TLS lies the socket that came: it still knows where it led when the one above is closed. */
const remoteBelow = (wire: Socket): string => {
  const below: unknown = Reflect.get(wire, '_parent');
  return remoteIn(wire.remoteAddress === undefined && below instanceof Socket ? below : wire);
};

/** Why a connection ended before it was a request; undefined where the other end just left. */
function whyDropped(name: string, wire: Socket): string | undefined {
  if (name === 'ERR_HTTP_REQUEST_TIMEOUT') return 'No whole request came in time';
  if (name === 'ERR_SSL_HTTP_REQUEST') return 'This port speaks TLS, and plain HTTP came';
  if (name !== 'ECONNRESET') return `No TLS: ${name}`;
  const { authorizationError: refused } = wire instanceof TLSSocket ? wire : {};
  return refused ? `Its certificate is refused: ${String(refused)}` : undefined; // null until it was judged
}

/** A socket remembers it, so it is the same at the end as at the beginning. */
const remoteOf = (wire: Socket): string => wire.remoteAddress ?? '';

const limitsOf = (request: IncomingMessage): LinkLimits =>
  agreedProtocol(request) === '' ? BARE_LINK_LIMITS : ARRIVING_LINK_LIMITS;

/** A request whose upgrade is to something else than WebSocket is a request as any other: nobody has to change (RFC 9110, 7.8). */
class Request extends IncomingMessage {
  private is_upgrade = false;

  get upgrade(): boolean {
    return this.is_upgrade && (this.method === 'CONNECT' || /^websocket$/i.test(this.headers.upgrade ?? ''));
  }

  set upgrade(is_upgrade: boolean) {
    this.is_upgrade = is_upgrade;
  }
}

function createHttpServer(tls: ListenOptions['tls'], bounds: ListenBounds): Server {
  const http = {
    IncomingMessage: Request,
    requireHostHeader: false, // refused as every Host that is not ours, in the one form of a refusal
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: bounds.headers_ms_max,
    requestTimeout: REQUEST_MS_MAX,
    connectionsCheckingInterval: Math.min(CHECK_MS, bounds.headers_ms_max),
  };
  if (typeof tls !== 'object') return createServer(http);
  return createTlsServer({
    ...http,
    ...tls,
    minVersion: 'TLSv1.2',
    handshakeTimeout: bounds.headers_ms_max,
    requestCert: tls.ca !== undefined,
  });
}

function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      if (typeof address === 'object' && address) resolve(address);
      else reject(new Error('the port has no address'));
    });
  });
}

function routeOf(routes: readonly HttpRoute[], request: IncomingMessage, response: ServerResponse): HttpRoute {
  const path = request.url?.split('?', 1)[0] ?? '';
  const there = routes.filter(
    (route) => path === route.path || (route.path.endsWith('/') && path.startsWith(route.path)),
  );
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = there.find((candidate) => candidate.method === method);
  if (route) return route;
  if (there.length === 0) throw new AuroraError(4040);
  response.setHeader('allow', there.map((other) => other.method).join(', '));
  throw new AuroraError(4050);
}

const PLAIN_BIND =
  'A bind other than loopback needs TLS (tls.cert, tls.key, optional tls.ca) or the explicit `tls: terminated-by-proxy`.';
const DROPPED = 'the port dropped a connection';
const UNSPECIFIED = new Set(['0.0.0.0', '::', '']);
/** What a refused handshake may come back with (RFC 6455, 4.4). */
const SPOKEN_VERSION = { 'sec-websocket-version': '13' };
const HEADER_BYTES_MAX = 16_384;
/** When whoever met a port that closes may come again, to the process after it, ms (ATK-I2). */
const CLOSING_RETRY_MS = 1_000;
/** Sockets that are no links (yet): requests, half upgrades. */
const STRANGERS_MAX = 1_024;
/** A whole request with its body, ms: a 90 MB recording over a slow line. */
const REQUEST_MS_MAX = 300_000;
/** How often Node looks for late headers, ms. */
const CHECK_MS = 1_000;
