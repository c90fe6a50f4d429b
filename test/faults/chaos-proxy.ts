/** A TCP proxy that misbehaves on request, each direction by itself, deterministic by seed (promises.md D5). */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { seededRandom, type Random } from '../../seams/index.ts';

/** What happens to the bytes of one direction. */
export interface Weather {
  /** Each piece is late by this, and by up to `jitter_ms` more; order is kept. */
  latency_ms?: number;
  jitter_ms?: number;
  bytes_per_s?: number;
  /** Pieces of at most so many bytes, each written by itself. */
  slice_bytes?: number;
  /** Ends both sockets once so many bytes of this direction went through on a connection since this weather came. */
  cut_after_bytes?: number;
  /** How they end: a reset, or in order. */
  cut_by?: 'reset' | 'end';
  /** Swallows everything and keeps both sockets: nobody is told. */
  blackhole?: boolean;
  /** A close of one end is passed on so much later. */
  close_after_ms?: number;
}

/** The two directions: `up` goes to the target. */
export interface Climate {
  up?: Weather;
  down?: Weather;
}

/** A running proxy. */
export interface ChaosProxy {
  port: number;
  /** Changes the weather, also of connections that stand. */
  set(climate: Climate): void;
  /** Ends all connections with a reset. */
  reset(): void;
  /** Refuses new connections with a reset until it is called with false. */
  shut(on: boolean): void;
  /** Connections that stand, and all that ever came. */
  readonly standing: number;
  readonly accepted: number;
  /** When each connection came, monotonic ms. */
  readonly arrivals: readonly number[];
  /** Bytes that went through so far. */
  readonly bytes: Readonly<{ up: number; down: number; swallowed: number }>;
  close(): Promise<void>;
}

/** Listens on a free port of loopback, or on `port`, and passes everything on to `target_port` as the weather says. */
export async function startChaosProxy(options: {
  target_port: number;
  port?: number;
  climate?: Climate;
  seed?: number;
}): Promise<ChaosProxy> {
  const random = seededRandom(options.seed ?? 1);
  const pairs = new Set<readonly [Socket, Socket]>();
  const arrivals: number[] = [];
  const bytes = { up: 0, down: 0, swallowed: 0 };
  const onSwallow = (count: number) => (bytes.swallowed += count);
  let climate = options.climate ?? {};
  let is_shut = false;

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    arrivals.push(performance.now());
    if (is_shut) {
      client.resetAndDestroy();
      return;
    }
    const target = connect({ port: options.target_port, host: '127.0.0.1', allowHalfOpen: true });
    const pair = [client, target] as const;
    pairs.add(pair);
    const cut = (by: Weather['cut_by'] = 'reset') => {
      pairs.delete(pair);
      for (const socket of pair) if (by === 'reset') socket.resetAndDestroy();
      for (const socket of pair) if (by === 'end') socket.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true);
    pass({
      from: client,
      to: target,
      weather: () => climate.up ?? FAIR,
      random,
      cut,
      onPass: (count) => (bytes.up += count),
      onSwallow,
    });
    pass({
      from: target,
      to: client,
      weather: () => climate.down ?? FAIR,
      random,
      cut,
      onPass: (count) => (bytes.down += count),
      onSwallow,
    });
    for (const socket of pair) {
      socket.on('error', () => {
        if (!climate.up?.blackhole && !climate.down?.blackhole) cut('reset');
      });
      socket.on('close', () => {
        if (pair.every(({ destroyed }) => destroyed)) pairs.delete(pair);
      });
    }
    client.resume();
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');

  const reset = () => {
    for (const pair of pairs) for (const socket of pair) socket.resetAndDestroy();
    pairs.clear();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => void (climate = next),
    reset,
    shut: (on) => void (is_shut = on),
    get standing() {
      return pairs.size;
    },
    get accepted() {
      return arrivals.length;
    },
    arrivals,
    bytes,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      reset();
      await closed;
    },
  };
}

/** One direction: pieces leave in order, each when its time has come. */
function pass(options: {
  from: Socket;
  to: Socket;
  weather: () => Weather;
  random: Random;
  cut: (by?: Weather['cut_by']) => void;
  onPass: (count: number) => void;
  onSwallow: (count: number) => void;
}): void {
  const { from, to, weather, random, cut, onPass, onSwallow } = options;
  let free_at = 0;
  let present = weather();
  let passed = 0;
  const waiting: { due: number; run: () => void }[] = [];

  /** Timers of different lengths that are due together run in any order: the queue keeps theirs, and a timer only looks into it. */
  const runDue = () => {
    while (waiting[0] && waiting[0].due <= performance.now()) waiting.shift()?.run();
    if (waiting[0]) setTimeout(runDue, waiting[0].due - performance.now());
  };
  const later = (bytes: number, run: () => void) => {
    const { latency_ms = 0, jitter_ms = 0, bytes_per_s = Infinity } = weather();
    const now = performance.now();
    const cost_ms = (1_000 * bytes) / bytes_per_s;
    free_at = Math.max(now + latency_ms + random.next() * jitter_ms, free_at) + cost_ms;
    if (free_at - now < 0.5 && waiting.length === 0) run();
    else if (waiting.push({ due: free_at, run }) === 1) setTimeout(runDue, free_at - now);
  };

  from.on('data', (chunk: Buffer) => {
    if (present !== weather()) passed = 0;
    present = weather();
    const { blackhole, slice_bytes = chunk.length, cut_after_bytes = Infinity, cut_by } = present;
    if (blackhole) {
      onSwallow(chunk.length);
      return;
    }
    onPass(chunk.length);
    for (let at = 0; at < chunk.length && passed < cut_after_bytes; at += slice_bytes) {
      const end = Math.min(at + slice_bytes, chunk.length, at + cut_after_bytes - passed);
      const piece = chunk.subarray(at, end);
      passed += piece.length;
      const is_last = passed >= cut_after_bytes;
      later(piece.length, () => {
        if (to.destroyed) return;
        if (is_last) to.write(piece, () => cut(cut_by));
        else if (!to.write(piece) && !from.destroyed) from.pause();
      });
    }
  });
  to.on('drain', () => from.resume());
  from.on('end', () => {
    const { blackhole, close_after_ms = 0 } = weather();
    if (!blackhole) later(0, () => setTimeout(() => to.end(), close_after_ms));
  });
  from.on('close', () => {
    const { blackhole, close_after_ms = 0 } = weather();
    if (!blackhole) setTimeout(() => to.destroySoon(), close_after_ms);
  });
}

const FAIR: Weather = {};
