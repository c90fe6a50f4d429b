/** Who guesses passwords, and whose guess was right: one judgement for the logs of every system. */
import type { Severity } from '../../protocol/index.ts';
import { createStormWatch, type Storm } from './storm.ts';

/** A login that was tried. */
export interface Login {
  works: boolean;
  account: string;
  is_unknown: boolean;
  /** The account was locked when it was tried. */
  is_locked?: boolean;
  address: string;
  times: number;
  /** Who tells of it: one try is told by several records of different kinds, and each kind counts by itself. */
  kind: string;
  /** A key was offered: clients offer several of their own accord, so that one account counts once. */
  by_key: boolean;
  /** The name holds what looks like the end of such a record: somebody wrote it to accuse another address. */
  looks_forged: boolean;
}

/** What is a user's typing in a log, and what is no longer. */
export interface Habits {
  /** Fewer failures before a login are somebody's typing. */
  few: number;
  /** Where one user has one address: so few of one known account may still be typing, and a login after them is told as such. */
  typing?: Typing;
  many: number;
  /** Names that nobody mistypes. */
  names: number;
  /** Many users come from one address, such as a terminal server: tries count by account, and names against those who got in. */
  shares_addresses: boolean;
  /** After such a pause the tries for one account are counted anew. */
  pause_ms: number;
  /** After such a pause all that came from an address is counted anew. */
  lull_ms: number;
  /** Where many users share addresses: within so long, failures from many addresses are one storm. */
  storm_ms?: number;
}

/** How long and how often somebody mistypes a password of their own. */
export interface Typing {
  /** From so many failures on it is no typing. */
  sure: number;
  /** So many are none however long they take. */
  slow: number;
  /** After such a pause failures have nothing to do with what comes. */
  gap_ms: number;
  /** Accounts that nobody types every day: `few` failures are enough. */
  grave: ReadonlySet<string>;
}

/** Guessing as a log shows it, with the records that do. */
export interface Guessing<R> extends Story<R> {
  severity: Severity;
  /** Ids of ATT&CK, the one that tells most first. */
  techniques: readonly [string, ...string[]];
}

/** What happened, before it is weighed. */
interface Story<R> {
  rule: 'login/guessed' | 'login/guessing' | 'login/spraying';
  /** A few passwords were tried for many accounts, or from many addresses. */
  is_spraying: boolean;
  /** It may be somebody's typing. */
  is_doubtful?: boolean;
  address: string;
  /** Whose password was guessed, as far as they are told apart. */
  accounts?: readonly string[];
  title: string;
  records: R[];
}

/** A pass over logins, in the order of the log and in bounded memory. */
export interface GuessWatch<R> {
  /** `at_ms` is NaN where the log does not say. */
  note(login: Login, record: R, at_ms?: number): void;
  /** Who guesses, and whose guess was right: with the guesses that led there one story, told once. In the order of the log. */
  guessing(): Guessing<R>[];
  /** Failures that are too few to be guessing, each address with how many and the first. */
  few(): { address: string; count: number; first: R }[];
  /** Logins of further addresses and names, that found no room. */
  left(): number;
}

