/** A webhook: one message to one configured address, tried a few times, and never led anywhere it may not go (ATK-G1, G2, G3). */
import { createHmac } from 'node:crypto';
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { assertPublicAddress, lookupOf, type PinnedAddress } from '../mesh/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { sleep, type Clock, type Random } from '../seams/index.ts';
import { createBreaker, type BreakerBounds } from './breaker.ts';

/** Where messages are posted. */
export interface WebhookAddress {
  url: string;
  /** Signs each message: `X-Aurora-Signature: sha256=<HMAC of the body, hex>`. */
  secret?: string | undefined;
  /** CIDR blocks where it may live besides the public internet. */
  networks?: readonly string[] | undefined;
}

/** What one message may cost. */
export interface WebhookBounds extends BreakerBounds {
  /** One try with all its redirects, ms. */
  try_ms_max: number;
  tries_max: number;
  redirects_max: number;
  /** Of an answer; the rest stays unread. */
  answer_bytes_max: number;
  /** Longest pause before another try, ms, whatever the other end asks for. */
  pause_ms_max: number;
}

/** The bounds where the configuration says no others. */
export const WEBHOOK_BOUNDS: WebhookBounds = {
  try_ms_max: 5_000,
  tries_max: 3,
  redirects_max: 3,
  answer_bytes_max: 65_536,
  pause_ms_max: 10_000,
  failures_max: 5,
  open_ms: 30_000,
  open_ms_max: 300_000,
};

/** What a webhook needs beside its address. */
export interface WebhookDeps {
  clock: Clock;
  random: Random;
  bounds?: Partial<WebhookBounds>;
  /** All addresses of a name; the system's resolver unless said. */
  resolve?: (hostname: string) => Promise<readonly string[]>;
}

/** One message. Whoever gets it twice under one key has to act on it once. */
export interface WebhookMessage {
  body: object;
  idempotency_key: string;
  /** Shown to the configured host alone. */
  token?: string | undefined;
}

/**
 * Posts one message; resolves with the 2xx it was answered. The signal stops further tries, not the one under way; so does
 * `mayGoOn`, which is asked before each of them and rejects with the reason why not.
 */
export type PostToWebhook = (
  message: WebhookMessage,
  signal: AbortSignal,
  mayGoOn?: () => Promise<void>,
) => Promise<{ status: number; tries: number }>;

