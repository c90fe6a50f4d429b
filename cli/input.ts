/** The input of an investigation: looked at once, then sent inline or put as a blob. */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { callHttp } from '../boot/index.ts';
import type { Peer, Trust } from '../mesh/index.ts';
import { INLINE_BYTES_MAX, type BlobRef, type Source } from '../protocol/index.ts';
import { UsageError } from './outcome.ts';
import { readChunks } from './standard-input.ts';

/** Where the bytes come from. */
export interface Input {
  name: string;
  size: number;
  /** Opened anew on each call. */
  open(): AsyncIterable<Uint8Array>;
}

/** A file, or standard input for `-`. Throws a UsageError on what is missing, no file or over the cap; `cap` says whose that is. */
export async function readInput(path: string, bytes_max: number, cap = INPUT_CAP): Promise<Input> {
  if (path === '-') return readStandardInput(bytes_max, cap);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`There is no file ${path}`);
  if (!stat.isFile()) throw new UsageError(`${path} is no file`);
  if (stat.size > bytes_max) throw tooLarge(path, stat.size, bytes_max, cap);
  return { name: basename(path), size: stat.size, open: () => createReadStream(path) };
}

/** The input as a Source: inline when it is small, else put to the orchestrator and named by its hash (wire.md 5). */
export async function toSource(input: Input, peer: Pick<Peer, 'request'>, trust: Trust | undefined): Promise<Source> {
  // A name is what findings cite; whatever it was called, 200 characters are enough to recognize it.
  const name = input.name.slice(0, NAME_CHARS_MAX);
  if (input.size <= INLINE_BYTES_MAX * INLINE_SHARE) {
    return { name, base64: (await buffer(input.open())).toString('base64') };
  }
  const hash = createHash('sha256');
  for await (const chunk of input.open()) hash.update(chunk);
  const ref: BlobRef = { sha256: hash.digest('hex'), size: input.size, media_type: 'application/octet-stream', name };
  const { url, token } = Grant.parse(await peer.request('blob/grant', ref));
  const response = await callHttp(url, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-length': String(input.size) },
    body: input.open(),
    trust,
  });
  response.resume();
  return { name, ref };
}

async function readStandardInput(bytes_max: number, cap: string): Promise<Input> {
  if (process.stdin.isTTY) throw new UsageError('Standard input is a terminal: pipe something into it, or name a file');
  const chunks = await readChunks(bytes_max, (size) => tooLarge('Standard input', size, bytes_max, cap));
  return {
    name: 'stdin',
    size: chunks.reduce((size, { byteLength }) => size + byteLength, 0),
    async *open() {
      yield* chunks;
    },
  };
}

const tooLarge = (name: string, size: number, bytes_max: number, cap: string): UsageError =>
  new UsageError(`${name} has ${size} bytes; the cap is ${bytes_max} (${cap})`);

const Grant = z.object({ url: z.url(), token: z.string() });
const INPUT_CAP = 'limits.input_bytes_max, see: aurora config';
const NAME_CHARS_MAX = 200;
/** Base64 takes a third more. */
const INLINE_SHARE = 0.7;
