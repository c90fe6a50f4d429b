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
import type { Load, PortLoad } from './load.ts';
import { pushBack } from './push-back.ts';
import { createQuota, type FrameQuota, type Quota } from './quota.ts';
import type { RefusedLog } from './refused-log.ts';
import { originOf } from './request-meta.ts';
import { Strikes } from './strikes.ts';
import type { Debtor, UnsentOfAll } from './unsent.ts';

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
  /** What they may hold of memory together, as frames weigh, bytes. More are answered 4290. */
  in_flight_bytes_max: number;
  /** Largest frame the other end takes, bytes. An answer over it becomes 4130. */
  frame_bytes_max: number;
  /** Requests of ours that may wait for an answer. More are refused with 5030. */
  pending_max: number;
  /** How long a cancelled call may take to answer, ms. */
  cancel_grace_ms: number;
  /** Unsent bytes over which nothing more is read from the other end. */
  push_back_bytes: number;
  /** How long the other end may take too little of what was sent while we hold back, ms; over it the link is cut (ATK-I4). */
  stall_ms_max: number;
}

/** The defaults of wire.md 2 and 10. */
export const PEER_LIMITS: PeerLimits = {
  ...FRAME_LIMITS,
  in_flight_max: 64,
  in_flight_bytes_max: 33_554_432,
  frame_bytes_max: 4_194_304,
  pending_max: 10_000,
  cancel_grace_ms: 2_000,
  push_back_bytes: 1_048_576,
  stall_ms_max: 30_000,
};

/** Those of a bare caller, which proves nothing ever: 64 KiB of indicators have 5 000 values. */
export const BARE_PEER_LIMITS: PeerLimits = { ...PEER_LIMITS, values_max: 8_192, in_flight_bytes_max: 4_194_304 };

/** Those of who came with `mesh.v1` and proved no key yet: it says hello, and may ask a little before its proof is through. */
export const STRANGER_LIMITS: PeerLimits = {
  ...BARE_PEER_LIMITS,
  in_flight_bytes_max: 524_288,
  push_back_bytes: 65_536,
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
  /**
   * The same with params that are written down as JSON already: what goes to many is made into text once. False, and nothing is
   * sent, where the other end takes no frame of that size.
   */
  notifyJson(method: string, params: string): boolean;
  /** Calls of the other end that run here now. */
  readonly running: number;
  /** Resolves when none runs and every answer was given to the link. */
  idle(): Promise<void>;
  close(code: number, reason: string): void;
  /** The other end takes no larger frames than that, bytes: an answer over it becomes 4130. Never more than before. */
  limitFrames(frame_bytes_max: number): void;
  /** The other end proved who it is: from here the bounds of strangers do not count for it. */
  trust(): void;
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
  /** Whether the other end has to prove who it is: until `trust` the bounds of strangers count. */
  is_stranger?: boolean;
  /** The sum over all links of the port of what runs, and of what was not taken yet. */
  load?: PortLoad;
  unsent?: UnsentOfAll;
  /** Frames the other end may send. */
  quota?: FrameQuota;
  /** Whether the quota does not count now: a proven orchestrator's pace is bounded by what it may have in flight. */
  isUnmetered?: (peer: Peer) => boolean;
  /** Hears the end of the link: for whoever keeps many peers, and would hold a promise for each. */
  onClosed?: (peer: Peer, end: LinkEnd) => void;
  /** Writes who broke the rules, and all that strangers cause: only so many lines a minute. The log itself unless said. */
  tellRefused?: RefusedLog;
}

/** Makes a method table. A name that is not in it is -32601 without data, whatever it is. */
export function createMethods(handlers: ReadonlyMap<string, MethodHandler>): MethodTable {
  const server = new JSONRPCServer<AnswerableCall>({ errorListener: () => undefined });
  server.mapErrorToJSONRPCErrorResponse = (id) => errorOf(id, -32603, 'Internal error');
  for (const [name, handler] of handlers) {
    server.addMethodAdvanced(name, async (request, call) => {
      try {
        const result = await begin(handler, call);
        return { jsonrpc: '2.0', result: result ?? null, id: request.id ?? null };
      } catch (reason) {
        return call.fail(AuroraError.from(reason, -32603));
      }
    });
  }
  return { server };
}

/** The params go to the handler and are held nowhere else: what its schema drops need not live until the answer. */
function begin(handler: MethodHandler, call: AnswerableCall): unknown {
  const { params } = call;
  call.params = undefined;
  return handler(params, call);
}

/** Joins a link: from now on its frames are judged and answered here. */
export const createPeer = (deps: PeerDeps): Peer => new LinkPeer(deps);

/**
 * A class, and what is seldom needed is made when it is: an orchestrator holds two peers for each of ten thousand agents, and
 * nearly all of them are silent (docs/performance.md).
 */
