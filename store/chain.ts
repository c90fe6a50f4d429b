/** The chain of a task's events: each carries the hash of the one before, so that no row can be changed, dropped or slipped in unseen. */
import { hash } from 'node:crypto';
import type { EventRow } from './schema.ts';

/** An event before the database numbers it. */
export type NewEvent = Omit<EventRow, 'position'>;

/** The end of a chain so far. */
export interface ChainHead {
  seq: number;
  head: string;
}

/** Before the first event. */
export const GENESIS: ChainHead = { seq: 0, head: '0'.repeat(64) };

/** The next event of a chain. */
export function link(
  { seq, head }: ChainHead,
  { task_id, type, fence, at, payload }: Pick<EventRow, 'task_id' | 'type' | 'fence' | 'at' | 'payload'>,
): NewEvent {
  const payload_hash = payload === NOTHING ? NOTHING_HASH : sha256(payload);
  const linked = { task_id, seq: seq + 1, type, fence, at, payload, payload_hash, prev_hash: head, hash: '' };
  linked.hash = hashOf(linked);
  return linked;
}

/** What is wrong with `event` as the follower of `before`; undefined when it fits. */
export function breakOf(before: ChainHead, event: NewEvent): string | undefined {
  if (event.seq !== before.seq + 1) return `event ${before.seq + 1} is missing`;
  if (event.prev_hash !== before.head) return 'it does not follow the event before it';
  if (event.payload_hash !== sha256(event.payload)) return 'its payload was changed';
  if (event.hash !== hashOf(event)) return 'it was changed';
  return undefined;
}

/** SHA-256 of a text in UTF-8, as hexadecimal digits. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** The hash of an event, over JSON of a list, so that no two are written alike; the payload counts by its own hash. */
export const hashOf = ({
  task_id,
  seq,
  type,
  fence,
  at,
  payload_hash,
  prev_hash,
}: Omit<NewEvent, 'hash' | 'payload'>): string =>
  sha256(JSON.stringify([task_id, seq, type, fence, at, payload_hash, prev_hash]));

/** The payload of an arrow that has nothing to say. */
const NOTHING = 'null';
const NOTHING_HASH = sha256(NOTHING);
