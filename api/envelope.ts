/** The one way to say no over HTTP: the envelope V01, and the headers that go with it. */
import { z } from 'zod';
import {
  AuroraError,
  challengeOf,
  ERRORS,
  errorData,
  httpStatus,
  invalidParams,
  ParamIssue,
  type ErrorCode,
} from '../protocol/index.ts';

/** A refusal, ready to be sent. */
export interface Refused {
  error: AuroraError;
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Any thrown thing as an answer. What is no AuroraError is a 5000 that tells nothing (ATK-J5). */
export function toRefusal(reason: unknown, about: { request_id: string; at: string }): Refused {
  const error = atTheEdge(reason);
  const wait_ms = error.retry_after_ms ?? (ALWAYS_RETRY.has(httpStatus(error.code)) ? RETRY_AFTER_MS : undefined);
  const challenge = challengeOf(error.code);
  return {
    error,
    status: httpStatus(error.code),
    headers: {
      ...(wait_ms !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(wait_ms / 1_000))) }),
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
    },
    body: JSON.stringify({ error: errorData(error, about) }),
  };
}

/** JSON-RPC's own codes have names here (wire.md 9), and so have the framework's. */
function atTheEdge(reason: unknown): AuroraError {
  if (reason instanceof z.ZodError) return atTheEdge(invalidParams(reason));
  if (reason instanceof AuroraError) {
    const code = EDGE[reason.code];
    if (code === undefined) return reason;
    const { detail, cause } = reason;
    return new AuroraError(code, { message: code === 5000 ? 'Internal error' : wordsOf(reason, code), detail, cause });
  }
  const known = FRAMEWORK[nameOf(reason)];
  if (known !== undefined) return new AuroraError(known, { cause: reason });
  const status = statusOf(reason);
  if (status !== undefined) return new AuroraError(status === 404 ? 4040 : 4000, { cause: reason });
  return new AuroraError(5000, { cause: reason });
}

/** What a method says of its params is true of a request as well. */
function wordsOf({ message, detail }: AuroraError, code: ErrorCode): string {
  const { data } = WithIssues.safeParse(detail);
  if (!data) return message.replace(ERRORS[-32602], ERRORS[code]); // agents elsewhere say it in words alone
  if (data.issues.some(({ path }) => path === '/options/idempotency_key'))
    return 'Validation failed: a skill that acts needs an Idempotency-Key';
  return invalidParams(data.issues, { code }).message;
}

const nameOf = (reason: unknown): string =>
  typeof reason === 'object' && reason !== null && 'code' in reason && typeof reason.code === 'string'
    ? reason.code
    : '';

/** Errors of parsers carry a status of 4xx. */
function statusOf(reason: unknown): number | undefined {
  if (typeof reason !== 'object' || reason === null || !('statusCode' in reason)) return undefined;
  const { statusCode } = reason;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}

const WithIssues = z.object({ issues: z.array(ParamIssue).min(1) });

const EDGE: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  [-32700]: 4000,
  [-32600]: 4000,
  [-32601]: 4040,
  [-32602]: 4220,
  [-32603]: 5000,
};
const FRAMEWORK: Readonly<Partial<Record<string, ErrorCode>>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 4130,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 4150,
  FST_ERR_CTP_EMPTY_TYPE: 4150,
  FST_ERR_CTP_INVALID_TYPE: 4150,
};
/** REQ-X16 and ATK-I2: who is told to come again is told when. */
const ALWAYS_RETRY = new Set([429, 503]);
const RETRY_AFTER_MS = 1_000;
