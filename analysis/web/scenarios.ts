/** What one source does over many lines: guessing passwords, listing users, searching for paths, crawling, changing its name. */
import { createBucket, createDistinctBucket } from './buckets.ts';
import type { LogEntry } from './log-line.ts';
import type { LogSign } from './log-signs.ts';

/** What came after guesses: a login, only an answer where there was a refusal before, or neither. */
export type LoginSuccess = 'followed' | 'answered' | 'none';

/** Watches one source. `read` answers what the line completes. */
export interface SourceWatch {
  read(entry: LogEntry): LogSign[];
  login_success(): LoginSuccess;
}

/** Buckets are made when they are first needed: most sources are visitors. Capacities are listed in `LIMITS`. */
export function createSourceWatch(): SourceWatch {
  const made: Made = {};
  let failures = 0;
  let last_failure: Failure | undefined;
  let guessing = false;
  let success: LoginSuccess = 'none';
  let last_agent = '';

  const logins = (entry: LogEntry): LogSign[] => {
    const path = pathOf(entry.target);
    if (!isFailedLogin(entry, path)) {
      const same = last_failure?.path === path && entry.status !== undefined && entry.status < 400;
      if (same && guessing && (entry.status !== 200 || last_failure?.status !== 200)) {
        if (sendsPassword(entry)) success = 'followed';
        else if (last_failure?.status === 401 && last_failure.method === entry.method && success === 'none')
          success = 'answered';
      }
      if (same) made.steady_logins?.drop();
      if (same && entry.method !== 'POST' && failures > 0) {
        failures -= 1;
        made.logins?.drop();
        made.slow_logins?.drop();
      }
      return [];
    }
    failures += 1;
    last_failure = { path, method: entry.method, status: entry.status };
    const is_steady =
      isRefusedLogin(entry) && (made.steady_logins ??= createBucket(LIMITS.steady_logins)).add(entry.time);
    const password = passwordIn(entry.target);
    // Of passwords that a log shows, each counts once: a program that always sends the same one guesses nothing.
    const add = (name: 'logins' | 'slow_logins'): boolean =>
      password === undefined
        ? (made[name] ??= createBucket(LIMITS[name])).add(entry.time)
        : (made[`shown_${name}`] ??= createDistinctBucket(LIMITS[name])).add(password, entry.time);
    const fast = add('logins');
    // Programs renew their sessions now and then, and are answered 200 as well.
    const slow = !(entry.status === 200 && RENEWED.test(path)) && add('slow_logins');
    if (!fast && !slow && !is_steady) return [];
    guessing = true;
    const pace = fast ? 'many failed logins in a short time' : 'failed logins that do not stop';
    return [{ class: 'brute-force', rule: fast ? 'brute-force/fast' : 'brute-force/slow', title: pace }];
  };

  return {
    read(entry) {
      const signs = logins(entry);
      const path = pathOf(entry.target);
      const user = userOf(entry.target);
      if (user !== undefined && (made.users ??= createDistinctBucket(LIMITS.users)).add(user, entry.time)) {
        signs.push({ class: 'user-enumeration', rule: 'user-enumeration/listed', title: 'asks for user after user' });
      }
      const { status = 0 } = entry;
      if (
        (status === 404 || status === 403 || status === 400) &&
        !STATIC.test(path) &&
        (made.missing ??= createDistinctBucket(LIMITS.missing)).add(path, entry.time)
      ) {
        signs.push({ class: 'path-scan', rule: 'path-scan/missing', title: 'searches for paths that do not exist' });
      }
      if (
        status >= 200 &&
        status < 400 &&
        entry.method === 'GET' &&
        !STATIC.test(path) &&
        (made.pages ??= createDistinctBucket(LIMITS.pages)).add(path, entry.time)
      ) {
        signs.push({ class: 'crawl', rule: 'crawl/pages', title: 'reads page after page faster than a person' });
      }
      if (entry.agent !== '' && entry.agent !== last_agent) {
        last_agent = entry.agent;
        if ((made.agents ??= createDistinctBucket(LIMITS.agents)).add(entry.agent, entry.time)) {
          signs.push({ class: 'dos', rule: 'dos/agents', title: 'changes its User-Agent all the time' });
        }
      }
      return signs;
    },
    login_success: () => success,
  };
}

interface Failure {
  path: string;
  method: string;
  status: number | undefined;
}

/** A refused login, or a POST to a login form that did not lead on: forms answer 200 to a wrong password. */
function isFailedLogin(entry: LogEntry, path: string): boolean {
  if (entry.login_failed) return true;
  if (entry.status === 401) return entry.is_challenge !== true;
  if (!sendsPassword(entry)) return false;
  if (entry.status === 403) return true;
  if (/\/xmlrpc\.php$/.test(path)) return entry.status === 200;
  return (
    (LOGIN.test(path) || passwordIn(entry.target) !== undefined) &&
    (entry.status === 200 || entry.status === 400 || entry.status === 422 || entry.status === 429)
  );
}

