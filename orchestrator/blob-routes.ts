/** `PUT` and `GET /blobs/{sha256}`: streamed both ways, with ranges (wire.md 5). */
import { pipeline } from 'node:stream/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpRoute } from '../mesh/index.ts';
import { AuroraError } from '../protocol/index.ts';
import type { Log } from '../seams/index.ts';
import type { BlobStore } from './blobs.ts';

/** The routes of the orchestrator's port. */
export function blobRoutes(store: BlobStore, log: Log): HttpRoute[] {
  const unlessGone =
    (act: typeof put): HttpRoute['handle'] =>
    async (request, response) => {
      try {
        await act(store, request, response);
      } catch (cause) {
        if (!isGone(cause, response)) throw cause;
        log.info({ method: request.method, err: cause }, 'whoever sent or read bytes was gone before their end');
        throw new AuroraError(4990, { message: 'The connection ended before the bytes did', cause });
      }
    };
  return [
    { method: 'PUT', path: '/blobs/', handle: unlessGone(put) },
    { method: 'GET', path: '/blobs/', handle: unlessGone(get) },
  ];
}

/** The other end hung up: nothing here failed. */
const isGone = (cause: unknown, response: ServerResponse): boolean =>
  response.destroyed && cause instanceof Error && 'code' in cause && HUNG_UP.has(cause.code);

async function put(store: BlobStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { token, sha256 } = asked(request);
  const announced = Number(request.headers['content-length'] ?? 0);
  response.shouldKeepAlive = false; // a refusal must not wait for the rest of the bytes
  // Whoever stops reading leaves the connection open: the refusal has to go over it.
  const bytes = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  const kept = await store.put(token, sha256, bytes, announced);
  response.shouldKeepAlive = request.complete; // all of them were read: the next may come the same way
  const body = JSON.stringify(kept);
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

async function get(store: BlobStore, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { token, sha256 } = asked(request);
  const { size, open } = await store.read(token, sha256);
  const range = parseRange(request.headers.range, size);
  if (range === 'unsatisfiable') {
    response.writeHead(416, { 'content-range': `bytes */${size}`, 'content-length': 0 }).end();
    return;
  }
  const [start, end] = range ?? [0, size - 1];
  response.writeHead(range ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': size === 0 ? 0 : end - start + 1,
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment',
    ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  if (request.method === 'HEAD' || size === 0) {
    response.end();
    return;
  }
  await pipeline(open(sha256, { start, end }), response);
}

function asked({ url = '', headers }: IncomingMessage): { token: string; sha256: string } {
  const token = /^Bearer ([\w.-]{1,8192})$/.exec(headers.authorization ?? '')?.[1];
  if (token === undefined) throw new AuroraError(4010);
  const sha256 = /^\/blobs\/([0-9a-f]{64})$/.exec(url)?.[1];
  if (sha256 === undefined) throw new AuroraError(4040);
  return { token, sha256 };
}

/** One range of RFC 9110 14.1.2; what is malformed, or asks for more than one, is as if nothing had been asked for (14.2). */
function parseRange(header: string | undefined, size: number): [number, number] | 'unsatisfiable' | undefined {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return start > end ? 'unsatisfiable' : [start, end];
}

/** What Node calls it: while bytes came, and while they went. */
const HUNG_UP = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
