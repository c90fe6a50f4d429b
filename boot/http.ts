/** HTTP as a client, for what is no frame: cards and blobs. Redirects are never followed. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { lookupOf, type Trust } from '../mesh/index.ts';
import { AuroraError, isErrorCode, type BlobRef, type Routing } from '../protocol/index.ts';

/** How one request is made. */
export interface HttpCall {
  method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  body?: AsyncIterable<Uint8Array>;
  trust?: Trust | undefined;
  /** The address to connect to, where the name was resolved and checked already (ATK-G1). */
  address?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Asks, and resolves with the answer when it is a 2xx; its body is the caller's to read. Rejects with an AuroraError. */
export async function callHttp(
  url: string,
  { body, trust, address, ...call }: HttpCall = {},
): Promise<IncomingMessage> {
  const request = (url.startsWith('https:') ? requestTls : requestPlain)(url, {
    method: call.method ?? 'GET',
    headers: call.headers ?? {},
    timeout: SILENCE_MS_MAX,
    ...trust,
    // A kept connection may lead elsewhere than the address that was checked.
    ...(address === undefined ? {} : { lookup: lookupOf(address), agent: false }),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  request.on('timeout', () => request.destroy(new Error(`silent for ${SILENCE_MS_MAX} ms`)));
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', (cause) =>
      reject(new AuroraError(5030, { message: `No answer from ${originOf(url)}`, cause })),
    );
  });
  // A server may refuse before it has read all: its answer counts then, not the broken pipe.
  if (body) pipeline(Readable.from(body), request).catch(() => undefined);
  else request.end();
  const response = await answered;
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  throw await toError(response, status);
}

/** A whole body as JSON; over `bytes_max` 4130. */
export async function readJson(response: IncomingMessage, bytes_max: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytesOf(response)) {
    size += chunk.byteLength;
    if (size > bytes_max) throw new AuroraError(4130);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** The card behind an agent's WebSocket address; from `address` where that is given, whatever the name resolves to. */
export async function fetchCard(ws_url: string, call: Pick<HttpCall, 'trust' | 'address'> = {}): Promise<unknown> {
  const url = new URL('/.well-known/agent-card.json', ws_url.replace(/^ws/, 'http'));
  return readJson(await callHttp(url.href, { ...call, signal: AbortSignal.timeout(CARD_MS_MAX) }), CARD_BYTES_MAX);
}

/**
 * Opens a reference where the routing says that the blobs of this task lie. What does not have the promised hash ends with
 * an error after its last byte, so nothing unverified ever counts as read.
 */
export async function* openBlob(ref: BlobRef, routing: Routing | undefined, trust?: Trust): AsyncIterable<Uint8Array> {
  const granted = routing?.blobs;
  if (!granted) throw new AuroraError(4040, { message: 'This call may read no references' });
  const { url, token } = granted;
  const headers = { authorization: `Bearer ${token}` };
  const hash = createHash('sha256');
  for await (const chunk of bytesOf(await callHttp(`${url}/blobs/${ref.sha256}`, { headers, trust }))) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== ref.sha256)
    throw new AuroraError(5000, { message: 'A reference had other bytes than promised' });
}

/** The inner object of the one error envelope, when the other end wrote one. */
async function toError(response: IncomingMessage, status: number): Promise<AuroraError> {
  const body = Envelope.safeParse(await readJson(response, ERROR_BYTES_MAX).catch(() => undefined));
  const code = Number(body.data?.error.code.replace('AURORA-', ''));
  if (body.success && isErrorCode(code)) {
    const { message, retry_after_ms } = body.data.error;
    return new AuroraError(code, { message, ...(retry_after_ms !== undefined && { retry_after_ms }) });
  }
  return new AuroraError(5030, { message: `HTTP ${status} from the other end` });
}

async function* bytesOf(response: IncomingMessage): AsyncIterable<Uint8Array> {
  for await (const chunk of response) if (chunk instanceof Uint8Array) yield chunk;
}

const originOf = (url: string): string => new URL(url).host;

const Envelope = z.object({
  error: z.object({ code: z.string(), message: z.string(), retry_after_ms: z.number().optional().catch(undefined) }),
});
const SILENCE_MS_MAX = 30_000;
const CARD_MS_MAX = 5_000;
const CARD_BYTES_MAX = 1_048_576;
const ERROR_BYTES_MAX = 65_536;
