/** What an agent did already: outcomes kept until nobody can ask for them again, so that a redelivery repeats no work (PROM-P4). */
import type { Clock } from './clock.ts';

/** One kept outcome: of a task, or of one effect of it. */
export interface InboxEntry {
  task_id: string;
  /** Empty for the task itself. */
  effect_key: string;
  skill: string;
  /** Digest of what was asked: the same name with other params is a conflict. */
  digest: string;
  /** JSON of the outcome. */
  outcome: string;
  /** The attempt that came to it. */
  fence: number;
}

/** Kept outcomes. All of it is synchronous: what was kept is kept when the call returns. */
export interface Inbox {
  find(task_id: string, effect_key?: string): InboxEntry | undefined;
  /** Keeps it in place of an earlier attempt's, never of a later one's. Throws when it cannot. */
  keep(entry: InboxEntry): void;
  /** The tasks of the newest outcomes, newest first: their answers may never have arrived. */
  recent(count_max: number): string[];
  close(): void;
}

/** How much is kept in memory, and for how long. */
export interface InboxBounds {
  entries_max: number;
  bytes_max: number;
  age_ms_max: number;
}

/** The bounds unless said: what a read skill answered can be found again, so it need not outlive its retries. */
const INBOX_BOUNDS: InboxBounds = { entries_max: 1_000, bytes_max: 33_554_432, age_ms_max: 900_000 };

/** An inbox in memory: the oldest go when it is full. */
export function memoryInbox(clock: Clock, bounds: InboxBounds = INBOX_BOUNDS): Inbox {
  const kept = new Map<string, { entry: InboxEntry; bytes: number; at: number }>(); // oldest first
  let bytes = 0;

  const forget = (key: string) => {
    bytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  const prune = () => {
    const since = clock.monotonic() - bounds.age_ms_max;
    for (const [key, { at }] of kept) {
      if (at >= since && kept.size <= bounds.entries_max && bytes <= bounds.bytes_max) return;
      forget(key);
    }
  };

  return {
    find(task_id, effect_key = '') {
      prune();
      return kept.get(keyOf(task_id, effect_key))?.entry;
    },
    keep(entry) {
      const key = keyOf(entry.task_id, entry.effect_key);
      const older = kept.get(key);
      if (older && older.entry.fence > entry.fence) return;
      forget(key);
      const size = 2 * (entry.outcome.length + ENTRY_CHARS);
      kept.set(key, { entry, bytes: size, at: clock.monotonic() });
      bytes += size;
      prune();
    },
    recent: (count_max) =>
      [...kept.values()]
        .reverse()
        .filter(({ entry }) => entry.effect_key === '')
        .slice(0, count_max)
        .map(({ entry }) => entry.task_id),
    close: () => kept.clear(),
  };
}

const keyOf = (task_id: string, effect_key: string): string => `${task_id}\0${effect_key}`;

/** What an entry weighs beside its outcome. */
const ENTRY_CHARS = 512;
