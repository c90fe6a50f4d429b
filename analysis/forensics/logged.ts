/** What a log of a host records: commands that were run, and logins that were tried. */
import { isIP } from 'node:net';
import { quoteArgument, readArguments } from './audit-arguments.ts';

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

/** A login that was tried. */
export interface Login {
  works: boolean;
  account: string;
  is_unknown: boolean;
  address: string;
  times: number;
}

/** The login that a record tells of; one by a key is no guess, and none here. */
export function loginIn(text: string): Login | undefined {
  const audit =
    /\btype=USER_LOGIN\b[^]{0,600}\bacct="?([^"\s]{1,64})"?[^]{0,300}\baddr=(\S{1,64})[^]{0,120}\bres=(\w+)/.exec(text);
  const ssh = SSH.exec(text);
  const [outcome, unknown, account = '', address = ''] = ssh
    ? [ssh[1] === 'Accepted', ssh[2] !== undefined, ssh[3], ssh[4]]
    : [audit?.[3] === 'success', false, audit?.[1], audit?.[2]];
  if (isIP(address) === 0) return undefined;
  const repeated = Number(/message repeated (\d{1,6}) times/.exec(text)?.[1] ?? 1);
  return { works: outcome, account, is_unknown: unknown, address, times: repeated };
}

/** Guessing as a log shows it, with the records that do. */
export interface Guessing {
  rule: 'login/guessed' | 'login/guessing' | 'login/spraying';
  address: string;
  title: string;
  records: LoggedRecord[];
}

/** Who guesses, and whose guess was right. In the order of the log. */
export function guessingIn(records: readonly LoggedRecord[]): Guessing[] {
  const failed = new Map<string, { count: number; accounts: Set<string>; first: LoggedRecord }>();
  const guessed = new Map<string, Guessing>();
  let failures = 0;
  for (const record of records) {
    const login = loginIn(record.text);
    if (!login) continue;
    const known = failed.get(login.address);
    if (!login.works) {
      failures += login.times;
      if (known) known.count += login.times;
      else failed.set(login.address, { count: login.times, accounts: new Set(), first: record });
      failed.get(login.address)?.accounts.add(login.account);
      continue;
    }
    if (!known || guessed.has(login.address)) continue;
    const is_storm = failures >= STORM_FAILURES && failed.size >= STORM_ADDRESSES;
    // Somebody who mistypes a password tries one account; who takes part in a storm tries names.
    const takes_part = is_storm && [...known.accounts].some((account) => account !== login.account);
    if (known.count < GUESSES_FEW && !takes_part) continue;
    const beside = is_storm ? `, of ${failures} from ${failed.size} addresses` : '';
    guessed.set(login.address, {
      rule: 'login/guessed',
      address: login.address,
      title: `${login.address} logged in as ${login.account} after ${known.count} failure${known.count === 1 ? '' : 's'}${beside}`,
      records: [record, known.first],
    });
  }
  const many = [...failed].filter(([, { count }]) => count >= GUESSES_MANY);
  const few = [...failed].filter(([, { count }]) => count < GUESSES_MANY);
  const scattered = few.reduce((sum, [, { count }]) => sum + count, 0);
  const [first, second] = few;
  return [
    ...guessed.values(),
    ...many.map(([address, { count, first: record }]): Guessing => ({
      rule: 'login/guessing',
      address,
      title: `${count} logins from ${address} failed`,
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

const COMMANDS = [
  /\bsudo(?:\[\d{1,10}\])?: [^]{0,600}?\bCOMMAND=([^]+)$/,
  /\bdoas(?:\[\d{1,10}\])?: \S{1,64} ran command ([^]+?)(?: as \S{1,64} from [^]*)?$/,
  /\b(?:CRON|crond?|anacron|atd)(?:\[\d{1,10}\])?: \([^)]{1,64}\) CMD \(([^]+?)\)?\s*$/i,
];
const SSH =
  /\b(Failed|Accepted) (?:password|none|keyboard-interactive(?:\/pam)?|publickey(?=[^]{0,10} for invalid)) for (invalid user )?(\S{0,64}) ?from (\S{1,64})/;
/** Fewer failures before a login are somebody's typing. */
const GUESSES_FEW = 3;
const GUESSES_MANY = 6;
/** Failures, and addresses they come from, that are no longer users of one host. */
const STORM_FAILURES = 30;
const STORM_ADDRESSES = 10;
