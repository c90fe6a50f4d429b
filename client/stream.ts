/** A stream that survives its connections: it comes back behind the last event it gave, and says what was lost (requirements.md T07). */
import { z } from 'zod';
import { pathNames, StreamFrame, StreamGap, type StreamSpec } from '../protocol/index.ts';
import {
  ApiError,
  AuthError,
  ClientError,
  ClosedError,
  ConnectionError,
  InvalidRequestError,
  InvalidResponseError,
  RetryBudgetError,
  toApiError,
} from './errors.ts';
import { queryWith } from './operation.ts';
import type { Platform, Socket, SocketEnd } from './platform.ts';
import { pauseMs } from './retry.ts';
import { orAborted, type Proof, type Session } from './session.ts';
import { heed } from './telemetry.ts';

/** One event. Numbers grow; holes among them are events of no concern here. */
export interface StreamEvent<E> {
  type: string;
  seq: number;
  at: string;
  /** What it is about. */
  id: string | null;
  data: E;
  lost: null;
}

/** A gap: the numbers in `lost` are gone, so read the records themselves. */
export interface StreamLoss {
  type: 'gap';
  seq: number;
  at: string;
  id: null;
  data: null;
  lost: StreamGap;
}

/** An open stream, for one reader. Leaving the loop closes it. */
export interface Stream<E> extends AsyncIterableIterator<StreamEvent<E> | StreamLoss, undefined> {
  /** The number to come back with, in another process as well. */
  readonly last_seq: number | undefined;
  /** Resolves as soon as the server answered the first time: what happens from then on is seen. */
  readonly opened: Promise<void>;
  close(): void;
}

/** What can be said for one stream. */
export interface StreamOptions {
  /** The last number that was seen; without it only new events come. */
  after_seq?: number;
  /** Hears of each connection that was lost, with the pause before the next. */
  onReconnect?: (why: { code: number; wait_ms: number }) => void;
}

/** What streams are made of. */
export interface StreamDeps {
  platform: Platform;
  root: string;
  session: () => Session;
  /** Fetches a ticket, for sockets without headers. */
  ticket: () => Promise<string>;
  closing: AbortSignal;
  /** Connections in a row that may fail. */
  reconnects_max: number;
}

