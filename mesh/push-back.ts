/** Whoever asks without reading the answers is not read either until they are gone; who takes nothing at all is cut (ATK-I4). */
import type { Clock } from '../seams/index.ts';
import type { Link } from './link.ts';

/** Whether so much waits to be taken that no more should be read. */
export const isClogged = ({ unsent_bytes }: Pick<Link, 'unsent_bytes'>): boolean => unsent_bytes > PUSH_BACK_BYTES;

/** Reads nothing from the link until what waits is under the bound; `onStall` when nothing was taken for `stall_ms_max`. */
export function pushBack(
  held: { link: Link; clock: Clock; stall_ms_max: number; onEnd: () => void; onStall: () => void },
  progress_at = held.clock.monotonic(),
): void {
  const { link, clock, stall_ms_max, onEnd, onStall } = held;
  const before = link.unsent_bytes;
  link.pause();
  clock.after(LOOK_MS, () => {
    const is_over = !link.open || !isClogged(link);
    const has_progress = link.unsent_bytes < before;
    if (is_over) {
      onEnd();
      link.resume();
    } else if (has_progress) pushBack(held);
    else if (clock.monotonic() - progress_at < stall_ms_max) pushBack(held, progress_at);
    else {
      onEnd();
      onStall();
    }
  });
}

const PUSH_BACK_BYTES = 1_048_576;
const LOOK_MS = 20;
