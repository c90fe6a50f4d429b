/** Links over WebSocket: the only file that knows `ws`. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, WebSocketServer, type RawData, type Server } from 'ws';
import type { CancelTimer, Clock, Random, StopSignal } from '../seams/index.ts';
import { systemRandom } from '../seams/index.ts';
import { isLoopback, toHostPort } from './addresses.ts';
import { createHeartbeat, type Heartbeat, type HeartbeatDeps } from './heartbeat.ts';
import type { Link, LinkEnd, LinkLimits, LinkOwner } from './link.ts';
import { GOODBYE_MS_MAX, LINK_LIMITS } from './link.ts';

/** Whom to believe over TLS, and what to show to who asks for a certificate; PEM texts. */
export interface Trust {
  /** The authorities to trust instead of the machine's own. */
  ca?: string;
  cert?: string;
  key?: string;
}

/** Where and how to dial. */
export interface DialOptions {
  /** `ws:` or `wss:`. Redirects are never followed. */
  url: string;
  /** `mesh.v1`, or `''` for a bare peer. */
  protocol: string;
  clock: Clock;
  /** Spreads the pings. */
  random?: Random;
  limits?: LinkLimits;
  headers?: Record<string, string>;
  tls?: Trust;
  /** The address to connect to whatever the name resolves to by then (`assertPublicAddress`, ATK-G1). */
  address?: string;
  signal?: StopSignal;
  /** What the owner of the link threw over a frame, for the log: the other end is told 1011 alone. */
  onFault?: (fault: unknown) => void;
}

/**
 * Dials and resolves with an open link. Rejects when the upgrade is refused, redirected, aborted, or not done within
 * `handshake_ms_max`: the kernel accepts TCP for a listener that stands still (promises.md D3).
 */
export function dialWebsocket(options: DialOptions): Promise<Link> {
  const { url, protocol, clock, random = systemRandom, limits = LINK_LIMITS, signal, onFault } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw signal.reason;
    const socket = new LinkSocket(url, protocol ? [protocol] : [], {
      ...WS_BOUNDS,
      maxPayload: limits.frame_bytes_max,
      ...(options.headers && { headers: options.headers }),
      ...options.tls,
      ...(options.address !== undefined && { lookup: lookupOf(options.address) }),
    });
    const giveUp = (reason: unknown) => {
      settled();
      socket.terminate();
      reject(reason instanceof Error ? reason : new Error(`${url}: dialling was given up`));
    };
    const onAbort = () => giveUp(signal?.reason);
    const cancelTimeout = clock.after(limits.handshake_ms_max, () =>
      giveUp(new Error(`${url}: no upgrade within ${limits.handshake_ms_max} ms`)),
    );
    const settled = () => {
      cancelTimeout();
      signal?.removeEventListener('abort', onAbort);
    };
    signal?.addEventListener('abort', onAbort, { once: true });

    let wire: Socket | undefined;
    const onError = (cause: Error) => {
      settled();
      reject(new Error(`${url}: ${cause.message}`, { cause }));
    };
    socket.on('error', onError);
    socket.once('upgrade', (response) => (wire = response.socket));
    socket.once('open', () => {
      if (!wire) {
        giveUp(new Error(`${url}: it opened without an upgrade`));
        return;
      }
      settled();
      const { host, protocol: scheme } = new URL(url);
      const dialled = toHostPort(host, scheme === 'wss:');
      resolve(new WebsocketLink({ socket, wire, dialled, limits, clock, random, onFault }));
      socket.off('error', onError); // from here the link hears it
    });
  });
}

/** One upgrade that a listener decided to accept. */
export interface UpgradeOptions {
  request: IncomingMessage;
  head: Buffer;
  /** The subprotocol to agree on, one the request offers, or `''`. */
  protocol: string;
  limits: LinkLimits;
  clock: Clock;
  random?: Random;
  /** True when whoever dialled speaks TLS, with the listener or with a proxy before it. */
  secure: boolean;
  /** Headers of the 101 besides those of the handshake. */
  headers?: Readonly<Record<string, string>>;
  /** What the owner of the link threw over a frame, for the log. */
  onFault: (fault: unknown) => void;
  onLink(link: Link): void;
  /** The handshake itself was wrong; the caller answers 400 on the wire. */
  onRefused(reason: string): void;
}

