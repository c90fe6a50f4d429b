/** Bytes over HTTP on the orchestrator's port: put and read under their hash, with a token that names exactly them (wire.md 5). */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Pins } from '../mesh/index.ts';
import type { BlobRef } from '../protocol/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { BlobTooLarge, DiskRefused, WrongBlob, type Blobs, type Clock, type Log, type Random } from '../seams/index.ts';
import { createBlobDisk, RETRY_MS } from './blob-disk.ts';
import { createBlobRoom } from './blob-room.ts';
import type { BlobGrants } from './handoff-meta.ts';
import type { Ledger } from './ledger.ts';
import { watched } from './upload.ts';

/** Bounds of the blob store. */
export interface BlobLimits {
  /** Largest blob, bytes: 256 MiB. */
  blob_bytes_max: number;
  /** All blobs together, bytes: 2 GiB, what earlier runs kept included; the ones used longest ago go first. */
  blobs_bytes_max: number;
  /** How long a grant for putting lives, and how long what was put stays for a task to come, ms: 15 minutes. */
  grant_ms_max: number;
  /** How long an upload may send nothing, ms: 15 s. However it sends, the port ends it with its request after 5 minutes. */
  silence_ms_max: number;
}

/** Blobs unless a configuration says otherwise. */
export const BLOB_LIMITS: BlobLimits = {
  blob_bytes_max: 268_435_456,
  blobs_bytes_max: 2_147_483_648,
  grant_ms_max: 900_000,
  silence_ms_max: 15_000,
};

const Right = z.object({ sha256s: z.array(z.string()).max(64), exp: z.number() });
const PutGrant = Right.extend({ op: z.literal('put'), size: z.number() });
/** For one attempt, in the hands of an agent that has this key pinned; one without a key has none. */
const GetGrant = Right.extend({
  op: z.literal('get'),
  task_id: z.string(),
  agent_id: z.string(),
  fence: z.number(),
  key: z.string().optional(),
});
/** A right over some blobs; short-lived, signed, for this process alone. */
const Grant = z.discriminatedUnion('op', [PutGrant, GetGrant]);
type Grant = z.infer<typeof Grant>;

/** The store behind the port. */
export interface BlobStore extends BlobGrants {
  /** Why nothing is taken now; undefined when it is. */
  trouble(): string | undefined;
  /** Grants putting one blob. Throws 4130 when it is too large. */
  forPutting(ref: BlobRef): { url: string; token: string; expires_at: number };
  /**
   * Keeps a stream that must have the hash and size it was granted for; `announced` bytes are judged before any is read.
   * Room is taken as bytes come, and never because somebody announced them.
   * Throws 4000 when nothing comes for too long, 4010, 4030, 4130, 4220, or 5030 while all that is kept is needed, or the disk takes no more.
   */
  put(
    token: string,
    sha256: string,
    bytes: AsyncIterable<Uint8Array>,
    announced?: number,
  ): Promise<{ sha256: string; size: number }>;
  /** Keeps those of them that are here from being evicted until then, wall ms. What is put later is kept for as long as a grant lives. */
  hold(sha256s: readonly string[], until: number): void;
  /** Size and bytes for whoever holds a grant, as long as its attempt is the one under way. Throws 4010, 4011, 4030, 4040. */
  read(token: string, sha256: string): Promise<{ size: number; open: Blobs['open'] }>;
}

