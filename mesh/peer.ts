/** One end of a link that asks and answers: JSON-RPC 2.0 in both directions, behind the frame judge. */
import { JSONRPCServer } from 'json-rpc-2.0';
import {
  AuroraError,
  Cancel,
  FRAME_LIMITS,
  isErrorCode,
  judgeFrame,
  ProgressEvent,
  type FrameLimits,
  type Judged,
  type RpcId,
  type RpcNotification,
  type RpcParams,
  type RpcRequest,
  type RpcResponse,
} from '../protocol/index.ts';
import { createStop, toIso, type Clock, type Ids, type Log, type Metrics, type Stop } from '../seams/index.ts';
import { toAnswerText, toBatchText, type Answerer } from './answer-text.ts';
import { Asking, type AskingPeer, type RequestOptions, type Subscription } from './asking.ts';
import { toErrorAnswer } from './error-answer.ts';
import { hungUp } from './failing.ts';
import type { Link, LinkEnd, LinkOwner } from './link.ts';
import { isClogged, pushBack } from './push-back.ts';
import { createQuota, type FrameQuota, type Quota } from './quota.ts';
import type { RefusedLog } from './refused-log.ts';
import { originOf } from './request-meta.ts';
import { Strikes } from './strikes.ts';

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
  isUnmetered?: (peer: Peer) => boolean;
  /** Hears the end of the link: for whoever keeps many peers, and would hold a promise for each. */
  onClosed?: (peer: Peer, end: LinkEnd) => void;
  /** Writes who broke the rules, where strangers may come: only so many lines a minute. The log itself unless said. */
  tellRefused?: RefusedLog;
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
export const createPeer = (deps: PeerDeps): Peer => new LinkPeer(deps);

/**
 * A class, and what is seldom needed is made when it is: an orchestrator holds two peers for each of ten thousand agents, and
 * nearly all of them are silent (docs/performance.md).
 */
class LinkPeer implements Peer, Answerer, AskingPeer {
  readonly link: Link;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly methods: MethodTable;
  readonly notifications: PeerDeps['notifications'];
  readonly isUnmetered: PeerDeps['isUnmetered'];
  readonly tellClosed: PeerDeps['onClosed'];
  readonly tellRefused: PeerDeps['tellRefused'];
  readonly is_mesh: boolean;
  readonly quota: Quota | undefined;
  limits: PeerLimits;
  /** Calls of the other end that run here. */
  calls: Map<string, Stop> | undefined;
  /** What we asked and wait for. */
  asking: Asking | undefined;
  drain_listeners: Set<() => void> | undefined;
  idle_waiters: (() => void)[] | undefined;
  strikes: Strikes | undefined;
  last_id = 0;
  answering = 0;
  is_held = false;
  ended: LinkEnd | undefined;
  farewell: Farewell | undefined;

  constructor(deps: PeerDeps) {
    const { link, clock, limits, quota } = deps;
    this.link = link;
    this.clock = clock;
    this.ids = deps.ids;
    this.log = deps.log;
    this.metrics = deps.metrics;
    this.methods = deps.methods;
    this.notifications = deps.notifications;
    this.isUnmetered = deps.isUnmetered;
    this.tellClosed = deps.onClosed;
    this.tellRefused = deps.tellRefused;
    this.is_mesh = link.protocol !== '';
    this.quota = quota && createQuota(quota, clock);
    this.limits = limits ? { ...PEER_LIMITS, ...limits } : PEER_LIMITS;
    link.attach(new Ear(this));
  }

  get running(): number {
    return this.calls?.size ?? 0;
  }

  get close_code(): number | undefined {
    return this.ended?.code;
  }

  get closed(): Promise<LinkEnd> {
    this.farewell ??= new Farewell(this.ended);
    return this.farewell.said;
  }

  idle(): Promise<void> {
    if (this.answering === 0) return Promise.resolve();
    return new Promise((resolve) => void (this.idle_waiters ??= []).push(resolve));
  }

  close(code: number, reason: string): void {
    this.link.close(code, reason);
  }

  limitFrames(frame_bytes_max: number): void {
    if (frame_bytes_max < this.limits.frame_bytes_max) this.limits = { ...this.limits, frame_bytes_max };
  }

