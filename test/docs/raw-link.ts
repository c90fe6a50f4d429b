/** One WebSocket as its frames: what came and was not looked at yet, and how it ended. */
import { WebSocket } from 'ws';
import { differs, patternOf, type Values } from './transcript.ts';

/** An open link, from its nearer end. */
export interface RawLink {
  send(text: string): void;
  /** Takes the frame that is like the pattern out of those that came, or waits for it. */
  take(pattern: string, values: Values): Promise<unknown>;
  /** The code with which it ends. */
  readonly closed: Promise<number>;
  /** Frames that nobody took. */
  readonly left: () => unknown[];
  cut(): void;
}

/** Listens on a socket; of one that still opens, once it is open. */
export function rawLink(socket: WebSocket): RawLink {
  const came: unknown[] = [];
  let wake: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    if (socket.readyState === WebSocket.OPEN) resolve();
    else socket.once('open', () => resolve());
  });
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)));
  socket.on('message', (data: Buffer) => {
    came.push(JSON.parse(data.toString('utf8')));
    wake();
  });
  socket.on('error', () => undefined); // its end is told by `closed`

  return {
    send: (text) => void opened.then(() => socket.send(text)),
    async take(pattern, values) {
      const wanted = patternOf(pattern);
      const over = new AbortController();
      const late = AbortSignal.timeout(PATIENCE_MS);
      const why: unknown[] = [];
      for (;;) {
        for (const [index, frame] of came.entries()) {
          const found = new Map(values);
          const difference = differs(wanted, frame, found);
          if (difference !== undefined) {
            why[index] = { difference, frame };
            continue;
          }
          came.splice(index, 1);
          for (const [name, value] of found) values.set(name, value);
          over.abort();
          return frame;
        }
        if (late.aborted) throw new Error(`nothing came like ${pattern}\n${JSON.stringify(why, null, 1)}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          late.addEventListener('abort', () => resolve(), { once: true, signal: over.signal });
        });
      }
    },
    closed,
    left: () => came,
    cut: () => socket.terminate(),
  };
}

/** How long a frame may take that the page says comes, ms. */
const PATIENCE_MS = 10_000;