/** Makes the store. `base_url` is where the port is reached over HTTP. */
export function createBlobStore(deps: {
  blobs: Blobs;
  clock: Clock;
  random: Random;
  log: Log;
  ledger: Pick<Ledger, 'get'>;
  pins: Pins;
  base_url: () => string;
  limits?: BlobLimits;
}): BlobStore {
  const { blobs, clock, ledger, pins, limits = BLOB_LIMITS } = deps;
  const secret = deps.random.bytes(32);
  const room = createBlobRoom({ blobs, clock, bytes_max: limits.blobs_bytes_max, fresh_ms: limits.grant_ms_max });
  const disk = createBlobDisk(deps);

  const sign = (body: string) => createHmac('sha256', secret).update(body).digest();
  const issue = (grant: Grant): string => {
    const body = Buffer.from(JSON.stringify(grant)).toString('base64url');
    return `${body}.${sign(body).toString('base64url')}`;
  };
  const check = (token: string, sha256: string): Grant => {
    const [body = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const expected = sign(body);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new AuroraError(4010);
    const grant = Grant.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')));
    if (grant.exp <= clock.now()) throw new AuroraError(4011);
    if (!grant.sha256s.includes(sha256)) throw new AuroraError(4030);
    return grant;
  };
  /** Nobody reads on who gave the task up, had it taken away, or lost their pin (wire.md 5: task-scoped). */
  const assertUnderWay = async ({ task_id, agent_id, fence, key }: z.infer<typeof GetGrant>) => {
    const newest = (await ledger.get(task_id))?.attempts.at(-1);
    const is_under_way = newest?.fence === fence && newest.ended_at === undefined;
    if (is_under_way && pins.of(agent_id)?.public_key === key) return;
    throw new AuroraError(4030, { message: 'This token was for an attempt that is over, or was given on' });
  };

  /** A full disk has room again where what nobody needs goes: it may be smaller than all blobs may be. */
  const noteRefused = async (reason: DiskRefused, bytes: number) => {
    disk.refused(reason, bytes);
    if (reason.is_full) await room.clear(bytes);
  };

  return {
    trouble: () => disk.cause(),
    hold: (sha256s, until) => room.hold(sha256s, until),
    forReading(sha256s, reader, expires_at) {
      room.hold(sha256s, expires_at); // as long as its task may run
      const key = pins.of(reader.agent_id)?.public_key;
      const grant = { op: 'get' as const, ...reader, key, sha256s: [...sha256s], exp: expires_at };
      return { url: deps.base_url(), token: issue(grant) };
    },
    forPutting({ sha256, size }) {
      if (size > limits.blob_bytes_max) {
        throw new AuroraError(4130, { message: `An input may have ${limits.blob_bytes_max} bytes`, detail: { size } });
      }
      const exp = clock.now() + limits.grant_ms_max;
      return {
        url: `${deps.base_url()}/blobs/${sha256}`,
        token: issue({ op: 'put', sha256s: [sha256], size, exp }),
        expires_at: exp,
      };
    },
    async put(token, sha256, bytes, announced = 0) {
      const grant = check(token, sha256);
      if (grant.op !== 'put') throw new AuroraError(4030);
      const { size: granted } = grant;
      if (announced > granted) throw new AuroraError(4130, { message: 'More bytes were announced than granted' });
      await room.ready();
      room.hold([sha256], clock.now() + limits.grant_ms_max);
      if (!room.has(sha256)) room.assertRoom(granted);
      let arrived = 0;
      const { silence_ms_max } = limits;
      const onBytes = async (more: number) => {
        if (arrived + more > granted) throw new BlobTooLarge(`over ${granted} bytes`);
        await room.takeRoom(more); // as they come, so that uploads side by side do not share the same room
        arrived += more;
      };
      const kept = await blobs
        .put(watched(bytes, { clock, silence_ms_max, onBytes }), granted, sha256)
        .finally(() => room.leaveRoom(arrived))
        .catch(async (cause: unknown) => {
          if (cause instanceof DiskRefused) await noteRefused(cause, granted);
          throw toRefusal(cause);
        });
      disk.taken(kept.size);
      room.keep(kept, clock.now() + limits.grant_ms_max);
      return kept;
    },
    async read(token, sha256) {
      const grant = check(token, sha256);
      if (grant.op !== 'get') throw new AuroraError(4030);
      await assertUnderWay(grant);
      const size = await blobs.size(sha256);
      if (size === undefined) throw new AuroraError(4040, { message: 'No such blob' });
      room.touch(sha256);
      return { size, open: (hash, range) => blobs.open(hash, range) };
    },
  };
}

function toRefusal(cause: unknown): unknown {
  if (cause instanceof BlobTooLarge)
    return new AuroraError(4130, { message: 'More bytes came than were announced', cause });
  if (cause instanceof WrongBlob) {
    return new AuroraError(4220, { message: 'The bytes do not have the announced hash', cause });
  }
  if (cause instanceof DiskRefused) {
    const message = `No inputs can be kept now: ${cause.message}`;
    return new AuroraError(5030, { message, retry_after_ms: RETRY_MS, cause });
  }
  return cause;
}