/** A watch that has seen no login; what counts as guessing is said by the habits of the protocol. */
export function createGuessWatch<R>(habits: Habits): GuessWatch<R> {
  const failed = new Map<string, Failures<R>>();
  const guessed = new Map<string, Right<R>>();
  const worked = new Map<string, Set<string>>();
  const room: Room = { names: NAMES_MAX };
  const storms =
    habits.storm_ms === undefined
      ? undefined
      : createStormWatch<R>({
          window_ms: habits.storm_ms,
          tries: STORM_FAILURES,
          tries_each: 1,
          addresses: STORM_ADDRESSES,
          to_users: NAMES_TO_USERS,
        });
  let worked_names = 0;
  let failures = 0;
  let left = 0;

  const noteWorked = (login: Login, record: R, at_ms: number) => {
    const known = failed.get(login.address);
    const before = worked.get(login.address);
    const right = guessed.get(login.address);
    if (
      known &&
      (!right ||
        right.is_doubtful ||
        isFurther(right, login, known.accounts().has(login.account) || !before?.has(login.account)))
    ) {
      const is_storm = failures >= STORM_FAILURES && failed.size >= STORM_ADDRESSES;
      // Somebody who mistypes a password tries one account; who takes part in a storm tries names.
      const takes_part = is_storm && [...known.accounts()].some((tried) => tried !== login.account);
      const found = isGuessed(known, login, { takes_part, before, at_ms, habits });
      if (found) {
        const beside = takes_part ? `, of ${failures} from ${failed.size} addresses` : '';
        const after = habits.typing ? known.untyped(at_ms).open : known.count();
        const own = { account: login.account, after: Math.max(1, after), beside, record };
        const others = (right?.logins ?? []).filter(({ account }) => account !== login.account);
        const is_doubtful = found === 'doubtful';
        guessed.set(login.address, {
          takes_part: takes_part || right?.takes_part === true,
          is_doubtful: is_doubtful && right?.is_doubtful !== false,
          first_failure: right?.first_failure ?? known.first,
          logins: right?.is_doubtful && !is_doubtful ? [own, ...others] : [...others, own],
        });
      }
    }
    known?.noteWorked(login);
    if (before?.has(login.account)) return;
    const has_room = before ? before.size < ACCOUNTS_MAX : worked.size < ADDRESSES_MAX;
    if (!has_room || worked_names >= NAMES_MAX) return;
    worked_names += 1;
    worked.set(login.address, (before ?? new Set()).add(login.account));
  };

  return {
    note(login, record, at_ms = Number.NaN) {
      storms?.note(login, record, at_ms);
      if (login.works) {
        noteWorked(login, record, at_ms);
        return;
      }
      const known = failed.get(login.address);
      if (!known && failed.size >= ADDRESSES_MAX) {
        left += 1;
        return;
      }
      const tries = known ?? createFailures(record, habits, room);
      failed.set(login.address, tries);
      failures += tries.note(login, record, at_ms);
      if (room.names === 0 && !tries.accounts().has(login.account)) left += 1;
    },
    guessing() {
      const isOne = ([address, tries]: [string, Failures<R>]) => isGuessing(tries, worked.get(address), habits);
      const many = [...failed].filter(isOne);
      const few = [...failed].filter((each) => !isOne(each));
      const scattered = few.reduce((sum, [, { count }]) => sum + count(), 0);
      const is_scattered = scattered >= STORM_FAILURES && few.length >= STORM_ADDRESSES && !habits.shares_addresses;
      const storm = is_scattered ? toStorm(scattered, few) : undefined;
      const burst = storms?.storm();
      const attempts = new Map(many.map(([address, tries]) => [address, toGuessing(address, tries, habits)]));
      const stories = [...guessed].map(([address, right]) =>
        withAttempts(toGuessed(address, right), attempts.get(address) ?? (right.takes_part ? storm : undefined)),
      );
      const is_told = [...guessed].some(([address, { takes_part }]) => takes_part && !attempts.has(address));
      return [
        ...stories,
        ...[...attempts.values()].filter(({ address }) => !guessed.has(address)),
        ...(storm && !is_told ? [storm] : []),
        ...(burst ? [toBurst(burst)] : []),
      ].map((story) => weighed(story, habits));
    },
    few: () =>
      [...failed]
        .filter(([address, tries]) => !guessed.has(address) && !isGuessing(tries, worked.get(address), habits))
        .map(([address, tries]) => ({ address, count: tries.total(), first: tries.first })),
    left: () => left,
  };
}

/** Whose guess was right, and each account that it was right for. */
interface Right<R> {
  /** It is one of the many addresses of a storm. */
  takes_part: boolean;
  is_doubtful: boolean;
  first_failure: R;
  logins: { account: string; after: number; beside: string; record: R }[];
}

/** Another account of theirs; who was there before and never failed is a user behind the same address. */
const isFurther = <R>({ logins }: Right<R>, { account }: Login, is_suspect: boolean): boolean =>
  is_suspect && logins.length < RIGHT_MAX && !logins.some((known) => known.account === account);

