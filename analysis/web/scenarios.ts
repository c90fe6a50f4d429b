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
  let last_nameless = ''; // refused, and nothing that the log shows was a password
  let refused_again = false;
  let answered = 0; // after that
  let right = 0; // sign-ins that were answered, from the first line on
  let last_answered = '';
  let success: LoginSuccess = 'none';
  let last_agent = '';

  /** Where wrong passwords were refused, what is answered is a right one; a form that answered 200 to wrong ones before is none. */
  const isTurned = (entry: LogEntry, path: string): boolean =>
    last_failure?.path === path &&
    entry.method === 'POST' &&
    (entry.status ?? 0) >= 200 &&
    (entry.status ?? 0) < 300 &&
    !entry.login_failed &&
    !WORDPRESS.test(path) &&
    (made.refusing?.has(path) === true || (TELLING.has(last_failure.status ?? 0) && !made.forms?.has(path)));

  const logins = (entry: LogEntry): LogSign[] => {
    const path = pathOf(entry.target);
    if (isFailedLogin(entry, path) && !isTurned(entry, path)) return noteFailure(entry, path);
    if (isNameless(entry)) noteNameless(entry, path);
    else if (entry.status !== undefined && entry.status < 400) return noteAnswer(entry, path);
    return [];
  };

  const noteFailure = (entry: LogEntry, path: string): LogSign[] => {
    failures += 1;
    last_failure = { path, method: entry.method, status: entry.status };
    if (entry.status === 401) remember((made.refusing ??= new Set()), path);
    if (entry.status === 200) remember((made.forms ??= new Set()), path);
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

  /** A program whose token ran out is refused so as well: what comes after it says whether it was more. */
  const noteNameless = ({ method, time }: LogEntry, path: string): void => {
    const request = requestKey(method, path);
    if (last_nameless !== request) {
      last_nameless = request;
      refused_again = false;
      made.nameless = createBucket(LIMITS.logins);
    }
    if (made.nameless?.add(time) && last_answered !== request) refused_again = true;
  };

  const noteAnswer = (entry: LogEntry, path: string): LogSign[] => {
    const request = requestKey(entry.method, path);
    if (last_nameless === request) {
      if (refused_again) return noteAnswered(entry);
      made.nameless?.drop();
    }
    last_answered = request;
    if (entry.method === 'POST' && LOGIN.test(path)) right += 1;
    const last = last_failure?.path === path ? last_failure : undefined;
    if (!last) return [];
    if (guessing && (entry.status !== 200 || last.status !== 200)) {
      // Where most are right, many people sign in from there, and one more says nothing of those who do not.
      if (sendsPassword(entry) && right <= failures) success = 'followed';
      else if (last.status === 401 && last.method === entry.method && success === 'none') success = 'answered';
    }
    made.steady_logins?.drop();
    if (entry.method !== 'POST' && failures > 0) {
      failures -= 1;
      made.logins?.drop();
      made.slow_logins?.drop();
    }
    return [];
  };

  /** One form that is answered once is a login that worked; what is answered again and again is a program at its work. */
  const noteAnswered = ({ method }: LogEntry): LogSign[] => {
    answered += 1;
    if (method === 'POST' && answered === 1 && success === 'none') success = 'followed';
    else if (answered === 1 || (answered === 2 && !guessing)) success = 'answered';
    if (answered > 1) return [];
    return [{ class: 'brute-force', rule: 'brute-force/refused', title: 'refused many times, then let in' }];
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

const requestKey = (method: string, path: string): string => `${method} ${path}`.slice(0, KEY_CHARS_MAX);

function remember(paths: Set<string>, path: string): void {
  if (paths.size < PATHS_MAX) paths.add(path);
}

/** A refused login, or a POST to a login form that did not lead on: forms answer 200 to a wrong password. */
function isFailedLogin(entry: LogEntry, path: string): boolean {
  if (entry.login_failed) return true;
  if (entry.status === 401) return entry.is_challenge !== true && showsPassword(entry, path);
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

/** Whether a server says so that a password was wrong: what such a path answers 200 is right. */
export const isToldWrong = (entry: LogEntry): boolean => entry.status === 401 && isRefusedLogin(entry);

/** A refusal for want of a password or a token, of which the log shows none that was sent. */
export const isNameless = (entry: LogEntry): boolean =>
  entry.status === 401 &&
  entry.is_challenge !== true &&
  !entry.login_failed &&
  !showsPassword(entry, pathOf(entry.target));

/** A form that was sent where people sign in, a name sent along with a password, or a password in the address. */
const showsPassword = ({ method, user, target, asks_password }: LogEntry, path: string): boolean =>
  user !== undefined ||
  asks_password === true ||
  passwordIn(target) !== undefined ||
  (method === 'POST' && LOGIN.test(path));

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
  nameless?: ReturnType<typeof createBucket>;
  /** Paths that answered 401 to a password, and those that answered 200 to what was taken for a wrong one. */
  refusing?: Set<string>;
  forms?: Set<string>;
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
/** How a server says that a password was wrong, where it does not answer with the form again. */
const TELLING: ReadonlySet<number> = new Set([401, 403, 422]);
/** Paths of one source that are remembered by how they answer. */
const PATHS_MAX = 8;
const KEY_CHARS_MAX = 300;
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
