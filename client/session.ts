/** Who the client is: tokens taken when the first call needs them, kept in memory, renewed once for all who wait (requirements.md K01, K06, T14). */
import { authRoutes, TokenPair } from '../protocol/index.ts';
import { ApiError, AuthError, ClosedError, ConnectionError, RetryBudgetError } from './errors.ts';
import { toOperation, type Operation } from './operation.ts';
import { reasonOf, type Platform } from './platform.ts';

/** How a client proves who it is. */
export type Credentials =
  | { username: string; password: string }
  | { api_key: string }
  /** A token from somewhere else: when it ends, so does this. */
  | { access_token: string }
  /**
   * A session from before. Each renewal gives a new refresh token, which `onTokens` should keep: the old one is worth nothing. The
   * access token, where it is given, is used until it is refused.
   */
  | { refresh_token: string; access_token?: string; onTokens?: (tokens: TokenPair) => void }
  /**
   * A session that somebody else keeps, for several clients: `renew` gives the tokens to be used after a refusal, and 30 s before the
   * end of those it gave before. What may pass it throws as a ConnectionError: calls are repeated then, and streams wait, as after any
   * lost connection. Whatever else it throws ends both.
   */
  | { access_token: string; renew: () => Promise<TokenPair> };

/** The proof of one moment. */
export interface Proof {
  headers: Record<string, string>;
  /** Counts the tokens, to know a proof that was replaced since. */
  generation: number;
}

/** The session of one client. */
export interface Session {
  /** What to send; signs in first where nobody did. */
  proof(signal: AbortSignal): Promise<Proof>;
  /** After a 401 with that proof: whether a fresh one is there now. All who ask at once share one renewal. */
  cure(refused: Proof, signal: AbortSignal): Promise<boolean>;
  /** The password is another one from now on: that of the user it signs in as, unless somebody else is named. */
  setPassword(password: string, username?: string): void;
  /** Forgets the tokens. */
  forget(): void;
}

/** Sends without a proof, under the rules of every call; throws a ClientError. */
export type SendBare = (operation: Operation) => Promise<unknown>;

