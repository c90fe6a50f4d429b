/** Links over WebSocket: the only file that knows `ws`. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock, Random } from '../seams/index.ts';
import { systemRandom } from '../seams/index.ts';
import { isLoopback, toHostPort } from './addresses.ts';
import { createHeartbeat } from './heartbeat.ts';
import type { Link, LinkLimits, LinkOwner } from './link.ts';
import { GOODBYE_MS_MAX, LINK_LIMITS } from './link.ts';

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
  /** PEM of the authorities to trust instead of the machine's own. */
  tls_ca?: string;
  /** The address to connect to whatever the name resolves to by then (`assertPublicAddress`, ATK-G1). */
  address?: string;
  signal?: AbortSignal;
}

/**
 * Dials and resolves with an open link. Rejects when the upgrade is refused, redirected, aborted, or not done within
 * `handshake_ms_max`: the kernel accepts TCP for a listener that stands still (promises.md D3).
 */
export function dialWebsocket(options: DialOptions): Promise<Link> {
  const { url, protocol, clock, random = systemRandom, limits = LINK_LIMITS, signal } = options;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const socket = new WebSocket(url, protocol ? [protocol] : [], {
      ...WS_BOUNDS,
      maxPayload: limits.frame_bytes_max,
      ...(options.headers && { headers: options.headers }),
      ...(options.tls_ca !== undefined && { ca: options.tls_ca }),
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
    socket.on('error', (cause) => {
      settled();
      reject(new Error(`${url}: ${cause.message}`, { cause })); // after the open it has no effect: the link reports 'close'
    });
    socket.once('upgrade', (response) => (wire = response.socket));
    socket.once('open', () => {
      settled();
      const { host, protocol: scheme } = new URL(url);
      const dialled = toHostPort(host, scheme === 'wss:');
      if (wire) resolve(websocketLink({ socket, wire, dialled, limits, clock, random }));
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
  /** True when the listener speaks TLS. */
  secure: boolean;
  onLink(link: Link): void;
  /** The handshake itself was wrong; the caller answers 400 on the wire. */
  onRefused(reason: string): void;
}

/** Finishes an upgrade. Deflate is never negotiated (ATK-A7, performance.md 2). */
export function upgradeWebsocket(options: UpgradeOptions): void {
  const { request, head, protocol, limits, clock, random = systemRandom } = options;
  const handshake = new WebSocketServer({
    ...WS_BOUNDS,
    noServer: true,
    clientTracking: false,
    maxPayload: limits.frame_bytes_max,
    handleProtocols: () => protocol || false,
  });
  handshake.once('wsClientError', (error) => options.onRefused(error.message));
  handshake.handleUpgrade(request, request.socket, head, (socket) => {
    const dialled = toHostPort(request.headers.host ?? '', options.secure);
    options.onLink(websocketLink({ socket, wire: request.socket, dialled, limits, clock, random }));
  });
}

/** What a link is made of. `wire` is the stream below the WebSocket: its writes are held together for a turn. */
interface WebsocketParts {
  socket: WebSocket;
  wire: Socket;
  dialled: string;
  limits: LinkLimits;
  clock: Clock;
  random: Random;
}

/** A link over an open WebSocket. It reads nothing until it has an owner, so no frame is missed. */
function websocketLink({ socket, wire, dialled, limits, clock, random }: WebsocketParts): Link {
  const remote = toHostPort(wire.remoteAddress ?? 'unknown', false, wire.remotePort);
  let owner: LinkOwner | undefined;
  let ended: { code: number; reason: string } | undefined;
  let said: { code: number; reason: string } | undefined;
  let corked = false;
  let full = false;
  let control_frames = 0;
  let control_since = clock.monotonic();
  let cancelCut = () => {};

  const heart = createHeartbeat({
    clock,
    random,
    limits,
    ping: () => socket.ping(),
    onSilence: () => {
      said ??= { code: 1006, reason: `silent for ${limits.silence_ms_max} ms` };
      socket.terminate();
    },
  });

  const close = (code: number, reason: string) => {
    if (said || socket.readyState !== WebSocket.OPEN) return;
    say(code, reason);
    socket.close(code, toCloseReason(reason));
    socket.resume(); // the answer must be read
  };

  /** From here the end of the link is our doing, within two seconds. */
  const say = (code: number, reason: string) => {
    said ??= { code, reason };
    heart.stop();
    cancelCut();
    cancelCut = clock.after(GOODBYE_MS_MAX, () => socket.terminate());
  };

  const flush = () => {
    corked = false;
    wire.uncork();
  };

  const onWritten = () => {
    if (!full || socket.bufferedAmount >= limits.unsent_bytes_max / 2) return;
    full = false;
    if (socket.readyState === WebSocket.OPEN) owner?.onDrain?.();
  };

  /** ATK-A8: a flood of pings is answered in part, then ends. */
  const onControlFrame = () => {
    heart.heard();
    const now = clock.monotonic();
    if (now - control_since >= CONTROL_WINDOW_MS) {
      control_since = now;
      control_frames = 0;
    }
    if (++control_frames > CONTROL_FRAMES_MAX) close(4029, 'too many pings');
  };

  socket.pause();
  socket.on('message', (data, isBinary) => {
    heart.heard();
    if (said) return; // after our goodbye nothing more is read
    if (isBinary || !Buffer.isBuffer(data)) {
      close(1003, 'text frames only');
      return;
    }
    try {
      owner?.onText(data.toString('utf8'));
    } catch {
      close(1011, 'the receiver failed');
    }
  });
  socket.on('ping', onControlFrame);
  socket.on('pong', onControlFrame);
  socket.on('error', (error) => {
    const code = closeCodeOf(error);
    if (code !== undefined) say(code, error.message); // `ws` has sent the close frame already
  });
  socket.on('close', (code, reason) => {
    heart.stop();
    cancelCut();
    ended = said ?? { code, reason: reason.toString('utf8') };
    owner?.onClose(ended.code, ended.reason);
  });

  return {
    protocol: socket.protocol,
    remote,
    dialled,
    loopback: isLoopback(remote),
    get unsent_bytes() {
      return socket.bufferedAmount;
    },
    get open() {
      return socket.readyState === WebSocket.OPEN;
    },
    attach(given) {
      if (owner) throw new Error('a link has one owner');
      owner = given;
      const { code, reason } = ended ?? { code: 0, reason: '' };
      if (ended) queueMicrotask(() => given.onClose(code, reason));
      else socket.resume();
    },
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (socket.bufferedAmount + text.length > limits.unsent_bytes_max) {
        close(1013, 'too much unsent');
        return;
      }
      if (!corked) {
        corked = true;
        wire.cork();
        process.nextTick(flush); // one system call for all frames of this turn (performance.md 1)
      }
      full ||= socket.bufferedAmount + text.length >= limits.unsent_bytes_max / 2;
      socket.send(text, full ? onWritten : undefined);
    },
    close,
    cut() {
      said ??= { code: 1006, reason: 'cut' };
      socket.terminate();
    },
    pause() {
      socket.pause();
      heart.hold(true);
    },
    resume() {
      socket.resume();
      heart.hold(false);
    },
  };
}

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
