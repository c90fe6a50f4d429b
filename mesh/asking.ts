/** What we ask over a link: each request waits for its answer, its end or its deadline; what comes after that settles nothing. */
import { JSONRPCClient } from 'json-rpc-2.0';
import {
  AuroraError,
  type ProgressEvent,
  type RpcId,
  type RpcParams,
  type RpcRequest,
  type RpcResponse,
} from '../protocol/index.ts';
import { stopOf, type Clock, type Metrics, type Stop } from '../seams/index.ts';
import { goneBefore, LINK_GONE, toThrown } from './failing.ts';
import { LateAnswers, type OnLate } from './late-answers.ts';
import type { Link } from './link.ts';
import { withProgressToken } from './request-meta.ts';

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
  onLate?: OnLate;
}

/** A standing subscription: what was answered, and how to stop hearing. */
export interface Subscription {
  result: unknown;
  stop(): void;
}

/** What a peer lends to what asks over its link. */
export interface AskingPeer {
  readonly link: Link;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits: { frame_bytes_max: number; pending_max: number; cancel_grace_ms: number };
  /** Of the link, once it is gone. */
  readonly close_code: number | undefined;
  notify(method: string, params: RpcParams): void;
  /** Writes a line of the log about the other end. */
  write(level: 'info' | 'warn', about: object, text: string): void;
  /** Hears that nothing is waited for any more: an idle link holds none of this. */
  rest(asking: Asking): void;
}

/** Requests and subscriptions of one link. */
export class Asking {
  readonly peer: AskingPeer;
  readonly client: JSONRPCClient<undefined>;
  readonly pending = new Map<number, Hear>();
  /** Those that are too large to be sent: seen here, never what the other end says. */
  unsent: Set<RpcId> | undefined;
  subscriptions: Map<number, Hear> | undefined;
  late: LateAnswers | undefined;
  last_id: number;
  is_at_rest = false;

  constructor(peer: AskingPeer, last_id: number) {
    this.peer = peer;
    this.last_id = last_id;
    this.client = new JSONRPCClient((request: RpcRequest) => this.send(request));
  }

  /** Asks for something that goes on after its answer: its progress is heard until `stop`, or the end of the link. */
  async subscribe(method: string, params: RpcParams, onProgress: Hear): Promise<Subscription> {
    const token = ++this.last_id;
    this.subscriptions ??= new Map();
    this.subscriptions.set(token, onProgress);
    const stop = () => void this.subscriptions?.delete(token);
    try {
      return { result: await this.request(method, params, { token }), stop };
    } catch (reason) {
      stop();
      throw reason;
    }
  }

  /** Asks; rejects with the other end's error as AuroraError, 4130, 5030 when the link is gone or too much waits, 5040 or 4990. */
  async request(
    method: string,
    params: RpcParams,
    options: RequestOptions & { token?: number } = {},
  ): Promise<unknown> {
    const { peer, pending, client } = this;
    const { clock, limits } = peer;
    const { timeout_ms, onProgress, onLate, stop = options.signal && stopOf(options.signal) } = options;
    if (!peer.link.open) throw goneBefore(peer.close_code);
    if (stop?.aborted) throw AuroraError.from(stop.reason);
    if (pending.size >= limits.pending_max) throw new AuroraError(5030, { retry_after_ms: RETRY_AFTER_MS });

    const id = options.token ?? ++this.last_id;
    const giveUp = (error: AuroraError) => {
      if (onLate && pending.has(id)) this.toHearLate().await(id, onLate);
      this.settle({ jsonrpc: '2.0', id, error: { code: error.code, message: error.message } });
    };
    const cancel = (error: AuroraError, grace_ms: number) => {
      if (!pending.has(id)) return;
      peer.notify('$/cancel', { id, reason: error.message });
      if (grace_ms === 0) giveUp(error);
      else stopGrace = clock.after(grace_ms, () => giveUp(error));
    };
    let stopGrace: () => void = () => undefined;
    const stopTimer =
      timeout_ms === undefined ? undefined : clock.after(timeout_ms, () => cancel(new AuroraError(5040), 0));
    const ignoreStop = stop?.onAbort((reason) => cancel(AuroraError.from(reason), limits.cancel_grace_ms));
    pending.set(id, onProgress ?? NOBODY);
    try {
      const sent = onProgress || options.token ? withProgressToken(params, id) : params;
      const response: RpcResponse = await client.requestAdvanced(
        { jsonrpc: '2.0', id, method, params: sent },
        undefined,
      );
      if (this.unsent?.delete(id)) throw new AuroraError(4130);
      if ('error' in response) throw toThrown(response.error, peer.close_code);
      return response.result;
    } finally {
      pending.delete(id);
      stopTimer?.();
      stopGrace();
      ignoreStop?.();
      this.restIfIdle();
    }
  }

  toHearLate(): LateAnswers {
    return (this.late ??= new LateAnswers(this.peer.clock, () => this.restIfIdle()));
  }

  /** Takes an answer; false when it answers nothing that was ever asked. */
  settle(response: RpcResponse): boolean {
    const { peer, pending, client, last_id } = this;
    const { id } = response;
    // Settled from here on, not only when the asker has run: a second answer in the same frame is late already.
    if (typeof id === 'number' && pending.delete(id)) {
      client.receive(response);
      return true;
    }
    if (id === null && 'error' in response) {
      peer.write('warn', { code: response.error.code }, 'the other end could not read a frame');
      return true;
    }
    if (typeof id !== 'number' || id <= 0 || id > last_id) return false;
    peer.metrics.count('late_results_total');
    peer.write('info', { id }, 'late_result: the call was settled already');
    const onLate = this.late?.take(id);
    onLate?.('error' in response ? { error: toThrown(response.error) } : { result: response.result });
    if (onLate) this.restIfIdle();
    return true;
  }

  /** Who hears the progress of that request or subscription. */
  hears(token: number): Hear | undefined {
    const hear = this.pending.get(token) ?? this.subscriptions?.get(token);
    return hear === NOBODY ? undefined : hear;
  }

  isPending(id: RpcId): boolean {
    return typeof id === 'number' && this.pending.has(id);
  }

  /** The link is gone: nothing is answered any more. */
  end(): void {
    this.client.rejectAllPendingRequests(LINK_GONE);
    this.subscriptions = undefined;
    this.late?.end();
  }

  /** Once: several requests may learn of their answers after the last of them was settled, and who asks next asks anew. */
  restIfIdle(): void {
    if (this.is_at_rest || this.pending.size > 0 || this.subscriptions?.size || this.late?.waiting.size) return;
    this.is_at_rest = true;
    this.peer.rest(this);
  }

  send(request: RpcRequest): void {
    const { link, limits } = this.peer;
    const text = JSON.stringify(request);
    if (Buffer.byteLength(text) <= limits.frame_bytes_max) {
      link.send(text);
      return;
    }
    (this.unsent ??= new Set()).add(request.id);
    throw new Error('the frame is too large');
  }
}

type Hear = (event: ProgressEvent) => void;

/** Hears the progress of what was asked without asking for any. */
const NOBODY: Hear = () => undefined;
const RETRY_AFTER_MS = 1_000;
