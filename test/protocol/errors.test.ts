/** The error table: one number on every wire, and nothing of what really happened. */
import { describe, expect, test } from 'vitest';
import { AuroraError, errorData, ERRORS, httpStatus, isErrorCode, isRetryable } from '../../protocol/index.ts';

const codes = Object.keys(ERRORS).map(Number).filter(isErrorCode);

/** Code, message, HTTP status. Peers depend on every row: change one on purpose, with a line in CHANGELOG.md. */
const PINNED = [
  [4000, 'Malformed request', 400],
  [4010, 'Authentication required', 401],
  [4011, 'Token expired', 401],
  [4012, 'Invalid credentials', 401],
  [4030, 'Insufficient permissions', 403],
  [4031, 'Denied by guardrail policy', 403],
  [4032, 'Approval required', 403],
  [4040, 'Not found', 404],
  [4041, 'Case not found', 404],
  [4042, 'Alert not found', 404],
  [4043, 'Agent not found', 404],
  [4050, 'Method not allowed', 405],
  [4080, 'Human approval timed out', 408],
  [4090, 'Conflict', 409],
  [4091, 'Duplicate alert', 409],
  [4100, 'Events gone', 410],
  [4120, 'Precondition failed', 412],
  [4130, 'Too large', 413],
  [4150, 'Unsupported media type', 415],
  [4220, 'Validation failed', 422],
  [4221, 'Playbook validation failed', 422],
  [4222, 'Sigma validation failed', 422],
  [4290, 'Rate limit exceeded', 429],
  [4310, 'Headers too large', 431],
  [4990, 'Cancelled', 499],
  [5000, 'Internal error', 500],
  [5030, 'Service unavailable', 503],
  [5031, 'LLM inference unavailable', 503],
  [5032, 'Event store unavailable', 503],
  [5040, 'Deadline exceeded', 504],
  [5080, 'Handoff loop or hop limit', 508],
  [-32700, 'Parse error', 400],
  [-32603, 'Internal error', 500],
  [-32602, 'Invalid params', 422],
  [-32601, 'Method not found', 404],
  [-32600, 'Invalid Request', 400],
];

test('the table is exactly this', () => {
  const rows = codes.map((code) => [code, ERRORS[code], httpStatus(code)]);
  expect(new Set(rows.map(String))).toEqual(new Set(PINNED.map(String)));
  expect(rows).toHaveLength(PINNED.length);
});

test('our own codes stay out of the range that JSON-RPC reserves', () => {
  const own = codes.filter((code) => code > -32000 || code < -32768);
  expect(own.every((code) => code >= 4000 && code < 6000)).toBe(true);
  expect(codes.filter((code) => code < 0).sort()).toEqual([-32600, -32601, -32602, -32603, -32700].sort());
});

test.each([0, 1, 4044, -32000, -32001, Number.NaN, 4041.5])('%s stands in no table', (code) => {
  expect(isErrorCode(code)).toBe(false);
});

test('what is worth repeating unchanged: no room, and what is away', () => {
  expect(codes.filter(isRetryable).sort()).toEqual([4290, 5030, 5031, 5032]);
});

describe('an error as data', () => {
  const about = { request_id: 'r-1', at: '2026-01-01T00:00:00.000Z' };

  test('has the inner object of the REST envelope, and whether to repeat', () => {
    expect(errorData(new AuroraError(4041, { detail: { case_id: 'c1' } }), about)).toEqual({
      code: 'AURORA-4041',
      message: 'Case not found',
      detail: { case_id: 'c1' },
      timestamp: '2026-01-01T00:00:00.000Z',
      request_id: 'r-1',
      retryable: false,
    });
    expect(errorData(new AuroraError(4290, { retry_after_ms: 1_000 }), about)).toMatchObject({
      code: 'AURORA-4290',
      detail: null,
      retryable: true,
      retry_after_ms: 1_000,
    });
    expect(errorData(new AuroraError(-32602), about).code).toBe('JSONRPC-32602');
  });

  test('never holds the cause, its stack or its text', () => {
    const cause = new Error('SELECT password FROM users', { cause: new Error('deeper') });
    const text = JSON.stringify([
      errorData(new AuroraError(5000, { cause }), about),
      errorData(AuroraError.from(cause), about),
      errorData(AuroraError.from('a thrown text'), about),
    ]);
    expect(text).not.toMatch(/SELECT|deeper|thrown|stack|errors\.test/);
  });
});

describe('any thrown thing becomes an error of the table', () => {
  test('itself, an abort as 4990, all else as 5000 or what the caller says, with the cause kept', () => {
    const own = new AuroraError(4041);
    expect(AuroraError.from(own)).toBe(own);
    const abort = AbortSignal.abort().reason as unknown;
    expect(AuroraError.from(abort)).toMatchObject({ code: 4990, cause: abort });
    const cause = new TypeError('x');
    expect(AuroraError.from(cause)).toMatchObject({ code: 5000, message: 'Internal error', cause });
    expect(AuroraError.from(cause, -32603)).toMatchObject({ code: -32603, cause });
    for (const odd of [undefined, null, 0, 'text', {}]) expect(AuroraError.from(odd).code).toBe(5000);
  });
});
