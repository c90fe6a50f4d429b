/** The road of one call: prove, send, read; renew a token once, pause and repeat where that helps, and say how it ended. */
import { z } from 'zod';
import {
  ApiError,
  AuthError,
  ClientError,
  ClosedError,
  ConnectionError,
  InvalidResponseError,
  RetryBudgetError,
  TimeoutError,
  toApiError,
} from './errors.ts';
import type { Operation } from './operation.ts';
import { reasonOf, type Platform } from './platform.ts';
import { isRepeatable, pauseMs, type RetryRules, type RetryShare } from './retry.ts';
import type { Proof, Session } from './session.ts';
import type { Telemetry } from './telemetry.ts';
import type { VersionGate } from './version.ts';

/** What can be said for one call. */
export interface CallOptions {
  signal?: AbortSignal;
  /** Of one attempt, signing in and renewing a token for it included. */
  timeout_ms?: number;
  /** 1 repeats nothing. */
  attempts_max?: number;
  /** Under which a write is done once, however often it is sent; made anew for each call unless said. */
  idempotency_key?: string;
  /** The `version` that was read: a record that changed since is refused (4120). */
  if_match?: number;
}

/** What calls are made of. */
export interface CallDeps {
  platform: Platform;
  /** Without a slash at its end, and without the version. */
  root: string;
  rules: RetryRules;
  share: RetryShare;
  session: () => Session;
  telemetry: Telemetry;
  gate: VersionGate;
  /** Aborts when the client is closed. */
  closing: AbortSignal;
  /** Hears the headers of each answer. */
  onHeaders: (headers: Headers) => void;
}

/** Makes one call. Throws a ClientError. */
export type Call = <O>(operation: Operation<O>, options?: CallOptions) => Promise<O>;

/** The one way in which a client calls: with its proof, its repetitions, its bounds and its hooks. */
export function createCall(deps: CallDeps): Call {
  const { platform, root, rules, share, telemetry, gate, closing } = deps;

  return async (operation, options = {}) => {
    const began = platform.monotonic();
    const headers = headersOf(operation, options);
    const run: Run = { began, attempts: 0, request_id: undefined, is_renewed: false, headers, options };
    share.earn();
    try {
      const output = await repeated(operation, run);
      report(operation, run, undefined);
      return output;
    } catch (reason) {
      const error = reason instanceof ClientError ? reason : new ClientError(textOf(reason), about(operation, reason));
      report(operation, run, error);
      throw error;
    }
  };

  async function repeated<O>(operation: Operation<O>, run: Run): Promise<O> {
    const signal = run.options.signal ? AbortSignal.any([closing, run.options.signal]) : closing;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await attempted(operation, run, signal);
      if (!(answer instanceof ClientError)) return answer.value;
      await pause(operation, run, { attempt, failure: answer, signal });
    }
  }

  /** One attempt. Failures that cannot be helped are thrown. */
  async function attempted<O>(
    operation: Operation<O>,
    run: Run,
    signal: AbortSignal,
  ): Promise<{ value: O } | ClientError> {
    const { timeout_ms = rules.timeouts_ms[operation.kind] } = run.options;
    const limit = new AbortController();
    const cancel = platform.after(timeout_ms, () => {
      const known = { operation: operation.name, request_id: run.request_id };
      limit.abort(new TimeoutError(`no answer within ${timeout_ms} ms`, known));
    });
    run.request_id = undefined;
    try {
      signal.throwIfAborted();
      return { value: await proven(operation, run, AbortSignal.any([signal, limit.signal])) };
    } catch (reason) {
      if (closing.aborted) throw new ClosedError('the client was closed', about(operation, reason));
      if (signal.aborted) throw new ClientError('aborted by the caller', about(operation, reasonOf(signal)));
      if (!(reason instanceof ClientError)) throw reason;
      return reason;
    } finally {
      cancel();
    }
  }

  /** Sends with a proof, once one is there, and once more with a fresh one where the first was refused. */
  async function proven<O>(operation: Operation<O>, run: Run, signal: AbortSignal): Promise<O> {
    const session = deps.session();
    const proof = operation.is_proven ? await session.proof(signal) : undefined;
    try {
      return await send(operation, run, { proof, signal });
    } catch (reason) {
      if (!proof || run.is_renewed || !isOfProof(reason)) throw reason;
      if (!(await session.cure(proof, signal))) throw reason;
    }
    // Not before: where the renewal failed in passing, the next attempt is refused again, and renews again.
    run.is_renewed = true;
    return proven(operation, run, signal);
  }

  async function send<O>(
    { name: operation, method, path, body, statuses, read, instead }: Operation<O>,
    run: Run,
    { proof, signal }: { proof: Proof | undefined; signal: AbortSignal },
  ): Promise<O> {
    run.attempts += 1;
    const request_id = (run.request_id = platform.uuid());
    const headers = { ...run.headers, ...proof?.headers, 'x-request-id': request_id };
    const init: RequestInit = { method, headers, redirect: 'error', credentials: 'omit', signal };
    if (body !== undefined) init.body = body;
    try {
      const response = await platform.fetch(root + path, init);
      const known = { operation, request_id: response.headers.get('x-request-id') ?? request_id };
      const is_read = heed(response, { ...known, instead });
      const text = is_read ? await textIn(response, known) : '';
      if (statuses.includes(response.status)) return read(text, known.request_id);
      const { status, statusText, headers: given } = response;
      throw toApiError({ status, statusText, headers: given, body: text }, { ...known, now: platform.now() });
    } catch (reason) {
      if (reason instanceof ClientError) throw reason;
      if (signal.aborted) throw reasonOf(signal);
      throw new ConnectionError(`no answer: ${textOf(reason)}`, { operation, request_id, cause: reason });
    }
  }

  /** What the headers say, before the body is read. */
  function heed(
    response: Response,
    known: { operation: string; request_id: string; instead: string | undefined },
  ): boolean {
    const { headers } = response;
    try {
      gate.see(headers, known);
    } catch (reason) {
      void response.body?.cancel().catch(() => undefined); // nobody reads it; its connection is free again
      throw reason;
    }
    deps.onHeaders(headers);
    const deprecation = headers.get('deprecation');
    if (deprecation !== null && deprecation !== 'false') {
      const { operation, instead } = known;
      telemetry.deprecated({ operation, instead, sunset: headers.get('sunset') ?? undefined });
    }
    return response.body !== null;
  }

  async function pause(
    operation: Operation,
    run: Run,
    { attempt, failure, signal }: { attempt: number; failure: ClientError; signal: AbortSignal },
  ): Promise<void> {
    const { attempts_max = rules.attempts_max, timeout_ms = rules.timeouts_ms[operation.kind] } = run.options;
    if (!isRepeatable(operation, failure) || attempts_max <= 1) throw failure;
    const failed = { operation: operation.name, request_id: failure.request_id, cause: failure };
    if (attempt >= attempts_max) throw new RetryBudgetError('attempts', run.attempts, failed);
    const wait_ms = pauseMs(attempt, failure, () => platform.random());
    const passed_ms = platform.monotonic() - run.began;
    if (passed_ms + wait_ms > rules.total_ms_max + timeout_ms) throw new RetryBudgetError('time', run.attempts, failed);
    if (!share.spend()) throw new RetryBudgetError('share', run.attempts, failed);
    telemetry.retried({ operation: operation.name, attempt, wait_ms, error: failure });
    try {
      await platform.sleep(wait_ms, signal);
    } catch (reason) {
      if (closing.aborted) throw new ClosedError('the client was closed', about(operation, reason));
      throw new ClientError('aborted by the caller', about(operation, reason));
    }
  }

  function headersOf(
    { method, body, keyed }: Operation,
    { idempotency_key, if_match }: CallOptions,
  ): Record<string, string> {
    const key = idempotency_key ?? (keyed === undefined ? undefined : platform.uuid());
    return {
      accept: 'application/json, text/plain;q=0.5',
      // A form names its own boundary (N05).
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      ...(key !== undefined && method !== 'GET' && { 'idempotency-key': key }),
      ...(if_match !== undefined && { 'if-match': `"${if_match}"` }),
    };
  }

  function report({ name: operation }: Operation, { attempts, began }: Run, error: ClientError | undefined): void {
    const latency_ms = platform.monotonic() - began;
    telemetry.called({ operation, attempts, latency_ms, error }, error !== undefined && isOutage(error));
  }
}