/** Finishes an upgrade. Deflate is never negotiated (ATK-A7, performance.md 2). */
export function upgradeWebsocket(options: UpgradeOptions): void {
  const { request, head, limits, clock, random = systemRandom, secure, onFault } = options;
  const wire = request.socket;
  const dialled = toHostPort(request.headers.host ?? '', secure);
  UPGRADING.set(request, options);
  handshakeOf(limits.frame_bytes_max).handleUpgrade(request, wire, head, (socket) => {
    options.onLink(new WebsocketLink({ socket, wire, dialled, limits, clock, random, onFault }));
  });
}

/** One for all upgrades of the same frame size: making it costs more than the upgrade. */
function handshakeOf(maxPayload: number): Server<typeof LinkSocket> {
  const known = HANDSHAKES.get(maxPayload);
  if (known) return known;
  const handshake: Server<typeof LinkSocket> = new WebSocketServer({
    ...WS_BOUNDS,
    WebSocket: LinkSocket,
    noServer: true,
    clientTracking: false,
    maxPayload,
    handleProtocols: (_offered, request) => UPGRADING.get(request)?.protocol || false,
  });
  handshake.on('headers', (lines, request) => {
    for (const [name, value] of Object.entries(UPGRADING.get(request)?.headers ?? {})) lines.push(`${name}: ${value}`);
  });
  handshake.on('wsClientError', (error, _wire, request) => UPGRADING.get(request)?.onRefused(error.message));
  if (HANDSHAKES.size >= HANDSHAKES_MAX) HANDSHAKES.clear();
  HANDSHAKES.set(maxPayload, handshake);
  return handshake;
}

/** What a link is made of. `wire` is the stream below the WebSocket: its writes are held together for a turn. */
interface WebsocketParts {
  socket: LinkSocket;
  wire: Socket;
  dialled: string;
  limits: LinkLimits;
  clock: Clock;
  random: Random;
  onFault: ((fault: unknown) => void) | undefined;
}

/** A socket that knows its link, so that all links share their listeners. */
class LinkSocket extends WebSocket {
  link: WebsocketLink | undefined;
}

/**
 * A link over an open WebSocket. It reads nothing until it has an owner, so no frame is missed. A class, and not closures: an
 * orchestrator holds two for each of ten thousand agents.
 */
class WebsocketLink implements Link, HeartbeatDeps {
  readonly socket: LinkSocket;
  readonly wire: Socket;
  readonly dialled: string;
  readonly limits: LinkLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly onFault: WebsocketParts['onFault'];
  readonly remote: string;
  readonly heart: Heartbeat;
  owner: LinkOwner | undefined;
  ended: LinkEnd | undefined;
  said: LinkEnd | undefined;
  corked = false;
  full = false;
  /** Nothing is read until the owner says so. */
  held_back = false;
  control_frames = 0;
  control_since: number;
  cancelCut: CancelTimer | undefined;
  /** Of a stranger: what came since its last whole frame, bytes. */
  unfinished_bytes = 0;
  unsent_bytes_max: number;

  constructor({ socket, wire, dialled, limits, clock, random, onFault }: WebsocketParts) {
    this.socket = socket;
    this.wire = wire;
    this.dialled = dialled;
    this.limits = limits;
    this.clock = clock;
    this.random = random;
    this.onFault = onFault;
    this.remote = toHostPort(wire.remoteAddress ?? 'unknown', false, wire.remotePort);
    this.unsent_bytes_max = Math.min(limits.unsent_bytes_max, limits.stranger_unsent_bytes_max ?? Infinity);
    this.control_since = clock.monotonic();
    this.heart = createHeartbeat(this);
    socket.link = this;
    socket.pause();
    socket.on('message', tellMessage);
    socket.on('ping', tellControlFrame);
    socket.on('pong', tellControlFrame);
    socket.on('error', tellError);
    socket.on('close', tellClose);
    if (limits.stranger_bytes_max === undefined) return;
    STRANGERS.set(wire, this);
    wire.on('data', tellStranger); // it reads nothing by itself: the socket is paused
  }

  get protocol(): string {
    return this.socket.protocol;
  }

  get loopback(): boolean {
    return isLoopback(this.remote);
  }

  get unsent_bytes(): number {
    return this.socket.bufferedAmount;
  }