function toGuessed<R>(address: string, { takes_part, is_doubtful, first_failure, logins }: Right<R>): Story<R> {
  const said = logins.map(({ account, after, beside }, nth) =>
    nth === 0
      ? `as ${account} after ${after} failure${after === 1 ? '' : 's'}${beside}`
      : `as ${account} after ${after}`,
  );
  const shown = said.slice(0, RIGHT_SHOWN).join(' and ');
  const further = said.length - RIGHT_SHOWN;
  const least = said.length < RIGHT_MAX ? '' : 'at least ';
  const [right, ...others] = logins.map(({ record }) => record);
  return {
    rule: 'login/guessed',
    is_spraying: takes_part,
    is_doubtful,
    address,
    accounts: logins.map(({ account }) => account),
    title: `${address} logged in ${shown}${further > 0 ? ` and as ${least}${further} other${further === 1 ? '' : 's'}` : ''}${is_doubtful ? ': so few may be mistyped' : ''}`,
    records: [...(right === undefined ? [] : [right]), first_failure, ...others.slice(0, RIGHT_SHOWN - 1)],
  };
}

/** Of many accounts that were tried, one is theirs now: that is the gravest. What nobody lets in is the noise of the internet. */
function weighed<R>(story: Story<R>, { shares_addresses }: Habits): Guessing<R> {
  const { rule, is_spraying, is_doubtful } = story;
  const tried = is_spraying ? 'T1110.003' : 'T1110.001';
  if (rule === 'login/guessed')
    return {
      ...story,
      severity: is_spraying ? 'critical' : is_doubtful ? 'low' : 'high',
      techniques: is_spraying ? [tried, 'T1110.001'] : [tried],
    };
  return { ...story, severity: is_spraying && shares_addresses ? 'medium' : 'low', techniques: [tried] };
}

/** A right guess with the wrong ones before and after it. */
function withAttempts<R>(right: Story<R>, attempts: Story<R> | undefined): Story<R> {
  if (!attempts) return right;
  return {
    ...right,
    is_spraying: right.is_spraying || attempts.is_spraying,
    title: `${right.title}; ${attempts.title}`,
    records: [...new Set([...right.records, ...attempts.records])],
  };
}

function toBurst<R>({ tries, lasted_ms, addresses, accounts, first, last }: Storm<R>): Story<R> {
  const minutes = Math.ceil(lasted_ms / 60_000);
  return {
    rule: 'login/spraying',
    is_spraying: true,
    address: 'many addresses',
    title: `${tries} logins failed within ${minutes} minutes, from ${addresses} addresses for ${accounts} account${accounts === 1 ? '' : 's'}`,
    records: [first, last],
  };
}

function toStorm<R>(failures: number, from: readonly [string, Failures<R>][]): Story<R> {
  const [first, second] = from;
  return {
    rule: 'login/spraying',
    is_spraying: true,
    address: first?.[0] ?? '',
    title: `${failures} logins failed, spread over ${from.length} addresses`,
    records: [first, second].flatMap((each) => (each ? [each[1].first] : [])),
  };
}

function isGuessed<R>(
  tries: Failures<R>,
  { account }: Login,
  about: { takes_part: boolean; before: ReadonlySet<string> | undefined; at_ms: number; habits: Habits },
): 'sure' | 'doubtful' | undefined {
  const { takes_part, before, at_ms, habits } = about;
  if (tries.isOver(at_ms)) return undefined;
  if (habits.shares_addresses) {
    if (tries.triesOf(account, at_ms) >= habits.few) return 'sure';
    // Who was there before the names were tried is a user of that machine.
    const is_tried = tries.accounts().has(account) || !before?.has(account);
    return isManyNames(tries.accounts().size, before, habits) && is_tried ? 'sure' : undefined;
  }
  if (takes_part) return 'sure';
  const { typing, few } = habits;
  if (!typing) return tries.passwords() >= few ? 'sure' : undefined;
  const { run, open, names, has_unknown } = tries.untyped(at_ms);
  if (run >= typing.sure || open >= typing.slow) return 'sure';
  if (run < few) return undefined;
  const is_own = names.size === 1 && names.has(account) && !has_unknown && !typing.grave.has(account);
  return is_own ? 'doubtful' : 'sure';
}

