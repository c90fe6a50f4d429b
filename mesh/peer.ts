/** One end of a link that asks and answers: JSON-RPC 2.0 in both directions, behind the frame judge. */
import { JSONRPCClient, JSONRPCServer } from 'json-rpc-2.0';
import {
  AuroraError,
  Cancel,
  FRAME_LIMITS,
  isErrorCode,
  judgeFrame,
  ProgressEvent,
  type FrameLimits,
  type Judged,
  type RpcError,
  type RpcId,
  type RpcNotification,
  type RpcParams,
  type RpcRequest,
  type RpcResponse,
} from '../protocol/index.ts';
import { createStop, stopOf, toIso, type Clock, type Ids, type Log, type Metrics, type Stop } from '../seams/index.ts';
import { toErrorAnswer } from './error-answer.ts';
import type { Link } from './link.ts';
import { createQuota, type FrameQuota } from './quota.ts';

/** What a method handler is told about the call. */
export interface Call {
  /** The other end; further requests and notifications to it ride the same link. */
  readonly peer: Peer;
  /** Aborts on `$/cancel` and when the link is gone; the reason is an AuroraError. */
  readonly stop: Stop;
  /** Names this call in logs and error data. */
  readonly request_id: string;
}

/** Answers one method: returns the result, or throws an AuroraError; any other throw becomes -32603. */
export type MethodHandler = (params: RpcParams | undefined, call: Call) => unknown;

/** Methods, looked up by exact name in a Map (ATK-A10). Made once, shared by every peer of a port. */
export interface MethodTable {
  readonly server: JSONRPCServer<AnswerableCall>;
}

/** Hears a notification; what it throws is logged, never answered. */
export type NotificationHandler = (params: RpcParams | undefined, peer: Peer) => void;

/** Bounds of one connection. */
export interface PeerLimits extends FrameLimits {
  /** Requests of the other end that may run at once: 64. More are answered 4290. */
  in_flight_max: number;
  /** Largest frame the other end takes, bytes. An answer over it becomes 4130. */
  frame_bytes_max: number;
  /** Requests of ours that may wait for an answer. More are refused with 5030. */
  pending_max: number;
  /** How long a cancelled call may take to answer, ms. */
  cancel_grace_ms: number;
  /** How long the other end may take nothing of what was sent while we hold back, ms; over it the link is cut (ATK-I4). */
  stall_ms_max: number;
}

/** The defaults of wire.md 2 and 10. */
export const PEER_LIMITS: PeerLimits = {
  ...FRAME_LIMITS,
  in_flight_max: 64,
  frame_bytes_max: 4_194_304,
  pending_max: 10_000,
  cancel_grace_ms: 2_000,
  stall_ms_max: 30_000,
};

/** How one request of ours is made. */
export interface RequestOptions {
  /** Cancels: `$/cancel` is sent, then the other end has the grace time for a partial answer. */
  signal?: AbortSignal;
  /** The same from a stop. */
  stop?: Pick<Stop, 'aborted' | 'reason' | 'onAbort'>;
  /** Gives up with 5040, ms; `$/cancel` is sent. */
  timeout_ms?: number;
  /** Hears `$/progress` of this request, in order; makes a progress token of its own. */
  onProgress?: (event: ProgressEvent) => void;
  /** Hears an answer that comes after it was given up, while the link lives: it settles nothing, and may tell what was done. */
  onLate?: (answer: LateAnswer) => void;
}

/** What was answered too late. */
export type LateAnswer = { result: unknown } | { error: AuroraError };

/** How a link ended. */
export interface LinkEnd {
  code: number;
  reason: string;
}

/** The end that asks and answers. */
export interface Peer {
  readonly link: Link;
  /** Asks; rejects with the other end's error as AuroraError, 5030 when the link is gone, 5040 or 4990. */
  request(method: string, params: RpcParams, options?: RequestOptions): Promise<unknown>;
  /** Asks for something that goes on after its answer: `$/progress` is heard until `stop` or the end of the link. */
  subscribe(method: string, params: RpcParams, onProgress: (event: ProgressEvent) => void): Promise<Subscription>;
  /** Tells; never answered. */
  notify(method: string, params: RpcParams): void;
  /** The same with params that are written down as JSON already: what goes to many is made into text once. */
  notifyJson(method: string, params: string): void;
  /** Calls of the other end that run here now. */
  readonly running: number;
  /** Resolves when none runs and every answer was given to the link. */
  idle(): Promise<void>;
  close(code: number, reason: string): void;
  /** The other end takes no larger frames than that, bytes: an answer over it becomes 4130. Never more than before. */
  limitFrames(frame_bytes_max: number): void;
  /** Hears that unsent bytes fell under half their bound, until the returned function is called. */
  onDrain(listener: () => void): () => void;
  /** Settles once, when the link is gone; never rejects. */
  readonly closed: Promise<LinkEnd>;
}

