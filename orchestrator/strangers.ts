/** Strangers that wait for a person: a share of the places for each address, and none for good (ATK-E9). */
import { hostOf, isWithin, networkOf } from '../mesh/index.ts';
import { AuroraError } from '../protocol/index.ts';
import type { Clock, Log } from '../seams/index.ts';

/** A key that nobody pinned. */
export interface Stranger {
  id: string;
  public_key: string;
}

/** Where keys of strangers wait for `aurora agents approve`. */
export interface Quarantine {
  /** How many may wait. */
  readonly places: number;
  /** Throws 4090 where another key waits under that id, 4290 where it is full, and 5030 where somebody else changes it at this moment. */
  add(stranger: Stranger): void;
  /** These wait no longer; false where somebody else changes it at this moment, and they still do. */
  drop(ids: readonly string[]): boolean;
  list(): Stranger[];
}

/** Who waits, and since when nothing was heard of them. */
export interface Strangers {
  /**
   * Lets one wait, or go on waiting. Throws 4290 where its address (`remote`, as the link knows it; of IPv6 one /64, unless it is
   * a network of one's own) has enough waiting. In a full quarantine it takes the place of the longest silent one from the
   * address with the most, where that has more even then than its own; else 4290.
   */
  wait(stranger: Stranger, remote: string): void;
  /** Without those that were silent for a week. */
  list(): Stranger[];
}

/** Makes the waiting room. Where somebody waits from is not kept: after a restart it is known again when they register again. */
export function createStrangers(deps: {
  clock: Clock;
  log: Pick<Log, 'warn'>;
  quarantine: Quarantine;
  networks: readonly string[];
}): Strangers {
  const { clock, log, quarantine, networks } = deps;
  const known = new Map<string, { origin: string; heard_at: number }>(); // by id; no longer than the quarantine

  const originOf = (remote: string) => {
    const address = hostOf(remote);
    return isWithin(address, networks) ? address : networkOf(address);
  };

  const list = () => {
    const all = quarantine.list();
    const ids = new Set(all.map(({ id }) => id));
    const now = clock.monotonic();
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    for (const id of ids) if (!known.has(id)) known.set(id, { origin: UNKNOWN, heard_at: now });
    const silent = [...known].flatMap(([id, { heard_at }]) => (now - heard_at > SILENCE_MS_MAX ? [id] : []));
    if (silent.length === 0) return all;
    leave(silent, 'it was silent for a week');
    return all.filter(({ id }) => !silent.includes(id));
  };

  const leave = (ids: readonly string[], why: string) => {
    if (!quarantine.drop(ids)) return;
    for (const id of ids) known.delete(id);
    log.warn({ ids, why }, 'strangers wait no longer');
  };

  const makeRoom = (own: string) => {
    const groups = new Map<string, string[]>();
    for (const [id, { origin }] of known) groups.set(origin, [...(groups.get(origin) ?? []), id]);
    const own_count = groups.get(own)?.length ?? 0;
    const [largest = []] = [...groups.values()].sort((one, other) => other.length - one.length);
    if (largest.length <= own_count + 1) return; // as fair as it gets: `add` refuses
    const heardAt = (id: string) => known.get(id)?.heard_at ?? 0;
    const [longest] = largest.sort((one, other) => heardAt(one) - heardAt(other));
    if (longest !== undefined) leave([longest], 'its address has the most waiting, and another one needs the place');
  };

  return {
    wait(stranger, remote) {
      const { id } = stranger;
      const waiting = list();
      const origin = originOf(remote);
      const others = [...known].filter(([other, { origin: theirs }]) => other !== id && theirs === origin);
      if (others.length >= STRANGERS_PER_REMOTE_MAX) {
        throw new AuroraError(4290, {
          message: 'Too many strangers wait from this address',
          retry_after_ms: RETRY_AFTER_MS,
        });
      }
      const is_new = waiting.every((other) => other.id !== id);
      if (is_new && waiting.length >= quarantine.places) makeRoom(origin);
      quarantine.add(stranger);
      known.set(id, { origin, heard_at: clock.monotonic() });
    },
    list,
  };
}

/** Of whom nothing was heard since the start. */
const UNKNOWN = '';
const STRANGERS_PER_REMOTE_MAX = 16;
const RETRY_AFTER_MS = 30_000;
/** How long one that waits may not register again, ms: a week. One that runs does so with every lease. */
const SILENCE_MS_MAX = 604_800_000;
