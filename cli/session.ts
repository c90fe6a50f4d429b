/** Who is signed in at the API from here: kept in the data folder, renewed when it is over. */
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { z } from 'zod';
import { callHttp, placeOf, readJson, readNote, trustOf, writeJson, type Config } from '../boot/index.ts';
import { systemPlatform } from '../client/index.ts';
import { AuroraError, httpStatus, routes, TokenPair, type RouteSpec } from '../protocol/index.ts';
import { UsageError } from './outcome.ts';

/** What is kept, readable by its owner alone. */
const Login = z.object({ api_url: z.string(), tokens: TokenPair });
type Login = z.infer<typeof Login>;

/** The API that is meant: the one that is named, else the one of the fleet on this data folder. */
export function apiOf(config: Config, named: string | undefined): string {
  if (named !== undefined) {
    if (!/^https?:\/\//.test(named)) throw new UsageError(`--api takes an http: or https: URL, not ${named}`);
    return named.replace(/\/{1,64}$/, '');
  }
  const url = readNote(placeOf(config.data).running)?.api_url;
  if (url !== undefined) return url;
  throw new AuroraError(5030, { message: `No fleet with an API runs on ${config.data}` });
}

/** Signs in and keeps what came of it. */
export async function signIn(
  config: Config,
  api_url: string,
  credentials: { username: string; password: string; new_password?: string },
): Promise<TokenPair> {
  const route = routes.auth.token;
  const tokens = TokenPair.parse(await ask(config, api_url, route, { body: credentials }));
  keepLogin(config, { api_url, tokens });
  return tokens;
}

/** Signs out and forgets. */
export async function signOut(config: Config): Promise<void> {
  await askAs(config, routes.auth.logout, {}).catch((reason: unknown) => {
    // What was over already is as good as ended; whoever cannot be reached has not ended anything.
    if (!(reason instanceof SignedOutError)) throw reason;
  });
  rmSync(placeOf(config.data).login, { force: true });
}

/** What is kept here counts no longer. */
class SignedOutError extends UsageError {
  constructor(cause: AuroraError) {
    super('You are not signed in any more: aurora login', { cause });
  }
}

/** What stands in the path and what is sent. */
export interface Asked {
  params?: Record<string, string>;
  query?: Record<string, string | undefined>;
  body?: object;
}

/** Calls a route as whoever is signed in here; a token that is over is renewed once. */
export async function askAs(config: Config, route: RouteSpec, asked: Asked): Promise<unknown> {
  const login = readLogin(config);
  try {
    return await ask(config, login.api_url, route, asked, login.tokens.access_token);
  } catch (reason) {
    if (!(reason instanceof AuroraError) || (reason.code !== 4011 && reason.code !== 4010)) throw reason;
  }
  const { access_token } = await renewLogin(config, login);
  return ask(config, login.api_url, route, asked, access_token);
}

/**
 * Tokens in place of those that were refused: the ones that another command was given meanwhile, else fresh ones. Commands renew one
 * after another, for a refresh token that is used twice ends the session of all of them. Throws a UsageError when it is over.
 */
export async function renewLogin(config: Config, refused: Login): Promise<TokenPair> {
  const leave = await takeTurn(`${placeOf(config.data).login}.lock`);
  try {
    const { api_url, tokens } = readLogin(config);
    // A token is for the API that gave it.
    if (api_url !== refused.api_url) throw new UsageError('Somebody signed in at another API meanwhile: repeat it');
    if (tokens.access_token !== refused.tokens.access_token) return tokens;
    const body = { refresh_token: tokens.refresh_token };
    const renewed = await ask(config, api_url, routes.auth.refresh, { body }).catch((cause: unknown) => {
      throw cause instanceof AuroraError && httpStatus(cause.code) === 401 ? new SignedOutError(cause) : cause;
    });
    const fresh = TokenPair.parse(renewed);
    keepLogin(config, { api_url, tokens: fresh });
    return fresh;
  } finally {
    leave();
  }
}

/** Waits until no other process holds the file; one that was left behind counts no longer after a while. */
async function takeTurn(path: string): Promise<() => void> {
  for (;;) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return () => rmSync(path, { force: true });
    } catch (reason) {
      if (!(reason instanceof Error && 'code' in reason && reason.code === 'EEXIST')) throw reason;
    }
    const since_ms = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (since_ms !== undefined && systemPlatform.now() - since_ms > TURN_MS_MAX) rmSync(path, { force: true });
    await systemPlatform.sleep(TURN_LOOK_MS, new AbortController().signal); // a timer that keeps the process alive
  }
}

async function ask(
  config: Config,
  api_url: string,
  { method, path }: RouteSpec,
  { params = {}, query = {}, body }: Asked,
  token?: string,
): Promise<unknown> {
  const filled = Object.entries(params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, value);
  const url = new URL(`${api_url}${filled}?${given.toString()}`);
  const response = await callHttp(url.href, {
    method,
    trust: trustOf(config),
    headers: {
      ...(body && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body && {
      body: (async function* () {
        yield Buffer.from(JSON.stringify(body));
      })(),
    }),
  });
  return readJson(response, ANSWER_BYTES_MAX);
}

/** What was kept; undefined when nobody signed in here. */
export const findLogin = (config: Config): Login | undefined =>
  existsSync(placeOf(config.data).login) ? readLogin(config) : undefined;

function readLogin(config: Config): Login {
  const path = placeOf(config.data).login;
  if (!existsSync(path)) throw new UsageError('You are not signed in here: aurora login');
  const login = Login.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (login.success) return login.data;
  throw new UsageError('What was kept of your signing in cannot be read: aurora login');
}

/** Keeps it, readable by its owner alone, and whole: another command may read it at any moment. */
const keepLogin = (config: Config, login: Login): void => writeJson(placeOf(config.data).login, login);

const ANSWER_BYTES_MAX = 16_777_216;
/** Longer than one renewal takes, however slow the API is. */
const TURN_MS_MAX = 60_000;
const TURN_LOOK_MS = 50;