  get open(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  get ended_here(): boolean {
    return this.said !== undefined;
  }

  attach(owner: LinkOwner): void {
    if (this.owner) throw new Error('a link has one owner');
    this.owner = owner;
    const { ended } = this;
    if (ended) queueMicrotask(() => owner.onClose(ended.code, ended.reason));
    else this.socket.resume();
  }

  send(text: string): void {
    const { socket, unsent_bytes_max } = this;
    if (!this.open) return;
    if (isOver(unsent_bytes_max - socket.bufferedAmount, text)) {
      this.close(1013, 'too much unsent');
      return;
    }
    if (!this.corked) {
      this.corked = true;
      this.wire.cork();
      process.nextTick(flush, this); // one system call for all frames of this turn (performance.md 1)
    }
    this.full ||= socket.bufferedAmount + text.length >= unsent_bytes_max / 2;
    socket.send(text, this.full ? () => this.onWritten() : undefined);
  }

  close(code: number, reason: string): void {
    if (this.said || !this.open) return;
    this.say(code, reason);
    this.socket.close(code, toCloseReason(reason));
    this.socket.resume(); // the answer must be read
  }

  cut(): void {
    this.said ??= { code: 1006, reason: 'cut' };
    this.socket.terminate();
  }

  pause(): void {
    this.held_back = true;
    this.socket.pause();
    this.heart.hold(true);
  }

  resume(): void {
    this.held_back = false;
    this.socket.resume();
    this.heart.hold(false);
  }

  /**
   * Of large frames one a turn is read: a turn reads up to 2 MiB of each link, and all of that is in memory several times over
   * before anybody could be refused, or anything be collected.
   */
  rest(): void {
    if (this.held_back || this.said) return;
    this.socket.pause();
    setImmediate(goOn, this);
  }

  trust(): void {
    this.unsent_bytes_max = this.limits.unsent_bytes_max;
    if (STRANGERS.delete(this.wire)) this.wire.off('data', tellStranger);
  }

  ping(): void {
    this.socket.ping();
  }

  onSilence(): void {
    this.said ??= { code: 1006, reason: `silent for ${this.limits.silence_ms_max} ms` };
    this.socket.terminate();
  }

  /** From here the end of the link is our doing, within two seconds. */
  say(code: number, reason: string): void {
    this.said ??= { code, reason };
    this.heart.stop();
    this.cancelCut?.();
    this.cancelCut = this.clock.after(GOODBYE_MS_MAX, () => this.socket.terminate());
  }

  onWritten(): void {
    if (!this.full || this.socket.bufferedAmount >= this.unsent_bytes_max / 2) return;
    this.full = false;
    if (this.open) this.owner?.onDrain?.();
  }

  /** ATK-A8: a flood of pings is answered in part, then ends. */
  onControlFrame(): void {
    this.heart.heard();
    const now = this.clock.monotonic();
    if (now - this.control_since >= CONTROL_WINDOW_MS) {
      this.control_since = now;
      this.control_frames = 0;
    }
    if (++this.control_frames > CONTROL_FRAMES_MAX) this.close(4029, 'too many pings');
  }

  /** `ws` bounds a frame by its whole length alone, once for all of a link: what a stranger began is bounded as it comes. */
  onStrangerBytes(bytes: number): void {
    this.unfinished_bytes += bytes;
    if (this.unfinished_bytes <= this.strangerBytesMax() + CHUNK_BYTES_MAX) return;
    this.close(1009, TOO_LARGE);
    this.socket.pause(); // the rest of that frame is not for us, and its answer lies behind it
  }

  strangerBytesMax(): number {
    return STRANGERS.has(this.wire) ? (this.limits.stranger_bytes_max ?? Infinity) : Infinity;
  }

  onMessage(data: RawData, is_binary: boolean): void {
    this.unfinished_bytes = 0;
    this.heart.heard();
    if (this.said) return; // after our goodbye nothing more is read
    if (is_binary || !Buffer.isBuffer(data)) {
      this.close(1003, 'text frames only');
      return;
    }
    if (data.byteLength > this.strangerBytesMax()) {
      this.close(1009, TOO_LARGE);
      return;
    }
    if (data.byteLength > LARGE_BYTES) this.rest();
    try {
      this.owner?.onText(data.toString('utf8'));
    } catch (fault) {
      this.onFault?.(fault);
      this.close(1011, 'the receiver failed');
    }
  }

  onError(error: Error): void {
    const code = closeCodeOf(error);
    if (code !== undefined) this.say(code, error.message); // `ws` has sent the close frame already
  }

  onClose(code: number, reason: Buffer): void {
    this.heart.stop();
    this.cancelCut?.();
    this.ended = this.said ?? { code, reason: reason.toString('utf8') };
    this.owner?.onClose(this.ended.code, this.ended.reason);
  }
}

function tellMessage(this: WebSocket, data: RawData, is_binary: boolean): void {
  if (this instanceof LinkSocket) this.link?.onMessage(data, is_binary);
}

function tellStranger(this: Socket, chunk: Buffer): void {
  STRANGERS.get(this)?.onStrangerBytes(chunk.byteLength);
}

function tellControlFrame(this: WebSocket): void {
  if (this instanceof LinkSocket) this.link?.onControlFrame();
}

function tellError(this: WebSocket, error: Error): void {
  if (this instanceof LinkSocket) this.link?.onError(error);
}

function tellClose(this: WebSocket, code: number, reason: Buffer): void {
  if (this instanceof LinkSocket) this.link?.onClose(code, reason);
}

function goOn(link: WebsocketLink): void {
  if (!link.held_back && !link.said) link.socket.resume();
}

function flush(link: WebsocketLink): void {
  link.corked = false;
  link.wire.uncork();
}

/** Whether a text takes more than so many bytes: counted only where it is near the bound, for a character takes three at most. */
const isOver = (bytes_max: number, text: string): boolean =>
  text.length * 3 > bytes_max && Buffer.byteLength(text) > bytes_max;

/** The close code of an error that `ws` found in what the peer sent; undefined for an error of the connection (1006 follows). */
function closeCodeOf(error: Error): number | undefined {
  const name = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (!name.startsWith('WS_ERR_')) return undefined;
  return CLOSE_CODES[name] ?? 1002;
}

/** A close frame has room for 123 bytes. */
const toCloseReason = (reason: string): string =>
  new TextDecoder().decode(Buffer.from(reason).subarray(0, CLOSE_REASON_BYTES_MAX), { stream: true });

/** A `lookup` that knows one answer, whatever the name resolves to by now (ATK-G1). */
export const lookupOf =
  (address: string) =>
  (
    _name: string,
    { all }: { all?: boolean | undefined },
    answer: (error: null, address: string | { address: string; family: number }[], family: number) => void,
  ): void => {
    const family = address.includes(':') ? 6 : 4;
    answer(null, all ? [{ address, family }] : address, family);
  };

/** Bounds of every socket: 1 024 fragments and 16 384 chunks of TCP a frame (ATK-A6), no deflate, text must be UTF-8 (ATK-A4). */
const WS_BOUNDS = {
  perMessageDeflate: false,
  skipUTF8Validation: false,
  followRedirects: false,
  maxFragments: 1_024,
  maxBufferedChunks: 16_384,
  closeTimeout: GOODBYE_MS_MAX, // for a peer that said goodbye and never hung up
} as const;
/** Links whose other end proved nothing yet, by the stream below them. */
const STRANGERS = new WeakMap<Socket, WebsocketLink>();
/** A frame of that many bytes is as much as a read brings: of smaller ones a turn may bring many. */
const LARGE_BYTES = 65_536;
/** As much as one read of a socket brings: it may hold the end of one frame and the beginning of the next. */
const CHUNK_BYTES_MAX = 65_536;
const TOO_LARGE = 'the frame is too large for who proved no key yet';
const UPGRADING = new WeakMap<IncomingMessage, UpgradeOptions>();
const HANDSHAKES = new Map<number, Server<typeof LinkSocket>>();
/** Sizes of frames that the ports of one process take. */
const HANDSHAKES_MAX = 64;
const CLOSE_CODES: Readonly<Record<string, number>> = {
  WS_ERR_INVALID_UTF8: 1007,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
};
const CLOSE_REASON_BYTES_MAX = 123;
/** Pings and pongs a second; an honest peer sends one in seven. */
const CONTROL_FRAMES_MAX = 50;
const CONTROL_WINDOW_MS = 1_000;
