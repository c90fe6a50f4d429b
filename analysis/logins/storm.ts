/** Failures from many addresses within a short time: each of them says little, all together are one hand. */

/** A storm at its height, with its first and its last record. */
export interface Storm<R> {
  tries: number;
  addresses: number;
  accounts: number;
  first: R;
  last: R;
  lasted_ms: number;
}

/** A pass over logins, in bounded memory; times that a log does not say are those of the record before. */
export interface StormWatch<R> {
  note(login: { works: boolean; address: string; account: string }, record: R, at_ms: number): void;
  /** The storm, if there was one. */
  storm(): Storm<R> | undefined;
}

/** What makes a storm: so many tries from so many addresses within `window_ms`, where few addresses get in. */
export interface StormHabits {
  window_ms: number;
  tries: number;
  /** So many tries count of one address for one account: one of them may be told by several records. */
  tries_each: number;
  addresses: number;
  /** So many addresses fail for each that gets in. */
  to_users: number;
}

/** A watch that has seen no login. Who fails and then gets in from the same address was somebody typing. */
export function createStormWatch<R>(habits: StormHabits): StormWatch<R> {
  let held: { key: string; address: string; account: string; works: boolean; record: R; at_ms: number }[] = [];
  let gone = 0; // those before this place are over
  let now_ms = 0;
  let height: Storm<R> | undefined;
  const pairs = createCounts(habits.tries_each);
  const [failing, accounts, working] = [createCounts(), createCounts(), createCounts()];

  const forget = (at: number) => {
    const old = held[at];
    if (!old) return;
    if (old.works) working.drop(old.address);
    else if (pairs.drop(old.key)) {
      failing.drop(old.address);
      accounts.drop(old.account);
    }
  };
  const expire = () => {
    for (; gone < held.length; gone += 1) {
      const is_over = now_ms - (held[gone]?.at_ms ?? 0) > habits.window_ms;
      if (!is_over && held.length - gone <= HELD_MAX) break;
      forget(gone);
    }
    if (gone < HELD_MAX) return;
    held = held.slice(gone);
    gone = 0;
  };

  return {
    note({ works, address, account }, record, at_ms) {
      if (!Number.isNaN(at_ms)) now_ms = Math.max(now_ms, at_ms);
      const key = `${address}\0${account}`;
      held.push({ key, address, account, works, record, at_ms: now_ms });
      if (works) {
        working.add(address);
        if (pairs.clear(key)) {
          failing.drop(address);
          accounts.drop(account);
        }
      } else if (pairs.add(key)) {
        failing.add(address);
        accounts.add(account);
      }
      expire();
      const is_storm =
        pairs.total() >= habits.tries &&
        failing.size() >= habits.addresses &&
        failing.size() >= working.size() * habits.to_users;
      const first = held.slice(gone, gone + 1)[0];
      if (works || !is_storm || !first || pairs.total() <= (height?.tries ?? 0)) return;
      height = {
        tries: pairs.total(),
        addresses: failing.size(),
        accounts: accounts.size(),
        first: first.record,
        last: record,
        lasted_ms: now_ms - first.at_ms,
      };
    },
    storm: () => height,
  };
}

/** Counts things, each up to `most` in the total; `add` says whether one is new, `drop` and `clear` whether it is gone by that. */
function createCounts(most = 1) {
  const counts = new Map<string, number>();
  let total = 0;
  const set = (thing: string, count: number) => {
    total += Math.min(count, most) - Math.min(counts.get(thing) ?? 0, most);
    if (count > 0) counts.set(thing, count);
    else counts.delete(thing);
  };
  return {
    add(thing: string): boolean {
      set(thing, (counts.get(thing) ?? 0) + 1);
      return counts.get(thing) === 1;
    },
    drop(thing: string): boolean {
      if (!counts.has(thing)) return false;
      set(thing, (counts.get(thing) ?? 1) - 1);
      return !counts.has(thing);
    },
    clear(thing: string): boolean {
      const was_there = counts.has(thing);
      set(thing, 0);
      return was_there;
    },
    size: () => counts.size,
    total: () => total,
  };
}

/** Logins that are held at once. */
const HELD_MAX = 20_000;
