/** What a request comes to when it has no result: the error of the other end, or the loss of the link. */
import { AuroraError, isErrorCode, type RpcError } from '../protocol/index.ts';

/** The error of the other end, as whoever asked is thrown it; `close_code` is that of the link, when it is gone. */
export function toThrown(error: RpcError, close_code?: number): AuroraError {
  if (error.message === LINK_GONE && close_code !== undefined) return gone(close_code);
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

/** What is thrown for a link that is gone. */
function gone(close_code?: number): AuroraError {
  const detail = { link_lost: true, close_code: close_code ?? null };
  const error = new AuroraError(5030, { message: 'The link is gone', detail });
  LOST.add(error);
  return error;
}

/** The same for a link that was gone before anything was sent. */
export function goneBefore(close_code?: number): AuroraError {
  const error = gone(close_code);
  UNSENT.add(error);
  return error;
}

/** Why calls of the other end are stopped when it is gone. */
export function hungUp(): AuroraError {
  const error = new AuroraError(4990, { message: 'The link is gone' });
  HUNG_UP.add(error);
  return error;
}

/** Whether a request failed because its link is gone: seen by ourselves, never what the other end says of it. */
export const isLinkLost = (error: unknown): boolean => error instanceof AuroraError && LOST.has(error);

/** Whether its link was gone before the request was sent: the other end never heard of it. */
export const isUnsent = (error: unknown): boolean => error instanceof AuroraError && UNSENT.has(error);

/** Whether a call was aborted because its link is gone, and not because anybody cancelled it. */
export const isHungUp = (reason: unknown): boolean => reason instanceof AuroraError && HUNG_UP.has(reason);

/** What the library is told of requests that were never answered. */
export const LINK_GONE = 'link gone';

const LOST = new WeakSet<AuroraError>();
const UNSENT = new WeakSet<AuroraError>();
const HUNG_UP = new WeakSet<AuroraError>();
const RETRY_AFTER_MS_MAX = 30_000;
const MESSAGE_CHARS_MAX = 1_024;