/** A session that is not signed in. Nothing is sent before the first call (K06). */
export function createSession(
  given: Credentials | undefined,
  { platform, send }: { platform: Pick<Platform, 'monotonic' | 'after'>; send: SendBare },
): Session {
  let held: Held | undefined = lentBy(given);
  let password = given && 'password' in given ? given.password : undefined;
  let refresh_token = given && 'refresh_token' in given ? given.refresh_token : undefined;
  let denied: { error: unknown; until: number } | undefined;
  let flight: Promise<Held> | undefined;
  let generation = 0;

  return {
    async proof(signal) {
      const fixed = fixedHeaders(given);
      if (fixed) return { headers: fixed, generation };
      const { headers } = await current(signal);
      return { headers, generation };
    },
    async cure(refused, signal) {
      if (fixedHeaders(given)) return false;
      // Somebody else renewed it while this call was under way.
      if (refused.generation === generation) await sharing(signal);
      return true;
    },
    setPassword(changed, username) {
      if (!given || !('password' in given)) return;
      if (username !== undefined && username.toLowerCase() !== given.username.toLowerCase()) return;
      password = changed;
      denied = undefined;
    },
    forget() {
      held = undefined;
      refresh_token = undefined;
      generation += 1;
    },
  };

  /** One flight for all; whoever gives up leaves it to the others. */
  function sharing(signal: AbortSignal): Promise<Held> {
    flight ??= renew().finally(() => (flight = undefined));
    return orAborted(flight, signal);
  }

  /**
   * The token to be sent. It is renewed before it ends, for a refusal would cost a whole round; while it counts itself, nobody waits
   * long for that, and a renewal that may pass another time takes nobody down.
   */
  async function current(signal: AbortSignal): Promise<Held> {
    const kept = held;
    const now = platform.monotonic();
    if (kept && now < kept.until) return kept;
    if (!kept || now >= kept.ends) return sharing(signal);
    let cancel: () => void = () => undefined;
    const enough = new Promise<undefined>((resolve) => {
      cancel = platform.after(AHEAD_MS_MAX, () => resolve(undefined));
    });
    try {
      const fresh = await Promise.race([sharing(signal), enough]);
      if (fresh) return fresh;
    } catch (reason) {
      if (signal.aborted || !mayPass(reason)) throw reason;
    } finally {
      cancel();
    }
    if (kept !== held || platform.monotonic() >= kept.ends) return current(signal);
    kept.until = Math.min(platform.monotonic() + AGAIN_MS, kept.ends);
    return kept;
  }

  async function renew(): Promise<Held> {
    const begun = generation;
    const pair = TokenPair.parse(await fresh());
    if (generation !== begun) throw new ClosedError('signed out meanwhile', { operation: 'auth.token' });
    generation += 1;
    ({ refresh_token } = pair);
    // Never earlier than halfway, so that a short-lived token is of use as well.
    const lasts_ms = pair.expires_in * 1_000;
    const ends = platform.monotonic() + lasts_ms;
    held = { headers: bearer(pair.access_token), until: ends - Math.min(EARLY_MS, lasts_ms / 2), ends };
    if (given && 'onTokens' in given) given.onTokens(pair);
    return held;
  }

  async function fresh(): Promise<unknown> {
    return given && 'renew' in given ? given.renew() : ((await refreshed()) ?? signedIn());
  }

  /** Undefined where there is nothing to refresh with, or it failed and a password is there. */
  async function refreshed(): Promise<unknown> {
    const token = refresh_token;
    if (token === undefined) return undefined;
    // It is good for one use, and a second one would end the session: after a lost answer the password is the safe way.
    refresh_token = undefined;
    try {
      return await send(toOperation('auth.refresh', authRoutes.refresh, { refresh_token: token }));
    } catch (reason) {
      if (given && 'password' in given) return undefined;
      if (!(reason instanceof AuthError)) refresh_token = token;
      throw reason;
    }
  }

  async function signedIn(): Promise<unknown> {
    if (given && 'password' in given) {
      const { username } = given;
      if (denied && platform.monotonic() < denied.until) throw denied.error;
      try {
        return await send(toOperation('auth.token', authRoutes.token, { username, password }));
      } catch (error) {
        if (isDenial(error)) denied = { error, until: platform.monotonic() + DENIED_MS };
        throw error;
      }
    }
    throw new AuthError(
      {
        status: 401,
        code: 'AURORA-4010',
        message: given ? 'The session has ended' : 'The client was made without credentials',
        detail: null,
        retry_after: undefined,
        retryable: false,
      },
      { operation: 'auth.token' },
    );
  }
}

/** Settles as the promise does, or rejects as soon as the signal aborts. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const onAbort = () => reject(reasonOf(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

interface Held {
  headers: Record<string, string>;
  /** Monotonic ms after which it is renewed before it is used. */
  until: number;
  /** Monotonic ms after which it counts no longer. */
  ends: number;
}

function fixedHeaders(given: Credentials | undefined): Record<string, string> | undefined {
  if (given && 'api_key' in given) return { 'x-api-key': given.api_key };
  const is_lent = given && 'access_token' in given && !('refresh_token' in given) && !('renew' in given);
  return is_lent ? bearer(given.access_token) : undefined;
}

const lentBy = (given: Credentials | undefined): Held | undefined =>
  given && ('refresh_token' in given || 'renew' in given) && given.access_token !== undefined
    ? { headers: bearer(given.access_token), until: Infinity, ends: Infinity }
    : undefined;

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Wrong, or good for setting another one only: sent again it is the same. A proxy that says no knows nothing of passwords. */
const isDenial = (reason: unknown): boolean =>
  reason instanceof ApiError && (reason.code === 'AURORA-4012' || reason.code === 'AURORA-4030');

/** A server that was busy or away; whoever gave up, signed out or was refused is told. */
const mayPass = (reason: unknown): boolean =>
  (reason instanceof RetryBudgetError && mayPass(reason.cause)) ||
  reason instanceof ConnectionError ||
  (reason instanceof ApiError && !(reason instanceof AuthError) && (reason.status === 429 || reason.status >= 500));

/** Until then every call hears of a refused password without sending it: each try counts against its user at this address. */
const DENIED_MS = 60_000;
/** What a call waits for a renewal while its token counts, and how long after one in vain the next is tried. */
const AHEAD_MS_MAX = 1_000;
const AGAIN_MS = 5_000;
/** A token is renewed that long before its end. */
const EARLY_MS = 30_000;