/** Many tries, or a few with a new name each. */
function isGuessing<R>(tries: Failures<R>, worked: ReadonlySet<string> | undefined, habits: Habits): boolean {
  if (!habits.shares_addresses)
    return tries.count() >= habits.many || (tries.accounts().size >= habits.names && tries.count() >= habits.names);
  return tries.tries_most() >= habits.many || isManyNames(tries.names_most(), worked, habits);
}

/** Where more users get in than fail, they share the address. */
const isManyNames = (names: number, worked: ReadonlySet<string> | undefined, habits: Habits): boolean =>
  names >= habits.names && names >= (worked?.size ?? 0) * NAMES_TO_USERS;

function toGuessing<R>(address: string, tries: Failures<R>, { shares_addresses, names }: Habits): Story<R> {
  const { first, last, count, is_forged, names_most } = tries;
  const forged = is_forged() ? ', with names made to look like a record that accuses another address' : '';
  if (!shares_addresses)
    return {
      rule: 'login/guessing',
      is_spraying: false,
      address,
      title: `${count()} logins from ${address} failed${forged}`,
      records: [first],
    };
  const accounts = names_most();
  const [unknown, locked] = [tries.unknown(), tries.locked()];
  const states = [
    unknown > 0 ? `${unknown} ${unknown === 1 ? 'does' : 'do'} not exist` : '',
    locked > 0 ? `${locked} ${locked === 1 ? 'was' : 'were'} locked` : '',
  ];
  const said = states.filter((state) => state !== '').join(', ');
  const is_spraying = accounts >= names;
  return {
    rule: is_spraying ? 'login/spraying' : 'login/guessing',
    is_spraying,
    address,
    title: `${tries.total()} logins from ${address} failed, for ${accounts} account${accounts === 1 ? '' : 's'}${said && ` (${said})`}${forged}`,
    records: [first, ...(last === first ? [] : [last])],
  };
}

/** What failed from one address, in bounded memory. */
interface Failures<R> {
  first: R;
  last: R;
  /** Those that were tried since the last lull. */
  accounts: () => ReadonlySet<string>;
  /** Takes another one; by how many the count grew. */
  note: (login: Login, record: R, at_ms: number) => number;
  /** The most that one kind of record tells: the same try stands in several. */
  count: () => number;
  /** As `count`, over all lulls. */
  total: () => number;
  /** As `count`, without keys that were offered. */
  passwords: () => number;
  /**
   * As `passwords`, without those that a login of the same account was the end of: `run` without a pause before `at_ms`, and the
   * names in it; `open` over all pauses.
   */
  untyped: (at_ms: number) => { run: number; open: number; names: ReadonlySet<string>; has_unknown: boolean };
  /** Who gets in had mistyped what failed, where no other name was tried. */
  noteWorked: (login: Login) => void;
  /** As `count`, of one account without a pause. */
  triesOf: (account: string, at_ms: number) => number;
  tries_most: () => number;
  names_most: () => number;
  unknown: () => number;
  locked: () => number;
  /** Whether nothing failed for so long that a login has nothing to do with it. */
  isOver: (at_ms: number) => boolean;
  is_forged: () => boolean;
}

/** How many names may still be kept, of all addresses together. */
interface Room {
  names: number;
}