/** A sign-in that the server surely refused: of one that answers 200, only where a right password never does. */
export function isRefusedLogin(entry: LogEntry): boolean {
  const path = pathOf(entry.target);
  if (!isFailedLogin(entry, path)) return false;
  if (entry.login_failed) return true;
  if (!sendsPassword(entry)) return false;
  return entry.status === 200 ? WORDPRESS.test(path) : entry.status === 401 || LOGIN.test(path);
}

/** A sign-in of which the line does not say how it ended. */
export const isOpenLogin = (entry: LogEntry): boolean =>
  entry.method === 'POST' && entry.status === undefined && !entry.login_failed && LOGIN.test(pathOf(entry.target));

/** A form of sign-in that was answered 200: wrong passwords are on most sites, right ones on some. */
export const isUntoldLogin = (entry: LogEntry): boolean =>
  entry.status === 200 && isFailedLogin(entry, pathOf(entry.target)) && !isRefusedLogin(entry);

/** A request that may carry a password: a form, a name sent along with it, or a password in the address. */
const sendsPassword = ({ method, user, target }: LogEntry): boolean =>
  method === 'POST' || user !== undefined || passwordIn(target) !== undefined;

const passwordIn = (target: string): string | undefined =>
  ACCOUNT.test(target) ? PASSWORD.exec(target)?.[1] : undefined;

/** A sign-in that was not refused. */
export const isAcceptedLogin = (entry: LogEntry): boolean =>
  sendsPassword(entry) && entry.status !== undefined && entry.status < 400 && !isRefusedLogin(entry);

const userOf = (target: string): string | undefined => {
  const found = /[?&]author=(\d{1,6})(?:&|$)|\/wp-json\/wp\/v2\/users\/(\d{1,6})|\/users?\/(\d{1,6})(?:\.json)?$/.exec(
    target,
  );
  return found?.[1] ?? found?.[2] ?? found?.[3];
};

/** The path of a target, in lower case. */
export const pathOf = (target: string): string => target.replace(/[?#].*/s, '').toLowerCase();

/** The buckets of one source so far. */
interface Made {
  logins?: ReturnType<typeof createBucket>;
  slow_logins?: ReturnType<typeof createBucket>;
  steady_logins?: ReturnType<typeof createBucket>;
  shown_logins?: ReturnType<typeof createDistinctBucket>;
  shown_slow_logins?: ReturnType<typeof createDistinctBucket>;
  users?: ReturnType<typeof createDistinctBucket>;
  missing?: ReturnType<typeof createDistinctBucket>;
  pages?: ReturnType<typeof createDistinctBucket>;
  agents?: ReturnType<typeof createDistinctBucket>;
}

const LIMITS = {
  logins: { capacity: 5, leak_s: 10 },
  slow_logins: { capacity: 20, leak_s: 600 },
  /** Twenty more than one an hour, where none of them was right. */
  steady_logins: { capacity: 20, leak_s: 3_600 },
  users: { capacity: 5, leak_s: 10 },
  missing: { capacity: 10, leak_s: 10 },
  pages: { capacity: 40, leak_s: 0.5 },
  agents: { capacity: 8, leak_s: 5 },
};
const LOGIN =
  /(?:^|[/_.-])(?:wp-login\.php|log[-_]?in|sign[-_]?in|logon|auth|authenticate|session|sessions|token|account\/login|doLogin|j_security_check|j_spring_security_check|index\.php\/login|user\/login|admin\/login|firstfactor|administrator\/index\.php)(?:\.(?:php|aspx?|jsp|do|action|cgi|html?|json|esp))?\/?$/i;
/** The account and the password of a form that was sent by GET; either word alone is a page, a width or a ticket as well. */
const ACCOUNT = /[?&](?:user(?:_?name|_?id)?|login|log|e?mail|account|uid|uname)=[^&#]/i;
const PASSWORD = /[?&](?:user_?|login_?|log_?|j_)?(?:pass|passwd|password|passwort|pwd|pw)=([^&#]{1,256})/i;
/** What programs ask for again and again: sessions and tokens. */
const RENEWED = /(?:^|[/_.-])(?:sessions?|token|auth)\/?$/;
const WORDPRESS = /\/(?:wp-login|xmlrpc)\.php$/;
const STATIC =
  /\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|eot|otf|mp[34]|webm|ogg|pdf|txt|xml|webmanifest)$|^\/(?:favicon|apple-touch-icon|robots)/;