  onDrain(listener: () => void): () => void {
    const listeners = (this.drain_listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /* ---- what the other end asks ---- */

  hearText(text: string): void {
    const { batch, entries } = judgeFrame(text, this.limits);
    const answers: Promise<RpcResponse | undefined>[] = [];
    for (const entry of this.withinQuota(entries)) {
      const answer = this.answerSafely(entry);
      if (answer) answers.push(answer);
    }
    const [first] = answers;
    if (!first) return; // an answer to us, or a notification: most frames
    this.answering++;
    void (batch ? Promise.all(answers) : first.then((response) => [response])).then((given) => {
      const responses = given.filter((response) => response !== undefined);
      if (responses.length > 0) this.sendAnswers(responses, batch);
      // Idle only now: whoever waits for it may close the link, and the last answer must have left.
      if (--this.answering === 0) for (const resolve of this.idle_waiters?.splice(0) ?? []) resolve();
    });
  }

  /** Whatever goes wrong over one entry, the process lives and the others are answered. */
  answerSafely(entry: Judged): Promise<RpcResponse | undefined> | undefined {
    try {
      if (entry.kind === 'request') return this.run(entry.request).catch((reason: unknown) => this.onFault(reason));
      const refusal = this.answer(entry);
      return refusal && Promise.resolve(refusal);
    } catch (reason) {
      this.onFault(reason);
      return undefined;
    }
  }

  onFault(reason: unknown): undefined {
    this.log.error({ remote: this.link.remote, err: reason }, 'a frame met a fault');
    this.metrics.count('frame_faults_total');
    return undefined;
  }

  /** One entry that is no request: an answer at once, or nothing. */
  answer(entry: Exclude<Judged, { kind: 'request' }>): RpcResponse | undefined {
    switch (entry.kind) {
      case 'refusal':
        return this.toRefusal(entry.response);
      case 'notification':
        this.hear(entry.notification);
        return undefined;
      case 'response':
        this.settle(entry.response);
        return undefined;
      case 'strike':
        this.strike(entry.reason);
        return undefined;
      case 'dropped':
        this.log.info({ remote: this.link.remote, reason: entry.reason }, 'a frame was dropped');
        return undefined;
    }
  }

  async run(request: RpcRequest): Promise<RpcResponse | undefined> {
    const { methods, metrics, limits } = this;
    const request_id = this.ids.uuid();
    const fail = (error: AuroraError) => this.toFailure(request, error, request_id);
    const key = callKey(request.id);
    if (this.calls?.has(key)) {
      const message = `Invalid Request: id ${JSON.stringify(request.id)} is in flight`;
      return this.toFailure({ ...request, id: null }, new AuroraError(-32600, { message }), request_id);
    }
    if (!methods.server.hasMethod(request.method)) return fail(new AuroraError(-32601));
    if (this.running >= limits.in_flight_max) {
      metrics.count('requests_refused_total', { why: 'in_flight_max' });
      return fail(new AuroraError(4290, { message: 'Too many requests in flight', retry_after_ms: RETRY_AFTER_MS }));
    }
    const stop = createStop();
    const calls = (this.calls ??= new Map());
    calls.set(key, stop);
    const call = { peer: this, stop, request_id, params: request.params, fail };
    const response = await methods.server.receive(request, call);
    calls.delete(key);
    if (calls.size === 0) this.calls = undefined;
    return response ?? undefined;
  }

  toFailure(request: RpcRequest, error: AuroraError, request_id: string): RpcResponse {
    const { log, clock, link, is_mesh } = this;
    const origin = is_mesh ? originOf(request.params) : {};
    const fields = {
      request_id,
      ...origin,
      method: request.method.slice(0, 64),
      code: error.code,
      remote: link.remote,
    };
    if (error.code === -32603 || error.code === 5000) log.error({ ...fields, err: error }, 'a request failed inside');
    else log.info(fields, 'a request was refused or failed');
    return toErrorAnswer(error, { id: request.id, request_id, at: toIso(clock.now()), is_mesh });
  }

  toRefusal(response: RpcResponse): RpcResponse {
    if (!('error' in response) || !isErrorCode(response.error.code)) return response;
    const { clock, is_mesh } = this;
    const error = new AuroraError(response.error.code, { message: response.error.message });
    const request_id = this.ids.uuid();
    this.log.info({ request_id, code: error.code, remote: this.link.remote }, 'a frame was refused');
    // A bad frame that bears the id of a running call must not settle that call at the other end.
    const id = this.calls?.has(callKey(response.id)) ? null : response.id;
    return toErrorAnswer(error, { id, request_id, at: toIso(clock.now()), is_mesh });
  }

  hear({ method, params }: RpcNotification): void {
    if (method === '$/cancel') {
      const parsed = Cancel.safeParse(params);
      const reason = new AuroraError(4990, { detail: { reason: parsed.data?.reason ?? null } });
      if (parsed.success) this.calls?.get(callKey(parsed.data.id))?.abort(reason);
      return;
    }
    if (method === '$/progress') {
      // A stranger's token, or one that is settled: nobody listens (ATK-E6).
      if (!this.hearProgress(params)) this.metrics.count('progress_dropped_total');
      return;
    }
    try {
      this.notifications?.get(method)?.(params, this);
    } catch (reason) {
      const about = { method: method.slice(0, 64), remote: this.link.remote, err: reason };
      this.log.warn(about, 'a notification was not understood');
    }
  }

  hearProgress(params: unknown): boolean {
    const event = ProgressEvent.safeParse(params);
    if (!event.success || typeof event.data.token !== 'number') return false;
    const onProgress = this.asking?.hears(event.data.token);
    try {
      onProgress?.(event.data);
    } catch (reason) {
      this.log.warn({ remote: this.link.remote, err: reason }, 'a progress event was not understood');
    }
    return onProgress !== undefined;
  }

  /**
   * The entries that may pass. Answers to our own requests cost nothing: we asked for them. All else is counted, batch entries
   * one by one; over the average thoughts and logs are shed, over the burst as well the link closes.
   */
  withinQuota(entries: readonly Judged[]): readonly Judged[] {
    if (!this.quota || this.isUnmetered?.(this)) return entries;
    const counted = entries.filter(
      (entry) => entry.kind !== 'response' || !this.asking?.isPending(entry.response.id),
    ).length;
    const answered = this.quota.take(counted);
    if (answered === 'ok') return entries;
    if (answered === 'over') {
      this.metrics.count('links_closed_total', { why: 'rate' });
      this.link.close(4029, 'too many frames');
      return [];
    }
    const kept = entries.filter((entry) => entry.kind !== 'notification' || !isSheddable(entry.notification));
    if (kept.length < entries.length) {
      this.metrics.count('progress_shed_total', { why: 'rate' }, entries.length - kept.length);
    }
    return kept;
  }

  strike(reason: string): void {
    this.metrics.count('strikes_total');
    const about = { remote: this.link.remote, why: reason };
    if (this.tellRefused) this.tellRefused(about, BROKE_RULES);
    else this.log.warn(about, BROKE_RULES);
    if ((this.strikes ??= new Strikes(this.clock)).add()) this.link.close(4000, 'protocol abuse');
  }

  /* ---- what we ask and tell ---- */

  subscribe(method: string, params: RpcParams, onProgress: (event: ProgressEvent) => void): Promise<Subscription> {
    return this.toAsk().subscribe(method, params, onProgress);
  }

  request(method: string, params: RpcParams, options?: RequestOptions): Promise<unknown> {
    return this.toAsk().request(method, params, options);
  }

  /** Made with the first request, and again after a rest. */
  toAsk(): Asking {
    return (this.asking ??= new Asking(this, this.last_id));
  }

  rest({ last_id }: Asking): void {
    this.last_id = last_id;
    this.asking = undefined;
  }

  settle(response: RpcResponse): void {
    if (!this.toAsk().settle(response)) this.strike('an answer to a request that was never asked');
  }

  notify(method: string, params: RpcParams): void {
    this.notifyJson(method, JSON.stringify(params));
  }

  notifyJson(method: string, params: string): void {
    const text = `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`;
    if (Buffer.byteLength(text) <= this.limits.frame_bytes_max) this.link.send(text);
    else this.metrics.count('notifications_dropped_total', { why: 'too_large' });
  }

  /* ---- what goes out ---- */

  sendAnswers(answers: readonly RpcResponse[], batch: boolean): void {
    const { link } = this;
    const [only] = answers;
    if (batch) link.send(toBatchText(answers, this));
    else if (only) link.send(toAnswerText(only, this));
    if (isClogged(link) && !this.is_held) this.holdBack();
  }

  holdBack(): void {
    const { link, clock, limits } = this;
    this.is_held = true;
    pushBack({
      link,
      clock,
      stall_ms_max: limits.stall_ms_max,
      onEnd: () => (this.is_held = false),
      onStall: () => this.dropUnread(),
    });
  }

  dropUnread(): void {
    const { link } = this;
    this.metrics.count('links_closed_total', { why: 'unread' });
    this.log.warn({ remote: link.remote, unsent_bytes: link.unsent_bytes }, 'a peer that does not read was cut');
    link.cut();
  }

  tellDrained(): void {
    for (const listener of this.drain_listeners ?? []) listener();
  }

  end(ended: LinkEnd): void {
    this.ended = ended;
    const reason = hungUp();
    for (const stop of this.calls?.values() ?? []) stop.abort(reason);
    this.asking?.end();
    this.farewell?.say(ended);
    this.tellClosed?.(this, ended);
  }
}

/** What the link tells its peer. */
class Ear implements LinkOwner {
  readonly peer: LinkPeer;

  constructor(peer: LinkPeer) {
    this.peer = peer;
  }

  onText(text: string): void {
    this.peer.hearText(text);
  }

  onDrain(): void {
    this.peer.tellDrained();
  }

  onClose(code: number, reason: string): void {
    this.peer.end({ code, reason });
  }
}

/** The end of a link, for whoever waits for it. */
class Farewell {
  readonly said: Promise<LinkEnd>;
  say: (end: LinkEnd) => void = () => undefined;

  constructor(ended: LinkEnd | undefined) {
    this.said = new Promise((resolve) => (this.say = resolve));
    if (ended) this.say(ended);
  }
}

interface AnswerableCall extends Call {
  readonly params: RpcParams | undefined;
  fail(error: AuroraError): RpcResponse;
}

const callKey = (id: RpcId): string => `${typeof id}:${String(id)}`;

const errorOf = (id: RpcId, code: number, message: string) => ({
  jsonrpc: '2.0' as const,
  id,
  error: { code, message },
});

const isSheddable = ({ method, params }: RpcNotification): boolean =>
  method === '$/progress' &&
  typeof params === 'object' &&
  'kind' in params &&
  (params.kind === 'thought' || params.kind === 'log');

const BROKE_RULES = 'a response broke the rules';
const RETRY_AFTER_MS = 1_000;