/** A standing subscription: what was answered, and how to stop hearing. */
export interface Subscription {
  result: unknown;
  stop(): void;
}

/** What a peer is made of. */
export interface PeerDeps {
  link: Link;
  clock: Clock;
  ids: Ids;
  log: Log;
  metrics: Metrics;
  methods: MethodTable;
  notifications?: ReadonlyMap<string, NotificationHandler>;
  limits?: Partial<PeerLimits>;
  /** Frames the other end may send. */
  quota?: FrameQuota;
  /** Whether the quota does not count now: a proven orchestrator's pace is bounded by what it may have in flight. */
  isUnmetered?: () => boolean;
}

/** Makes a method table. A name that is not in it is -32601 without data, whatever it is. */
export function createMethods(handlers: ReadonlyMap<string, MethodHandler>): MethodTable {
  const server = new JSONRPCServer<AnswerableCall>({ errorListener: () => undefined });
  server.mapErrorToJSONRPCErrorResponse = (id) => errorOf(id, -32603, 'Internal error');
  for (const [name, handler] of handlers) {
    server.addMethodAdvanced(name, async (request, call) => {
      try {
        const result = await handler(call.params, call);
        return { jsonrpc: '2.0', result: result ?? null, id: request.id ?? null };
      } catch (reason) {
        return call.fail(AuroraError.from(reason, -32603));
      }
    });
  }
  return { server };
}

