/** What a client takes from the machine it runs on: time, chance, names, the network. Handed in, so that a test holds it. */

/** The machine, as a client sees it. */
export interface Platform {
  /** Wall ms since the epoch. */
  now(): number;
  /** Ms since some start: for limits and latencies. */
  monotonic(): number;
  /** Runs `run` once after `delay_ms`, unless the returned function is called before: a limit. */
  after(delay_ms: number, run: () => void): () => void;
  /** A pause between two attempts. Rejects with the signal's reason as soon as it aborts. */
  sleep(delay_ms: number, signal: AbortSignal): Promise<void>;
  /** A number in [0, 1). */
  random(): number;
  uuid(): string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Opens a WebSocket; what becomes of it is told to `hears`. */
  openSocket(url: string, headers: Record<string, string>, hears: SocketHears): Promise<Socket>;
  /** A browser's sockets carry no headers: they get in with a ticket (requirements.md T07). */
  socket_headers: boolean;
}

/** An open or opening socket. `close` may be called at any time, and again. */
export interface Socket {
  close(): void;
}

/** Hears a socket. `onEnd` comes once, whatever happened. */
export interface SocketHears {
  onText(text: string): void;
  onEnd(end: SocketEnd): void;
}

/** How a socket ended: refused with an HTTP answer, where that can be seen, or closed. */
export interface SocketEnd {
  code: number;
  refused?: { status: number; headers: Headers; body: string };
}

/** The machine's own. A browser has all of it; Node 20 has everything but the socket. */
export const systemPlatform: Platform = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delay_ms, run) {
    const timer = setTimeout(run, Math.min(delay_ms, TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
  sleep: (delay_ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = () => {
        cancel();
        reject(reasonOf(signal));
      };
      const cancel = systemPlatform.after(delay_ms, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  random: () => Math.random(),
  uuid,
  fetch: (url, init) => fetch(url, init),
  openSocket: async (url, _headers, hears) => openOwnSocket(url, hears),
  socket_headers: false,
};

/** What an aborted signal says, as an error. */
export const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('Aborted', { cause: signal.reason });

/** `crypto.randomUUID` is only there on https and on loopback; this is everywhere. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte, index) => {
    const marked = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return marked.toString(16).padStart(2, '0');
  }).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** The socket that a browser brings. */
function openOwnSocket(url: string, hears: SocketHears): Socket {
  const socket = new WebSocket(url);
  socket.onmessage = ({ data }: { data: unknown }) => {
    if (typeof data === 'string') hears.onText(data);
  };
  socket.onclose = ({ code }) => hears.onEnd({ code });
  return { close: () => socket.close(1000) };
}

const TIMER_MS_MAX = 2_147_483_647;