function createFailures<R>(first: R, { pause_ms, lull_ms, typing }: Habits, room: Room): Failures<R> {
  const gap_ms = typing?.gap_ms ?? Number.POSITIVE_INFINITY;
  const [run, open] = [new Map<string, number>(), new Map<string, number>()];
  const names = new Set<string>();
  let has_unknown = false;
  const most = (counts: ReadonlyMap<string, number>) => Math.max(0, ...counts.values());
  const noteUntyped = ({ account, kind, times, is_unknown }: Login, at_ms: number) => {
    if (at_ms - last_ms > gap_ms) {
      run.clear();
      names.clear();
      has_unknown = false;
    }
    for (const counts of [run, open]) counts.set(kind, (counts.get(kind) ?? 0) + times);
    if (names.size < ACCOUNTS_MAX) names.add(account);
    has_unknown ||= is_unknown;
  };
  const accounts = new Set<string>();
  const by_kind = new Map<string, number>();
  const by_key = new Set<string>();
  const by_account = new Map<string, { tries: Map<string, number>; last_ms: number }>();
  const [unknown, locked] = [new Set<string>(), new Set<string>()];
  let is_forged = false;
  let last_ms = Number.NaN;
  let [tries_most, names_most, total] = [0, 0, 0];
  const passwords = () => most(by_kind);
  const count = () => Math.max(passwords(), by_key.size);
  const triesOf = (account: string, at_ms: number) => {
    const known = by_account.get(account);
    return !known || at_ms - known.last_ms > pause_ms ? 0 : Math.max(0, ...known.tries.values());
  };
  const isOver = (at_ms: number) => at_ms - last_ms > lull_ms;
  const noteAccount = ({ account, kind, times }: Login, at_ms: number) => {
    const known = by_account.get(account);
    const is_new = !known || at_ms - known.last_ms > pause_ms;
    if (!known) {
      if (by_account.size >= ACCOUNTS_MAX || room.names === 0) return;
      room.names -= 1;
    }
    const tries = is_new ? new Map<string, number>() : known.tries;
    tries.set(kind, (tries.get(kind) ?? 0) + times);
    by_account.set(account, { tries, last_ms: at_ms });
    tries_most = Math.max(tries_most, tries.get(kind) ?? 0);
  };
  const failures: Failures<R> = {
    first,
    last: first,
    accounts: () => accounts,
    note(login, record, at_ms) {
      if (typing && !login.by_key) noteUntyped(login, at_ms);
      if (isOver(at_ms)) for (const past of [accounts, by_kind, by_key, by_account]) past.clear();
      last_ms = at_ms;
      const before = count();
      const { account, kind, by_key: is_key, times } = login;
      noteAccount(login, at_ms);
      if (by_account.has(account)) {
        accounts.add(account);
        if (login.is_unknown && unknown.size < ACCOUNTS_MAX) unknown.add(account);
        if (login.is_locked && locked.size < ACCOUNTS_MAX) locked.add(account);
        if (is_key) by_key.add(account);
      }
      is_forged ||= login.looks_forged;
      if (!is_key) by_kind.set(kind, (by_kind.get(kind) ?? 0) + times);
      names_most = Math.max(names_most, accounts.size);
      failures.last = record;
      total += count() - before;
      return count() - before;
    },
    count,
    total: () => total,
    passwords,
    untyped: (at_ms) => ({
      run: at_ms - last_ms > gap_ms ? 0 : most(run),
      open: most(open),
      names,
      has_unknown,
    }),
    noteWorked({ account }) {
      if ([...names].some((name) => name !== account)) return;
      for (const past of [run, open, names]) past.clear();
      has_unknown = false;
    },
    triesOf,
    tries_most: () => tries_most,
    names_most: () => names_most,
    unknown: () => unknown.size,
    locked: () => locked.size,
    isOver,
    is_forged: () => is_forged,
  };
  return failures;
}

/** Accounts of one address that are known to have been guessed, and those that are named. */
const RIGHT_MAX = 50;
const RIGHT_SHOWN = 5;
/** Accounts that are told apart of one address. */
const ACCOUNTS_MAX = 1_000;
const ADDRESSES_MAX = 20_000;
/** Names of all addresses together, of those that failed and of those that worked: some 50 MB each. */
const NAMES_MAX = 100_000;
/** Failures, and addresses they come from, that are no longer users of one host. */
const STORM_FAILURES = 30;
const STORM_ADDRESSES = 10;
/** So many names failed for each user who got in, where somebody tries names. */
const NAMES_TO_USERS = 2;