interface Run {
  /** Monotonic ms. */
  began: number;
  attempts: number;
  /** Of what was sent last in this attempt. */
  request_id: string | undefined;
  /** The token was renewed for it: a second 401 is the truth (T15). */
  is_renewed: boolean;
  headers: Record<string, string>;
  options: CallOptions;
}

/** The whole body, bounded. */
async function textIn(response: Response, known: { operation: string; request_id: string }): Promise<string> {
  const decoder = new TextDecoder();
  let [text, size] = ['', 0];
  for await (const chunk of chunksOf(response)) {
    size += chunk.byteLength;
    if (size > ANSWER_BYTES_MAX) throw new InvalidResponseError(`the answer is over ${ANSWER_BYTES_MAX} bytes`, known);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** By its reader: not every browser lets a body be iterated. What is left unread is canceled. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const part = await reader.read();
      if (part.done) return;
      const value: unknown = part.value;
      if (value instanceof Uint8Array) yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** The server does not work, or cannot be reached. */
function isOutage(error: ClientError): boolean {
  const failure = error instanceof RetryBudgetError ? error.cause : error;
  return failure instanceof ConnectionError || (failure instanceof ApiError && failure.status >= 500);
}

/** A 401 that a fresh token can cure (T15). One that names a member of the input, as a wrong password does, is no word on the token. */
const isOfProof = (reason: unknown): boolean =>
  reason instanceof AuthError && !OfInput.safeParse(reason.detail).success;

const about = (operation: Operation, cause: unknown) => ({ operation: operation.name, cause });

/** `fetch failed` alone helps nobody: the reason stands in its cause. */
function textOf(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  return reason.cause instanceof Error ? `${reason.message}: ${reason.cause.message}` : reason.message;
}

const OfInput = z.object({ path: z.string() });
const ANSWER_BYTES_MAX = 67_108_864;