class LinkPeer implements Peer, Answerer, AskingPeer, Debtor {
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
  readonly unsent: PeerDeps['unsent'];
  readonly port_load: PeerDeps['load'];
  readonly given_limits: PeerDeps['limits'];
  limits: PeerLimits;
  is_trusted: boolean;
  /** What our unanswered frames weigh, and where that is added up. */
  held_bytes = 0;
  load: Load | undefined;
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
    this.unsent = deps.unsent;
    this.port_load = deps.load;
    this.given_limits = limits;
    this.is_trusted = !deps.is_stranger;
    this.load = this.is_trusted ? deps.load?.known : deps.load?.strangers;
    this.limits = this.ownLimits();
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

  trust(): void {
    const { frame_bytes_max } = this.limits;
    this.link.trust();
    this.is_trusted = true;
    this.limits = this.ownLimits();
    this.limitFrames(frame_bytes_max);
    const { held_bytes } = this;
    this.hold(-held_bytes);
    this.load = this.port_load?.known;
    this.hold(held_bytes);
  }

  ownLimits(): PeerLimits {
    const shared = this.is_trusted ? PEER_LIMITS : this.is_mesh ? STRANGER_LIMITS : BARE_PEER_LIMITS;
    return this.given_limits ? { ...shared, ...this.given_limits } : shared;
  }

  onDrain(listener: () => void): () => void {
    const listeners = (this.drain_listeners ??= new Set());
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /* ---- what the other end asks ---- */

  hearText(text: string): void {
    const { batch, entries, weight: own_weight } = judgeFrame(text, this.limits);
    const weight = Math.max(own_weight, entries.length * REQUEST_BYTES_MIN);
    const refusal = this.refusalOf(weight);
    const answers: Promise<RpcResponse | undefined>[] = [];
    for (const entry of this.withinQuota(entries)) {
      const answer = this.answerSafely(entry, refusal);
      if (answer) answers.push(answer);
    }
    const [first] = answers;
    if (!first) return; // an answer to us, or a notification: most frames
    const held_bytes = refusal ? 0 : weight;
    this.answering++;
    this.hold(held_bytes);
    void (batch ? Promise.all(answers) : first.then((response) => [response])).then((given) => {
      this.hold(-held_bytes);
      const responses = given.filter((response) => response !== undefined);
      if (responses.length > 0) this.sendAnswers(responses, batch);
      // Idle only now: whoever waits for it may close the link, and the last answer must have left.
      if (--this.answering === 0) for (const resolve of this.idle_waiters?.splice(0) ?? []) resolve();
    });
  }

  /** Why requests of that weight may not run: 4290 where this link holds too much already, 5030 where all together do. */
  refusalOf(weight: number): 4290 | 5030 | undefined {
    const { load, limits } = this;
    const held_bytes = this.held_bytes + weight;
    if (held_bytes > limits.in_flight_bytes_max) return 4290;
    return load && held_bytes > LINK_BYTES_MIN && load.bytes + weight > load.bytes_max ? 5030 : undefined;
  }

  hold(bytes: number): void {
    this.held_bytes += bytes;
    if (this.load) this.load.bytes += bytes;
  }

  /** Whatever goes wrong over one entry, the process lives and the others are answered. */
  answerSafely(entry: Judged, refusal: 4290 | 5030 | undefined): Promise<RpcResponse | undefined> | undefined {
    try {
      if (entry.kind === 'request')
        return this.run(entry.request, refusal).catch((reason: unknown) => this.onFault(reason));
      const answer = this.answer(entry);
      return answer && Promise.resolve(answer);
    } catch (reason) {
      this.onFault(reason);
      return undefined;
    }
  }

  onFault(reason: unknown): undefined {
    this.write('error', { err: reason }, 'a frame met a fault');
    this.metrics.count('frame_faults_total');
    return undefined;
  }

  /** A line of the log about the other end; strangers cause as many as they like, and of theirs only so many are written. */
  write(level: 'info' | 'warn' | 'error', about: object, text: string): void {
    const { log, tellRefused, is_trusted, link } = this;
    const fields = { remote: link.remote, ...about };
    if (tellRefused && !is_trusted) tellRefused(fields, text, level);
    else log[level](fields, text);
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
        this.write('info', { reason: entry.reason }, 'a frame was dropped');
        return undefined;
    }
  }