/** Opens one; it connects at once, and whoever iterates learns how it went. */
export function openStream<E>(
  name: string,
  spec: StreamSpec<z.ZodType<E>>,
  given: { params: Readonly<Record<string, string>>; options: StreamOptions },
  deps: StreamDeps,
): Stream<E> {
  const { platform, closing, reconnects_max } = deps;
  const { options } = given;
  const address = deps.root.replace(/^http/, 'ws') + pathOf(name, spec, given.params);
  const stop = new AbortController();
  const signal = AbortSignal.any([closing, stop.signal]);
  const isClosed = () => signal.aborted;
  const kept: (StreamEvent<E> | StreamLoss)[] = [];
  let last_seq = options.after_seq;
  let failure: ClientError | undefined;
  let is_over = false;
  let wake: () => void = () => undefined;
  let drained: () => void = () => undefined;
  let announce: { resolve: () => void; reject: (reason: ClientError) => void };
  const opened = new Promise<void>((resolve, reject) => (announce = { resolve, reject }));
  opened.catch(() => undefined); // whoever iterates hears it as well

  void follow().catch(fail);

  return {
    opened,
    get last_seq() {
      return last_seq;
    },
    close: () => stop.abort(new ClosedError('the stream was closed', { operation: name })),
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      for (;;) {
        const value = kept.shift();
        if (value) {
          if (kept.length <= KEPT_MAX / 2) drained();
          return { done: false, value };
        }
        if (failure) throw failure;
        if (is_over) return { done: true, value: undefined };
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async return() {
      this.close();
      kept.length = 0;
      return { done: true, value: undefined };
    },
  };

  /** Connection after connection, until it is closed or makes no sense. */
  async function follow(): Promise<void> {
    let [failed, is_renewed] = [0, false];
    while (!isClosed()) {
      const began = platform.monotonic();
      const { end, proof, is_healthy, is_full, failure: refusal } = await connected();
      if (isClosed()) break;
      if (is_full) {
        await room();
        continue;
      }
      if (is_healthy || platform.monotonic() - began >= STEADY_MS) [failed, is_renewed] = [0, false];
      let why = refusal ?? toFailure(end);
      if (why instanceof AuthError && !is_renewed) {
        // A ticket is fetched under a token that is renewed there.
        const uncured = proof && (await uncuredBy(proof, why));
        if (!uncured) {
          is_renewed = true;
          heed(() => options.onReconnect?.({ code: end.code, wait_ms: 0 }));
          continue;
        }
        why = uncured;
      }
      if (why instanceof ApiError && !AGAIN.has(why.status)) throw why;
      failed += 1;
      if (failed > reconnects_max) throw new RetryBudgetError('attempts', failed, { operation: name, cause: why });
      const wait_ms = pauseMs(failed, why, () => platform.random());
      heed(() => options.onReconnect?.({ code: end.code, wait_ms }));
      await platform.sleep(wait_ms, signal);
    }
    finish();
  }

  /** Why there is no fresh token: the refusal stands, or what is told may pass. Undefined when there is one. */
  async function uncuredBy(proof: Proof, refusal: ClientError): Promise<ClientError | undefined> {
    try {
      return (await deps.session().cure(proof, signal)) ? undefined : refusal;
    } catch (reason) {
      if (reason instanceof ClientError && !isClosed()) return reason;
      throw reason;
    }
  }

  /** One connection from its beginning to its end. */
  async function connected(): Promise<Connection> {
    const heard = { is_healthy: false, is_full: false };
    const entry = await enter();
    if ('end' in entry) return { ...heard, ...entry };
    if (isClosed()) return { ...heard, end: { code: 1000 } }; // meanwhile: a signal that is aborted tells nobody again
    const { proof, headers, query } = entry;
    return new Promise((resolve) => {
      let socket: Socket | undefined;
      let is_done = false;
      const done = (end: SocketEnd) => {
        if (is_done) return;
        is_done = true;
        silence();
        signal.removeEventListener('abort', onAbort);
        socket?.close();
        resolve({ end, proof, ...heard });
      };
      const onAbort = () => done({ code: 1000 });
      const quiet = () => platform.after(SILENCE_MS_MAX, () => done({ code: 1006 }));
      let silence = quiet();
      signal.addEventListener('abort', onAbort, { once: true });
      const onText = (text: string) => {
        if (is_done) return;
        silence();
        silence = quiet();
        try {
          if (take(text)) heard.is_healthy = true;
        } catch (reason) {
          fail(reason);
          stop.abort(reason);
          return;
        }
        announce.resolve();
        if (kept.length < KEPT_MAX) return;
        // What is not read stays with the server: it is fetched when there is room.
        heard.is_full = true;
        done({ code: 1000 });
      };
      platform.openSocket(address + query, headers, { onText, onEnd: done }).then(
        (made) => {
          socket = made;
          if (is_done) made.close();
        },
        () => done({ code: 1006 }),
      );
    });
  }

  /** What to go in with: a proof in the headers, or a ticket in the address. */
  async function enter(): Promise<
    { proof?: Proof; headers: Record<string, string>; query: string } | { end: SocketEnd; failure: ClientError }
  > {
    const after = last_seq === undefined ? [] : [['after_seq', last_seq] as const];
    try {
      if (!platform.socket_headers) {
        const ticket = await orAborted(deps.ticket(), signal);
        return { headers: {}, query: queryWith([...after, ['ticket', ticket]]) };
      }
      const proof = await deps.session().proof(signal);
      return { proof, headers: proof.headers, query: queryWith(after) };
    } catch (reason) {
      if (reason instanceof ApiError && !AGAIN.has(reason.status)) throw reason;
      if (reason instanceof ClientError) return { end: { code: 1006 }, failure: reason };
      throw reason;
    }
  }

  /** Whether it was more than a sign of life. */
  function take(text: string): boolean {
    const frame = parse(StreamFrame, jsonIn(text));
    const { type, seq, at, id } = frame;
    // The first one says where the stream stands, so that nothing is missed if the connection is lost before an event.
    if (type === 'heartbeat') {
      last_seq ??= seq;
      return false;
    }
    if (type === 'gap') {
      last_seq = seq;
      keep({ type, seq, at, id: null, data: null, lost: parse(StreamGap, frame.data) });
      return true;
    }
    if (last_seq !== undefined && seq <= last_seq) return false; // it was given already
    last_seq = seq;
    // What is added to a stream later is not for this client.
    if (spec.kinds.includes(type)) keep({ type, seq, at, id, data: parse(spec.event, frame.data), lost: null });
    return true;
  }

  function keep(event: StreamEvent<E> | StreamLoss): void {
    kept.push(event);
    wake();
  }

  function parse<T>(schema: z.ZodType<T>, value: unknown): T {
    const checked = schema.safeParse(value);
    if (checked.success) return checked.data;
    const message = `a frame has another form: ${z.prettifyError(checked.error)}`;
    throw new InvalidResponseError(message, { operation: name, cause: checked.error });
  }

  async function room(): Promise<void> {
    if (kept.length <= KEPT_MAX / 2) return;
    await orAborted(new Promise<void>((resolve) => (drained = resolve)), signal);
  }

  function toFailure({ code, refused }: SocketEnd): ClientError {
    if (refused) {
      const answer = { ...refused, statusText: '' };
      return toApiError(answer, { operation: name, now: platform.now() });
    }
    const known = CLOSES[code];
    if (known === undefined) return new ConnectionError(`the connection ended (${code})`, { operation: name });
    const body = JSON.stringify({ error: { ...known, detail: null } });
    const answer = { status: known.status, statusText: '', headers: new Headers(), body };
    return toApiError(answer, { operation: name, now: platform.now() });
  }

  function fail(reason: unknown): void {
    if (signal.aborted && !(reason instanceof InvalidResponseError)) {
      finish();
      return;
    }
    failure ??=
      reason instanceof ClientError ? reason : new ClientError(String(reason), { operation: name, cause: reason });
    announce.reject(failure);
    wake();
  }

  function finish(): void {
    is_over = true;
    announce.reject(new ClosedError('the stream was closed', { operation: name }));
    wake();
  }
}

interface Connection {
  end: SocketEnd;
  proof?: Proof | undefined;
  /** An event came. */
  is_healthy: boolean;
  /** It was left because nobody read. */
  is_full: boolean;
  failure?: ClientError;
}

function pathOf(name: string, { path }: StreamSpec, params: Readonly<Record<string, string>>): string {
  for (const wanted of pathNames(path)) {
    if (!/^[\w-]{1,64}$/.test(params[wanted] ?? '')) {
      throw new InvalidRequestError(`${wanted} cannot stand in a path`, { operation: name });
    }
  }
  return path.replaceAll(/\{(\w+)\}/g, (_braces, wanted: string) => params[wanted] ?? '');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Close codes with a meaning (wire.md 7), as what HTTP would have said. */
const CLOSES: Readonly<Record<number, { status: number; code: string; message: string }>> = {
  4001: { status: 401, code: 'AURORA-4010', message: 'The session of this stream has ended' },
  4003: { status: 403, code: 'AURORA-4030', message: 'This stream may not be followed any more' },
};
/** Refusals that pass. */
const AGAIN = new Set([429, 500, 502, 503, 504]);
/** The server beats every 20 s: two were missed. */
const SILENCE_MS_MAX = 50_000;
/** A connection that lasted that long was a good one, whether anything happened or not. */
const STEADY_MS = 10_000;
/** Events that wait for their reader. */
const KEPT_MAX = 1_000;