/** A webhook at one address. Posting throws 5000 when it refuses, 5030 when it cannot be reached or is left alone. */
export function createWebhook({ url, secret, networks = [] }: WebhookAddress, deps: WebhookDeps): PostToWebhook {
  const { clock, random } = deps;
  const bounds = { ...WEBHOOK_BOUNDS, ...deps.bounds };
  const breaker = createBreaker(clock, bounds);

  return async (message, signal, mayGoOn) => {
    breaker.check();
    for (let tries = 1; ; tries++) {
      const tried = await tryOnce(message);
      if ('status' in tried && !isTransient(tried.status)) {
        breaker.report(tried.status < 300 || tried.status >= 400);
        if (tried.status < 300) return { status: tried.status, tries };
        throw new AuroraError(5000, { message: `The webhook refused: HTTP ${tried.status}` });
      }
      if ('refusal' in tried || tries === bounds.tries_max) {
        breaker.report(false);
        throw failureOf(tried);
      }
      try {
        await sleep(clock, pauseAfter(tried, tries), signal);
        await mayGoOn?.();
      } catch (why) {
        breaker.report(false);
        throw failureOf(tried, signal.aborted ? '' : `; it is not tried again: ${AuroraError.from(why).message}`);
      }
    }
  };

  /** One try: the address is looked up and judged anew, and so is each that it is redirected to. */
  async function tryOnce(message: WebhookMessage): Promise<Tried> {
    const over = new AbortController();
    const stopTimer = clock.after(bounds.try_ms_max, () => over.abort(new Error('no answer in time')));
    const late = new Promise<Tried>((resolve) =>
      over.signal.addEventListener('abort', () => resolve({ fault: over.signal.reason as unknown })),
    );
    try {
      return await Promise.race([follow(message, over.signal), late]);
    } finally {
      stopTimer();
    }
  }

  async function follow(message: WebhookMessage, signal: AbortSignal): Promise<Tried> {
    const text = JSON.stringify(message.body);
    let at = url;
    for (let hop = 0; hop <= bounds.redirects_max; hop++) {
      const pinned = await judge(at);
      if (!('address' in pinned)) return pinned;
      const token = new URL(at).origin === new URL(url).origin ? message.token : undefined;
      const headers = headersOf({ ...message, token }, text, secret);
      const answer = await post(pinned, headers, text, signal).catch((fault: unknown) => ({ fault }));
      if ('fault' in answer) return answer;
      const { statusCode: status = 0, headers: said } = answer;
      await discard(answer, bounds.answer_bytes_max);
      if (!REDIRECTS.has(status) || said.location === undefined)
        return { status, retry_after_ms: retryAfter(said['retry-after'], clock.now()) };
      if (!URL.canParse(said.location, at)) return { refusal: 'it redirects to no address' };
      const next = new URL(said.location, at);
      if (at.startsWith('https:') && next.protocol !== 'https:') return { refusal: 'it redirects to plain HTTP' };
      at = next.href;
    }
    return { refusal: `it redirects more than ${bounds.redirects_max} times` };
  }

  async function judge(at: string): Promise<PinnedAddress | { refusal: string }> {
    if (!/^https?:/.test(at)) return { refusal: 'its address is no HTTP URL' };
    try {
      const { url: checked, address } = await assertPublicAddress(at.replace(/^http/, 'ws'), {
        networks,
        ...(deps.resolve && { resolve: deps.resolve }),
      });
      return { url: checked.replace(/^ws/, 'http'), address };
    } catch (reason) {
      return { refusal: `${AuroraError.from(reason).message} (its \`networks\` in the configuration)` };
    }
  }

  function pauseAfter(tried: Tried, tries: number): number {
    const asked = 'status' in tried ? tried.retry_after_ms : undefined;
    return Math.min(bounds.pause_ms_max, asked ?? random.next() * PAUSE_MS * 2 ** tries);
  }
}

/** What became of one try: an answer, nothing that could be heard, or an address where nothing may be sent. */
type Tried = { status: number; retry_after_ms: number | undefined } | { fault: unknown } | { refusal: string };

const isTransient = (status: number): boolean => status >= 500 || status === 429;

function failureOf(tried: Tried, and_then = ''): AuroraError {
  if ('refusal' in tried) return new AuroraError(5030, { message: `The webhook may not be reached: ${tried.refusal}` });
  if ('status' in tried)
    return new AuroraError(5030, { message: `The webhook answers HTTP ${tried.status}${and_then}` });
  const message = `The webhook gave no answer: it may have acted or not${and_then}`;
  return new AuroraError(5030, { message, cause: tried.fault });
}

function headersOf({ idempotency_key, token }: WebhookMessage, text: string, secret: string | undefined) {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'idempotency-key': idempotency_key,
    'user-agent': 'aurora-mesh',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(secret !== undefined && {
      'x-aurora-signature': `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`,
    }),
  };
}

/** Sends to the address that was judged, whatever the name resolves to by now; a kept connection might lead elsewhere. */
function post(
  { url, address }: PinnedAddress,
  headers: Record<string, string>,
  text: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, signal, agent: false, lookup: lookupOf(address) } as const;
    const request = (url.startsWith('https:') ? requestTls : requestPlain)(url, options);
    request.once('response', resolve);
    request.on('error', reject);
    request.end(text);
  });
}

/** Reads what was answered, up to a bound: only its status counts, and a body that breaks off takes nothing from that. */
async function discard(response: IncomingMessage, bytes_max: number): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of response) {
      size += chunk instanceof Uint8Array ? chunk.byteLength : 0;
      if (size > bytes_max) break; // leaving the loop cuts the connection
    }
  } catch {
    // What it said first is what it said.
  }
}

/** Seconds or a date, as HTTP has it. */
function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const asked = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isNaN(asked) ? undefined : Math.max(0, asked);
}

/** Those that leave method and body as they are, or may: 303 asks for a GET, which would do nothing. */
const REDIRECTS = new Set([301, 302, 307, 308]);
const PAUSE_MS = 200;
