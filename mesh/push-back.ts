/** Whoever asks without reading the answers is not read either until they are gone; who takes too little is cut (ATK-I4). */
import type { Clock } from '../seams/index.ts';
import type { Link } from './link.ts';

/** Whom to hold back, from which bound on, and who hears how it ended. */
export interface HeldBack {
  link: Link;
  clock: Clock;
  /** Unsent bytes over which nothing is read. */
  push_back_bytes: number;
  /** The time in which it must take 256 KiB, ms: a drop now and then does not count. */
  stall_ms_max: number;
  onEnd: () => void;
  onStall: () => void;
}

/** Reads nothing from the link until what waits is under the bound; `onStall` when less than that was taken in time. */
export function pushBack(held: HeldBack, since = held.clock.monotonic(), taken = 0): void {
  const { link, clock, push_back_bytes, stall_ms_max, onEnd, onStall } = held;
  const before = link.unsent_bytes;
  link.pause();
  clock.after(LOOK_MS, () => {
    const is_over = !link.open || link.unsent_bytes <= push_back_bytes;
    const taken_now = taken + Math.max(0, before - link.unsent_bytes);
    if (is_over) {
      onEnd();
      link.resume();
    } else if (taken_now >= TAKEN_BYTES_MIN) pushBack(held);
    else if (clock.monotonic() - since < stall_ms_max) pushBack(held, since, taken_now);
    else {
      onEnd();
      onStall();
    }
  });
}

/** What must be taken of what waits within `stall_ms_max`: 9 KB a second. */
const TAKEN_BYTES_MIN = 262_144;
const LOOK_MS = 20;
