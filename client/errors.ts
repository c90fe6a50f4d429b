/** How a call can fail, each way a class of its own (requirements.md N11, K11, K12). */
import { z } from 'zod';
import { DuplicateOf } from '../protocol/index.ts';

/** What every failure says. */
export interface Failed {
  /** `alerts.create`, or the path that was asked. */
  operation: string;
  /** The answer's X-Request-ID, or ours when nothing was answered: it stands in the server's log. */
  request_id?: string | undefined;
  cause?: unknown;
}

/** Any failure of a client. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly operation: string;
  readonly request_id: string | undefined;

  constructor(message: string, { operation, request_id, cause }: Failed) {
    super(`${operation}: ${message}`, cause === undefined ? undefined : { cause });
    this.operation = operation;
    this.request_id = request_id;
  }
}

/** The server said no. */
export class ApiError extends ClientError {
  override readonly name: string = 'ApiError';
  readonly status: number;
  /** `AURORA-4042`; `HTTP-502` when whoever answered knows no codes. */
  readonly code: string;
  readonly detail: unknown;
  /** The server's own words. */
  readonly said: string;
  /** Seconds until it makes sense to ask again, when it was said. */
  readonly retry_after: number | undefined;
  /** What the server says of repeating it; undefined when it says nothing. */
  readonly retryable: boolean | undefined;

  constructor(answer: Refusal, about: Failed) {
    super(`${answer.code} ${answer.message}`, about);
    this.status = answer.status;
    this.code = answer.code;
    this.detail = answer.detail;
    this.said = answer.message;
    this.retry_after = answer.retry_after;
    this.retryable = answer.retryable;
  }
}

/** 401: nobody, or not any more. What a fresh token can cure was tried already. */
export class AuthError extends ApiError {
  override readonly name = 'AuthError';
}

/** 429: too much at once; `retry_after` says how many seconds to wait. */
export class RateLimitError extends ApiError {
  override readonly name = 'RateLimitError';
}

/** It was repeated as often, as long or as much as is allowed; `cause` is the last failure. */
export class RetryBudgetError extends ClientError {
  override readonly name = 'RetryBudgetError';
  /** `attempts`: all were used. `time`: the next would come too late. `share`: too many calls of this client are repeated already. */
  readonly spent: 'attempts' | 'time' | 'share';
  readonly attempts: number;
  readonly retry_after: number | undefined;

  constructor(spent: RetryBudgetError['spent'], attempts: number, about: Failed & { cause: ClientError }) {
    super(`the retry budget is spent (${spent}) after ${attempts} attempts: ${about.cause.message}`, about);
    this.spent = spent;
    this.attempts = attempts;
    this.retry_after = about.cause instanceof ApiError ? about.cause.retry_after : undefined;
  }
}

/** Nothing was answered: no connection, or one that broke. Whether it was done is unknown. */
export class ConnectionError extends ClientError {
  override readonly name: string = 'ConnectionError';
}

/** Nothing was answered in time. Whether it was done is unknown. */
export class TimeoutError extends ConnectionError {
  override readonly name = 'TimeoutError';
}

/** What was asked is not what the operation takes; nothing was sent (K03). */
export class InvalidRequestError extends ClientError {
  override readonly name = 'InvalidRequestError';
}

/** What was answered is not what the operation answers (K03). */
export class InvalidResponseError extends ClientError {
  override readonly name = 'InvalidResponseError';
}

/** The API speaks a version that this client does not know (V03). */
export class VersionError extends ClientError {
  override readonly name = 'VersionError';
}

/** The client was closed. */
export class ClosedError extends ClientError {
  override readonly name = 'ClosedError';
}

/** What a server says with a status that is none of success. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  detail: unknown;
  retry_after: number | undefined;
  retryable: boolean | undefined;
}

/** Reads a refusal: our envelope, the flat one, or one with `detail` alone; else the status text speaks (N10, T19). */
export function toApiError(
  answer: { status: number; statusText: string; headers: Headers; body: string },
  about: Failed & { now: number },
): ApiError {
  const { status, statusText, headers } = answer;
  const said: z.infer<typeof Said> = Said.safeParse(jsonIn(answer.body)).data ?? {};
  const inner = typeof said.error === 'object' ? said.error : undefined;
  const spoken =
    typeof said.detail === 'string' ? said.detail : typeof said.error === 'string' ? said.error : undefined;
  const refusal: Refusal = {
    status,
    code: inner?.code ?? said.code ?? `HTTP-${status}`,
    message: inner?.message ?? spoken ?? (statusText === '' ? `status ${status}` : statusText),
    detail: inner?.detail ?? said.detail ?? null,
    retry_after: retryAfterIn(headers, about.now),
    retryable: inner?.retryable,
  };
  const known = { ...about, request_id: headers.get('x-request-id') ?? about.request_id };
  if (status === 401) return new AuthError(refusal, known);
  if (status === 429) return new RateLimitError(refusal, known);
  return new ApiError(refusal, known);
}

/** The alert that was there already, when that is why a post was refused (K19). */
export const duplicateOf = (reason: unknown): DuplicateOf | undefined =>
  reason instanceof ApiError && reason.code === 'AURORA-4091' ? DuplicateOf.safeParse(reason.detail).data : undefined;

/** Seconds, or the time of an HTTP date from now on. */
function retryAfterIn(headers: Headers, now: number): number | undefined {
  const given = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(given)) return Number(given);
  const at = Date.parse(given);
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - now) / 1_000));
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const Said = z.object({
  error: z
    .union([
      z.string(),
      z.object({
        code: z.string().optional(),
        message: z.string().optional(),
        detail: z.unknown().optional(),
        retryable: z.boolean().optional(),
      }),
    ])
    .optional()
    .catch(undefined),
  code: z.string().optional().catch(undefined),
  detail: z.unknown().optional(),
});
