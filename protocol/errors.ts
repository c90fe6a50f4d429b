/** One number for one mistake on every wire: the error table and the error that carries a row of it (wire.md 9). */

/** Code -> message. Four digits are `AURORA-nnnn` and HTTP `Math.floor(code / 10)`; negative ones are JSON-RPC 2.0's own. */
export const ERRORS = {
  [-32700]: 'Parse error',
  [-32600]: 'Invalid Request',
  [-32601]: 'Method not found',
  [-32602]: 'Invalid params',
  [-32603]: 'Internal error',
  4000: 'Malformed request',
  4010: 'Authentication required',
  4011: 'Token expired',
  4012: 'Invalid credentials',
  4030: 'Insufficient permissions',
  4031: 'Denied by guardrail policy',
  4032: 'Approval required',
  4040: 'Not found',
  4041: 'Case not found',
  4042: 'Alert not found',
  4043: 'Agent not found',
  4050: 'Method not allowed',
  4080: 'Human approval timed out',
  4090: 'Conflict',
  4091: 'Duplicate alert',
  4100: 'Events gone',
  4120: 'Precondition failed',
  4130: 'Too large',
  4150: 'Unsupported media type',
  4220: 'Validation failed',
  4221: 'Playbook validation failed',
  4222: 'Sigma validation failed',
  4290: 'Rate limit exceeded',
  4310: 'Headers too large',
  4990: 'Cancelled',
  5000: 'Internal error',
  5030: 'Service unavailable',
  5031: 'LLM inference unavailable',
  5032: 'Event store unavailable',
  5040: 'Deadline exceeded',
  5080: 'Handoff loop or hop limit',
} as const;

/** A code of the table. */
export type ErrorCode = keyof typeof ERRORS;

/** What can stand beside a code. */
export interface ErrorExtras {
  /** Says more than the table's sentence; never a stack, a path, SQL or a secret. */
  message?: string;
  /** Structured particulars for the caller; goes on the wire. */
  detail?: unknown;
  /** When to try again, ms; goes with 4290 and 5030. */
  retry_after_ms?: number;
  /** What really happened; for the log, never for the wire. */
  cause?: unknown;
}

/**
 * An error with a row of the table.
 * @example throw new AuroraError(4043, { detail: { agent_id } });
 */
export class AuroraError extends Error {
  override readonly name = 'AuroraError';
  readonly code: ErrorCode;
  readonly detail: unknown;
  readonly retry_after_ms: number | undefined;

  constructor(code: ErrorCode, extras: ErrorExtras = {}) {
    super(extras.message ?? ERRORS[code], extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.detail = extras.detail ?? null;
    this.retry_after_ms = extras.retry_after_ms;
  }

  /** Any thrown thing as an AuroraError: itself, an abort as its own reason or 4990, all else as `fallback` with the cause kept. */
  static from(reason: unknown, fallback: ErrorCode = 5000): AuroraError {
    if (reason instanceof AuroraError) return reason;
    if (reason instanceof Error && reason.name === 'AbortError') return new AuroraError(4990, { cause: reason });
    return new AuroraError(fallback, { cause: reason });
  }
}

/** A number that stands in the table. */
export const isErrorCode = (code: number): code is ErrorCode => Object.hasOwn(ERRORS, code);

/** The HTTP status of a code; JSON-RPC's own as wire.md 9 maps them at the edge. */
export function httpStatus(code: ErrorCode): number {
  if (code >= 4000) return Math.floor(code / 10);
  return EDGE[code] ?? 500;
}

/** What a 401 says of the proof that is wanted, as `WWW-Authenticate` (RFC 9110, 11.6.1; RFC 6750, 3); undefined for any other status. */
export function challengeOf(code: ErrorCode): string | undefined {
  if (httpStatus(code) !== 401) return undefined;
  return `Bearer realm="aurora"${code === 4011 ? ', error="invalid_token", error_description="expired"' : ''}`;
}

/** Worth repeating unchanged, later. */
export const isRetryable = (code: number): boolean => RETRYABLE.has(code);

/** `error.data` of a JSON-RPC answer and the inner object of the REST envelope (wire.md 9, V01). */
export interface ErrorData {
  code: string;
  message: string;
  detail: unknown;
  timestamp: string;
  request_id: string;
  retryable: boolean;
  retry_after_ms?: number;
}

/** How a code is written: `AURORA-4042`. */
export const errorCodeText = (code: ErrorCode): string => (code >= 4000 ? `AURORA-${code}` : `JSONRPC${code}`);

/** The error as data for the wire. `at` is an ISO time. */
export function errorData(error: AuroraError, about: { request_id: string; at: string }): ErrorData {
  return {
    code: errorCodeText(error.code),
    message: error.message,
    detail: error.detail,
    timestamp: about.at,
    request_id: about.request_id,
    retryable: isRetryable(error.code),
    ...(error.retry_after_ms === undefined ? {} : { retry_after_ms: error.retry_after_ms }),
  };
}

const EDGE: Readonly<Record<number, number>> = { [-32700]: 400, [-32600]: 400, [-32601]: 404, [-32602]: 422 };
const RETRYABLE = new Set<number>([4290, 5030, 5031, 5032]);
