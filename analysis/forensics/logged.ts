/** What a log of a host records: commands that were run, and logins that were tried. */
import { quoteArgument, readArguments } from './audit-arguments.ts';
import { loginIn, type Login } from './logins.ts';

/** A record of such a log. */
export interface LoggedRecord {
  line: number;
  text: string;
}

/** The command that a record says was run, by sudo, doas, cron or the audit; undefined for any other record. */
export function commandIn(text: string): string | undefined {
  for (const shape of COMMANDS) {
    const found = shape.exec(text)?.[1];
    if (found !== undefined) return found.trim();
  }
  const words = readArguments(text);
  return words.length === 0 ? undefined : words.map(quoteArgument).join(' ');
}

/** Records that only echo what another one tells, or that somebody came by a key, or left: nothing in them is to be judged. */
export function echoesIn(records: readonly LoggedRecord[]): Set<LoggedRecord> {
  const run = new Set(records.flatMap(({ text }) => (/\btype=EXECVE\b/.test(text) ? [serialOf(text)] : [])));
  return new Set(
    records.filter(
      ({ text }) => ECHOES.some((shape) => shape.test(text)) || (COMPANION.test(text) && run.has(serialOf(text))),
    ),
  );
}

/** What the records of one event of the audit share. */
const serialOf = (text: string): string => /\bmsg=audit\(([\d.]{1,24}:\d{1,12})\)/.exec(text)?.[1] ?? 'none';

/** Guessing as a log shows it, with the records that do. */
export interface Guessing {
  rule: 'login/guessed' | 'login/guessing' | 'login/spraying';
  address: string;
  title: string;
  records: LoggedRecord[];
}

/** Who guesses, and whose guess was right. In the order of the log. */
export function guessingIn(records: readonly LoggedRecord[]): Guessing[] {
  const failed = new Map<string, Failures>();
  const guessed = new Map<string, Guessing>();
  let failures = 0;
  for (const record of records) {
    const login = loginIn(record.text);
    if (!login) continue;
    const known = failed.get(login.address);
    if (!login.works) {
      const tries = known ?? createFailures(record);
      failed.set(login.address, tries);
      failures += tries.note(login);
      continue;
    }
    if (!known || guessed.has(login.address)) continue;
    const is_storm = failures >= STORM_FAILURES && failed.size >= STORM_ADDRESSES;
    // Somebody who mistypes a password tries one account; who takes part in a storm tries names.
    const takes_part = is_storm && [...known.accounts].some((account) => account !== login.account);
    if (known.passwords() < GUESSES_FEW && !takes_part) continue;
    const beside = is_storm ? `, of ${failures} from ${failed.size} addresses` : '';
    guessed.set(login.address, {
      rule: 'login/guessed',
      address: login.address,
      title: `${login.address} logged in as ${login.account} after ${known.count()} failure${known.count() === 1 ? '' : 's'}${beside}`,
      records: [record, known.first],
    });
  }
  const many = [...failed].filter(([, tries]) => isGuessing(tries));
  const few = [...failed].filter(([, tries]) => !isGuessing(tries));
  const scattered = few.reduce((sum, [, { count }]) => sum + count(), 0);
  const [first, second] = few;
  return [
    ...guessed.values(),
    ...many.map(([address, { count, first: record, is_forged }]): Guessing => ({
      rule: 'login/guessing',
      address,
      title: `${count()} logins from ${address} failed${is_forged() ? ', with names made to look like a record that accuses another address' : ''}`,
      records: [record],
    })),
    ...(first && scattered >= STORM_FAILURES && few.length >= STORM_ADDRESSES
      ? [
          {
            rule: 'login/spraying' as const,
            address: first[0],
            title: `${scattered} logins failed, spread over ${few.length} addresses`,
            records: [first[1].first, ...(second ? [second[1].first] : [])],
          },
        ]
      : []),
  ];
}

/** Many tries, or a few with a new name each. */
const isGuessing = ({ count, accounts }: Failures): boolean =>
  count() >= GUESSES_MANY || (accounts.size >= NAMES_MANY && count() >= NAMES_MANY);

/** What failed from one address, in bounded memory. */
interface Failures {
  first: LoggedRecord;
  accounts: ReadonlySet<string>;
  /** Takes another one; by how many the count grew. */
  note: (login: Login) => number;
  /** The most that one kind of record tells: the same try stands in several. */
  count: () => number;
  /** As `count`, without keys that were offered. */
  passwords: () => number;
  is_forged: () => boolean;
}

function createFailures(first: LoggedRecord): Failures {
  const accounts = new Set<string>();
  const by_kind = new Map<string, number>();
  const by_key = new Set<string>();
  let is_forged = false;
  const passwords = () => Math.max(0, ...by_kind.values());
  const count = () => Math.max(passwords(), by_key.size);
  return {
    first,
    accounts,
    note({ account, kind, by_key: is_key, times, looks_forged }) {
      const before = count();
      if (accounts.size < ACCOUNTS_MAX) accounts.add(account);
      is_forged ||= looks_forged;
      if (!is_key) by_kind.set(kind, (by_kind.get(kind) ?? 0) + times);
      else if (by_key.size < ACCOUNTS_MAX) by_key.add(account);
      return count() - before;
    },
    count,
    passwords,
    is_forged: () => is_forged,
  };
}

const COMMANDS = [
  /\bsudo(?:\[\d{1,10}\])?: [^]{0,600}?\bCOMMAND=([^]+)$/,
  /\bdoas(?:\[\d{1,10}\])?: \S{1,64} ran command ([^]+?)(?: as \S{1,64} from [^]*)?$/,
  /\b(?:CRON|crond?|anacron|atd)(?:\[\d{1,10}\])?: \([^)]{1,64}\) CMD \(([^]+?)\)?\s*$/i,
];
/** Sessions that began or ended, keys that were accepted, and goodbyes. */
const ECHOES: readonly RegExp[] = [
  /\bpam_unix\([^)]{1,40}\): session (?:opened|closed) for user /,
  /\bsystemd-logind(?:\[\d{1,10}\])?: (?:New session|Removed session|Session \S{1,20} logged out)/,
  /\bsshd[^]{0,40}?: (?:Accepted publickey for |Received disconnect from |Disconnected from user |Server listening on )/,
];
const COMPANION = /\btype=(?:SYSCALL|CWD|PATH|PROCTITLE|EOE)\b/;
/** Fewer failures before a login are somebody's typing. */
const GUESSES_FEW = 3;
const GUESSES_MANY = 6;
const NAMES_MANY = 4;
/** Accounts that are told apart of one address. */
const ACCOUNTS_MAX = 1_000;
/** Failures, and addresses they come from, that are no longer users of one host. */
const STORM_FAILURES = 30;
const STORM_ADDRESSES = 10;