  /** Not `async`, and what is kept until the answer has no params: they are the handler's alone. */
  run({ id, method, params }: RpcRequest, refusal: 4290 | 5030 | undefined): Promise<RpcResponse | undefined> {
    const { methods, metrics, limits } = this;
    const request_id = this.ids.uuid();
    const asked: Asked = { id, method, request_id, origin: this.is_mesh ? originOf(params) : NO_ORIGIN };
    const fail = (error: AuroraError) => this.toFailure(asked, error);
    const key = callKey(id);
    if (this.calls?.has(key)) {
      const message = `Invalid Request: id ${JSON.stringify(id)} is in flight`;
      return Promise.resolve(this.toFailure({ ...asked, id: null }, new AuroraError(-32600, { message })));
    }
    if (!methods.server.hasMethod(method)) return Promise.resolve(fail(new AuroraError(-32601)));
    const is_full = this.running >= limits.in_flight_max;
    if (is_full || refusal) {
      metrics.count('requests_refused_total', { why: is_full ? 'in_flight_max' : 'in_flight_bytes_max' });
      const message = is_full ? 'Too many requests in flight' : 'The requests in flight are too large';
      const code = is_full ? 4290 : (refusal ?? 4290);
      return Promise.resolve(fail(new AuroraError(code, { message, retry_after_ms: RETRY_AFTER_MS })));
    }
    const stop = createStop();
    (this.calls ??= new Map()).set(key, stop);
    return this.runNow(key, { jsonrpc: '2.0', id, method }, { peer: this, stop, request_id, params, fail });
  }

  async runNow(key: string, request: RpcRequest, call: AnswerableCall): Promise<RpcResponse | undefined> {
    const response = await this.methods.server.receive(request, call);
    const { calls } = this;
    calls?.delete(key);
    if (calls?.size === 0) this.calls = undefined;
    return response ?? undefined;
  }

  toFailure({ id, method, request_id, origin }: Asked, error: AuroraError): RpcResponse {
    const { clock, is_mesh } = this;
    const fields = { request_id, ...origin, method: method.slice(0, 64), code: error.code };
    if (error.code === -32603 || error.code === 5000)
      this.write('error', { ...fields, err: error }, 'a request failed inside');
    else this.write('info', fields, 'a request was refused or failed');
    return toErrorAnswer(error, { id, request_id, at: toIso(clock.now()), is_mesh });
  }

  toRefusal(response: RpcResponse): RpcResponse {
    if (!('error' in response) || !isErrorCode(response.error.code)) return response;
    const { clock, is_mesh } = this;
    const error = new AuroraError(response.error.code, { message: response.error.message });
    const request_id = this.ids.uuid();
    this.write('info', { request_id, code: error.code }, 'a frame was refused');
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
      this.write('warn', { method: method.slice(0, 64), err: reason }, 'a notification was not understood');
    }
  }

  hearProgress(params: unknown): boolean {
    const event = ProgressEvent.safeParse(params);
    if (!event.success || typeof event.data.token !== 'number') return false;
    const onProgress = this.asking?.hears(event.data.token);
    try {
      onProgress?.(event.data);
    } catch (reason) {
      this.write('warn', { err: reason }, 'a progress event was not understood');
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
    // What it could not read was of our making, unless we said nothing: a stranger has been asked at most who it is.
    const is_idle = !this.is_trusted && this.asking === undefined;
    const is_of_ours = !(is_idle && response.id === null) && this.toAsk().settle(response);
    if (!is_of_ours) this.strike('an answer to a request that was never asked');
  }

  notify(method: string, params: RpcParams): void {
    this.notifyJson(method, JSON.stringify(params));
  }

  notifyJson(method: string, params: string): boolean {
    const text = `{"jsonrpc":"2.0","method":${JSON.stringify(method)},"params":${params}}`;
    if (Buffer.byteLength(text) > this.limits.frame_bytes_max) {
      this.metrics.count('notifications_dropped_total', { why: 'too_large' });
      return false;
    }
    this.link.send(text);
    this.unsent?.note(this);
    return true;
  }

  /* ---- what goes out ---- */

  sendAnswers(answers: readonly RpcResponse[], batch: boolean): void {
    const { link } = this;
    const [only] = answers;
    if (batch) link.send(toBatchText(answers, this));
    else if (only) link.send(toAnswerText(only, this));
    this.unsent?.note(this);
    if (!this.is_held && link.unsent_bytes > this.limits.push_back_bytes) this.holdBack();
  }

  holdBack(): void {
    const { link, clock, limits } = this;
    const { push_back_bytes, stall_ms_max } = limits;
    this.is_held = true;
    pushBack({
      link,
      clock,
      push_back_bytes,
      stall_ms_max,
      onEnd: () => (this.is_held = false),
      onStall: () => this.dropUnread(),
    });
  }

  dropUnread(): void {
    const { link } = this;
    this.metrics.count('links_closed_total', { why: 'unread' });
    this.write('warn', { unsent_bytes: link.unsent_bytes }, 'a peer that does not read was cut');
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

/** What is known of a request until it is answered. */
interface Asked {
  id: RpcId;
  method: string;
  request_id: string;
  origin: ReturnType<typeof originOf>;
}

interface AnswerableCall extends Call {
  params: RpcParams | undefined;
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

/** What the smallest request holds while it runs, bytes. */
export const REQUEST_BYTES_MIN = 4_096;
/** What each link may hold whatever others do, bytes: a hello, a use of an approval, a lease are not refused for what others ask. */
export const LINK_BYTES_MIN = 16_384;
const NO_ORIGIN = {};
const BROKE_RULES = 'a response broke the rules';
const RETRY_AFTER_MS = 1_000;