/** Joins a link: from now on its frames are judged and answered here. */
export function createPeer(deps: PeerDeps): Peer {
  // Not `deps` itself: whatever else stands in it would be held by each of ten thousand peers.
  const { link, clock, ids, log, metrics, methods, notifications, isUnmetered } = deps;
  let limits: PeerLimits = deps.limits ? { ...PEER_LIMITS, ...deps.limits } : PEER_LIMITS;
  const is_mesh = link.protocol !== '';
  const quota = deps.quota ? createQuota(deps.quota, clock) : undefined;

  const running = new Map<string, Stop>();
  const pending = new Map<number, Pending>();
  let given_up: Map<number, (answer: LateAnswer) => void> | undefined;
  let subscriptions: Map<number, (event: ProgressEvent) => void> | undefined; // like the listeners made on first use
  const strikes: number[] = [];
  let drain_listeners: Set<() => void> | undefined;
  const idle_waiters: (() => void)[] = [];
  let last_id = 0;
  let answering = 0;
  let is_held = false;
  let ended: LinkEnd | undefined;
  let tellClosed: (end: LinkEnd) => void = () => undefined;
  const closed = new Promise<LinkEnd>((resolve) => (tellClosed = resolve));
  const client = new JSONRPCClient<undefined>((request: unknown) => sendRequest(JSON.stringify(request)));

  const peer: Peer = Object.assign(new Calls(running), {
    link,
    request,
    subscribe,
    notify,
    notifyJson,
    idle: () => (answering === 0 ? Promise.resolve() : new Promise<void>((resolve) => void idle_waiters.push(resolve))),
    close: (code: number, reason: string) => link.close(code, reason),
    limitFrames: (frame_bytes_max: number) => {
      if (frame_bytes_max < limits.frame_bytes_max) limits = { ...limits, frame_bytes_max };
    },
    onDrain(listener: () => void) {
      const listeners = (drain_listeners ??= new Set());
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    closed,
  });
  link.attach({ onText, onClose, onDrain });
  return peer;

  /* ---- what the other end asks ---- */

  function onText(text: string): void {
    const { batch, entries } = judgeFrame(text, limits);
    const answers: Promise<RpcResponse | undefined>[] = [];
    for (const entry of withinQuota(entries)) {
      const answer = answerSafely(entry);
      if (answer) answers.push(answer);
    }
    const [first] = answers;
    if (!first) return; // an answer to us, or a notification: most frames
    answering++;
    void (batch ? Promise.all(answers) : first.then((response) => [response])).then((given) => {
      const responses = given.filter((response) => response !== undefined);
      if (responses.length > 0) sendAnswers(responses, batch);
      // Idle only now: whoever waits for it may close the link, and the last answer must have left.
      if (--answering === 0) for (const resolve of idle_waiters.splice(0)) resolve();
    });
  }

  /** Whatever goes wrong over one entry, the process lives and the others are answered. */
  function answerSafely(entry: Judged): Promise<RpcResponse | undefined> | undefined {
    try {
      if (entry.kind === 'request') return run(entry.request).catch(onFault);
      const refusal = answer(entry);
      return refusal && Promise.resolve(refusal);
    } catch (reason) {
      onFault(reason);
      return undefined;
    }
  }

  function onFault(reason: unknown): undefined {
    log.error({ remote: link.remote, err: reason }, 'a frame met a fault');
    metrics.count('frame_faults_total');
    return undefined;
  }

  /** One entry that is no request: an answer at once, or nothing. */
  function answer(entry: Exclude<Judged, { kind: 'request' }>): RpcResponse | undefined {
    switch (entry.kind) {
      case 'refusal':
        return toRefusal(entry.response);
      case 'notification':
        hear(entry.notification);
        return undefined;
      case 'response':
        settle(entry.response);
        return undefined;
      case 'strike':
        strike(entry.reason);
        return undefined;
      case 'dropped':
        log.info({ remote: link.remote, reason: entry.reason }, 'a frame was dropped');
        return undefined;
    }
  }

  async function run(request: RpcRequest): Promise<RpcResponse | undefined> {
    const request_id = ids.uuid();
    const fail = (error: AuroraError) => toFailure(request, error, request_id);
    const key = callKey(request.id);
    if (running.has(key)) {
      const message = `Invalid Request: id ${JSON.stringify(request.id)} is in flight`;
      return toFailure({ ...request, id: null }, new AuroraError(-32600, { message }), request_id);
    }
    if (!methods.server.hasMethod(request.method)) return fail(new AuroraError(-32601));
    if (running.size >= limits.in_flight_max) {
      metrics.count('requests_refused_total', { why: 'in_flight_max' });
      return fail(new AuroraError(4290, { message: 'Too many requests in flight', retry_after_ms: RETRY_AFTER_MS }));
    }
    const stop = createStop();
    running.set(key, stop);
    const call = { peer, stop, request_id, params: request.params, fail };
    const response = await methods.server.receive(request, call);
    running.delete(key);
    return response ?? undefined;
  }

  function toFailure(request: RpcRequest, error: AuroraError, request_id: string): RpcResponse {
    const fields = { request_id, method: request.method.slice(0, 64), code: error.code, remote: link.remote };
    if (error.code === -32603 || error.code === 5000) log.error({ ...fields, err: error }, 'a request failed inside');
    else log.info(fields, 'a request was refused or failed');
    return toErrorAnswer(error, { id: request.id, request_id, at: toIso(clock.now()), is_mesh });
  }

  function toRefusal(response: RpcResponse): RpcResponse {
    if (!('error' in response) || !isErrorCode(response.error.code)) return response;
    const error = new AuroraError(response.error.code, { message: response.error.message });
    const request_id = ids.uuid();
    log.info({ request_id, code: error.code, remote: link.remote }, 'a frame was refused');
    // A bad frame that bears the id of a running call must not settle that call at the other end.
    const id = running.has(callKey(response.id)) ? null : response.id;
    return toErrorAnswer(error, { id, request_id, at: toIso(clock.now()), is_mesh });
  }

  function hear({ method, params }: RpcNotification): void {
    if (method === '$/cancel') {
      const parsed = Cancel.safeParse(params);
      const reason = new AuroraError(4990, { detail: { reason: parsed.data?.reason ?? null } });
      if (parsed.success) running.get(callKey(parsed.data.id))?.abort(reason);
      return;
    }
    if (method === '$/progress') {
      // A stranger's token, or one that is settled: nobody listens (ATK-E6).
      if (!hearProgress(params)) metrics.count('progress_dropped_total');
      return;
    }
    try {
      notifications?.get(method)?.(params, peer);
    } catch (reason) {
      log.warn({ method: method.slice(0, 64), remote: link.remote, err: reason }, 'a notification was not understood');
    }
  }

  function hearProgress(params: unknown): boolean {
    const event = ProgressEvent.safeParse(params);
    if (!event.success || typeof event.data.token !== 'number') return false;
    const { token } = event.data;
    const onProgress = pending.get(token)?.onProgress ?? subscriptions?.get(token);
    try {
      onProgress?.(event.data);
    } catch (reason) {
      log.warn({ remote: link.remote, err: reason }, 'a progress event was not understood');
    }
    return onProgress !== undefined;
  }

  /**
   * The entries that may pass. Answers to our own requests cost nothing: we asked for them. All else is counted, batch entries
   * one by one; over the average thoughts and logs are shed, over the burst as well the link closes.
   */
  function withinQuota(entries: readonly Judged[]): readonly Judged[] {
    if (!quota || isUnmetered?.()) return entries;
    const counted = entries.filter((entry) => entry.kind !== 'response' || !isPending(entry.response.id)).length;
    const answered = quota(counted);
    if (answered === 'ok') return entries;
    if (answered === 'over') {
      metrics.count('links_closed_total', { why: 'rate' });
      link.close(4029, 'too many frames');
      return [];
    }
    const kept = entries.filter((entry) => entry.kind !== 'notification' || !isSheddable(entry.notification));
    if (kept.length < entries.length) {
      metrics.count('progress_shed_total', { why: 'rate' }, entries.length - kept.length);
    }
    return kept;
  }

  function strike(reason: string): void {
    const now = clock.monotonic();
    while (strikes[0] !== undefined && now - strikes[0] > STRIKE_WINDOW_MS) strikes.shift();
    strikes.push(now);
    metrics.count('strikes_total');
    log.warn({ remote: link.remote, reason }, 'a response broke the rules');
    if (strikes.length >= STRIKES_MAX) link.close(4000, 'protocol abuse');
  }

  /* ---- what we ask ---- */

  async function subscribe(method: string, params: RpcParams, onProgress: (event: ProgressEvent) => void) {
    const token = ++last_id;
    subscriptions ??= new Map();
    subscriptions.set(token, onProgress);
    const stop = () => void subscriptions?.delete(token);
    try {
      return { result: await request(method, params, { token }), stop };
    } catch (reason) {
      stop();
      throw reason;
    }
  }

  async function request(
    method: string,
    params: RpcParams,
    options: RequestOptions & { token?: number } = {},
  ): Promise<unknown> {
    const { timeout_ms, onProgress, onLate, stop = options.signal && stopOf(options.signal) } = options;
    if (ended || !link.open) throw gone(ended);
    if (stop?.aborted) throw AuroraError.from(stop.reason);
    if (pending.size >= limits.pending_max) throw new AuroraError(5030, { retry_after_ms: RETRY_AFTER_MS });

    const id = options.token ?? ++last_id;
    const giveUp = (error: AuroraError) => {
      if (onLate && isPending(id)) hearLater(id, onLate);
      settle(errorOf(id, error.code, error.message));
    };
    const cancel = (error: AuroraError, grace_ms: number) => {
      if (!isPending(id)) return;
      notify('$/cancel', { id, reason: error.message });
      if (grace_ms === 0) giveUp(error);
      else stopGrace = clock.after(grace_ms, () => giveUp(error));
    };
    let stopGrace: () => void = () => undefined;
    const stopTimer =
      timeout_ms === undefined ? undefined : clock.after(timeout_ms, () => cancel(new AuroraError(5040), 0));
    const ignoreStop = stop?.onAbort((reason) => cancel(AuroraError.from(reason), limits.cancel_grace_ms));
    pending.set(id, onProgress ? { onProgress } : {});
    try {
      const sent = onProgress || options.token ? withProgressToken(params, id) : params;
      const response: RpcResponse = await client.requestAdvanced(
        { jsonrpc: '2.0', id, method, params: sent },
        undefined,
      );
      if ('error' in response) throw toThrown(response.error, ended);
      return response.result;
    } finally {
      pending.delete(id);
      stopTimer?.();
      stopGrace();
      ignoreStop?.();
    }
  }

  function settle(response: RpcResponse): void {
    // Settled from here on, not only when the asker has run: a second answer in the same frame is late already.
    if (typeof response.id === 'number' && pending.delete(response.id)) {
      client.receive(response);
    } else if (response.id === null && 'error' in response) {
      log.warn({ remote: link.remote, code: response.error.code }, 'the other end could not read a frame');
    } else if (typeof response.id === 'number' && response.id > 0 && response.id <= last_id) {
      metrics.count('late_results_total');
      log.info({ remote: link.remote, id: response.id }, 'late_result: the call was settled already');
      hearLate(response.id, response);
    } else {
      strike('an answer to a request that was never asked');
    }
  }

  /** At the bound the one given up first is forgotten: its answer is counted, and no longer heard. */
  function hearLater(id: number, onLate: (answer: LateAnswer) => void): void {
    given_up ??= new Map();
    given_up.set(id, onLate);
    const [oldest] = given_up.keys();
    if (given_up.size > GIVEN_UP_MAX && oldest !== undefined) given_up.delete(oldest);
  }

  function hearLate(id: number, response: RpcResponse): void {
    const onLate = given_up?.get(id);
    given_up?.delete(id);
    onLate?.('error' in response ? { error: toThrown(response.error, undefined) } : { result: response.result });
  }

  function isPending(id: RpcId): boolean {
    return typeof id === 'number' && pending.has(id);
  }

  function notify(method: string, params: RpcParams): void {
    notifyJson(method, JSON.stringify(params));
  }

  function notifyJson(method: string, params: string): void {
    const text = `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`;
    if (Buffer.byteLength(text) <= limits.frame_bytes_max) link.send(text);
    else metrics.count('notifications_dropped_total', { why: 'too_large' });
  }

  /* ---- what goes out ---- */

  function sendRequest(text: string): void {
    if (Buffer.byteLength(text) > limits.frame_bytes_max) throw new Error(TOO_LARGE);
    link.send(text);
  }

  function sendAnswers(answers: readonly RpcResponse[], batch: boolean): void {
    const [only] = answers;
    if (batch) link.send(toBatchText(answers));
    else if (only) link.send(toFittingText(only, limits.frame_bytes_max));
    if (link.unsent_bytes > PUSH_BACK_BYTES && !is_held) holdBack();
  }

  /** A peer that asks without reading the answers is not read either until they are gone; one that takes nothing at all is cut. */
  function holdBack(progress_at = clock.monotonic()): void {
    const before = link.unsent_bytes;
    is_held = true;
    link.pause();
    clock.after(PUSH_BACK_LOOK_MS, () => {
      is_held = false;
      const unsent = link.unsent_bytes;
      if (!link.open || unsent <= PUSH_BACK_BYTES) link.resume();
      else if (unsent < before) holdBack();
      else if (clock.monotonic() - progress_at < limits.stall_ms_max) holdBack(progress_at);
      else dropUnread();
    });
  }

  function dropUnread(): void {
    metrics.count('links_closed_total', { why: 'unread' });
    log.warn({ remote: link.remote, unsent_bytes: link.unsent_bytes }, 'a peer that does not read was cut');
    link.cut();
  }

  /** The answers of a batch share one frame: one that no longer fits becomes 4130, the others go. */
  function toBatchText(answers: readonly RpcResponse[]): string {
    const own = Math.min(ERROR_BYTES, limits.frame_bytes_max / (2 * answers.length));
    let shared = limits.frame_bytes_max - own * answers.length;
    const texts = answers.map((answer) => {
      const text = toFittingText(answer, own + shared);
      shared -= Math.max(0, Buffer.byteLength(text) + 1 - own);
      return text;
    });
    return `[${texts.join(',')}]`;
  }

  /** The answer as text; one that cannot be written, or that would kill the link at the other end, becomes an error. */
  function toFittingText(response: RpcResponse, bytes_max: number): string {
    const instead = (error: AuroraError) =>
      JSON.stringify(
        toErrorAnswer(error, { id: response.id, request_id: ids.uuid(), at: toIso(clock.now()), is_mesh }),
      );
    try {
      const text = JSON.stringify(response);
      const size = Buffer.byteLength(text);
      if (size <= bytes_max) return text;
      return instead(new AuroraError(4130, { detail: { size, frame_bytes_max: limits.frame_bytes_max } }));
    } catch (reason) {
      return instead(new AuroraError(-32603, { cause: reason }));
    }
  }

  function onDrain(): void {
    for (const listener of drain_listeners ?? []) listener();
  }

  function onClose(code: number, reason: string): void {
    ended = { code, reason };
    const hung_up = new AuroraError(4990, { message: 'The link is gone' });
    HUNG_UP.add(hung_up);
    for (const stop of running.values()) stop.abort(hung_up);
    client.rejectAllPendingRequests(LINK_GONE);
    subscriptions = undefined;
    tellClosed(ended);
  }
}

/** A getter of its own for each peer would cost each a shape of its own. */
class Calls {
  readonly calls: ReadonlyMap<string, unknown>;

  constructor(calls: ReadonlyMap<string, unknown>) {
    this.calls = calls;
  }

  get running(): number {
    return this.calls.size;
  }
}

interface Pending {
  onProgress?: (event: ProgressEvent) => void;
}

interface AnswerableCall extends Call {
  readonly params: RpcParams | undefined;
  fail(error: AuroraError): RpcResponse;
}

const callKey = (id: RpcId): string => `${typeof id}:${String(id)}`;

const errorOf = (id: RpcId, code: number, message: string, data?: unknown) => ({
  jsonrpc: '2.0' as const,
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

/** The params with our token beside whatever `_meta` they have. */
function withProgressToken(params: RpcParams, token: number): RpcParams {
  if (Array.isArray(params)) return params;
  const meta = params['_meta'];
  return { ...params, _meta: { ...(typeof meta === 'object' ? meta : {}), progress_token: token } };
}

const isSheddable = ({ method, params }: RpcNotification): boolean =>
  method === '$/progress' &&
  typeof params === 'object' &&
  'kind' in params &&
  (params.kind === 'thought' || params.kind === 'log');

function toThrown(error: RpcError, ended: LinkEnd | undefined): AuroraError {
  if (error.message === LINK_GONE && ended) return gone(ended);
  if (error.message === TOO_LARGE) return new AuroraError(4130);
  const known = isErrorCode(error.code) ? error.code : 5000;
  const data = typeof error.data === 'object' && error.data !== null ? error.data : {};
  const detail = 'detail' in data ? data.detail : null;
  const asked = 'retry_after_ms' in data ? data.retry_after_ms : undefined;
  // The other end says when; that it is a moment and not a day is ours to see to.
  const retry_after_ms = typeof asked === 'number' && asked >= 0 ? Math.min(asked, RETRY_AFTER_MS_MAX) : undefined;
  return new AuroraError(known, {
    message: error.message.slice(0, MESSAGE_CHARS_MAX),
    detail: known === error.code ? detail : { peer_code: error.code },
    ...(retry_after_ms !== undefined ? { retry_after_ms } : {}),
  });
}

/** Whether a request failed because its link is gone: seen by ourselves, never what the other end says of it. */
export const isLinkLost = (error: unknown): boolean => error instanceof AuroraError && LOST.has(error);

/** Whether a call was aborted because its link is gone, and not because anybody cancelled it. */
export const isHungUp = (reason: unknown): boolean => reason instanceof AuroraError && HUNG_UP.has(reason);

function gone(ended: LinkEnd | undefined): AuroraError {
  const detail = { link_lost: true, close_code: ended?.code ?? null };
  const error = new AuroraError(5030, { message: 'The link is gone', detail });
  LOST.add(error);
  return error;
}

const LOST = new WeakSet<AuroraError>();
const HUNG_UP = new WeakSet<AuroraError>();
const RETRY_AFTER_MS_MAX = 30_000;

const LINK_GONE = 'link gone';
const TOO_LARGE = 'frame too large';
/** Requests of ours that were given up and may still be answered. */
const GIVEN_UP_MAX = 1_024;
const STRIKES_MAX = 10;
const STRIKE_WINDOW_MS = 60_000;
const RETRY_AFTER_MS = 1_000;
const PUSH_BACK_BYTES = 1_048_576;
const PUSH_BACK_LOOK_MS = 20;
/** What every answer of a batch may take at least, so that there is room to say 4130. */
const ERROR_BYTES = 2_048;
const MESSAGE_CHARS_MAX = 1_024;
