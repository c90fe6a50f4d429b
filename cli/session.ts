/** Who is signed in at the API from here: kept in the data folder, renewed when it is over. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { callHttp, placeOf, readJson, readNote, trustOf, writeJson, type Config } from '../boot/index.ts';
import { AuroraError, httpStatus, routes, TokenPair, type RouteSpec } from '../protocol/index.ts';
import { advising, UsageError } from './outcome.ts';
import { inTurn as takeTurns } from './turn.ts';

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
  const answered = await ask(config, api_url, route, { body: credentials }).catch(wasChanged);
  const tokens = TokenPair.parse(answered);
  await inTurn(config, async () => keepLogin(config, { api_url, tokens }));
  return tokens;
}

/** Signs out and forgets, all in one turn: what is forgotten is the session that was ended, and none that began meanwhile. */
export async function signOut(config: Config): Promise<void> {
  readLogin(config);
  await inTurn(config, async () => {
    const login = readLogin(config);
    const signal = AbortSignal.timeout(RENEWAL_MS_MAX);
    const end = (token: string) => ask(config, login.api_url, routes.auth.logout, { signal }, token);
    await renewing(login, end, () => renewed(config, login, signal)).catch((reason: unknown) => {
      // What was over already is as good as ended; whoever cannot be reached has not ended anything.
      if (!(reason instanceof SignedOutError)) throw reason;
    });
    rmSync(placeOf(config.data).login, { force: true });
  });
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

/** Calls a route as whoever is signed in here; a token that is refused is renewed once, whatever is wrong with it. */
export async function askAs(config: Config, route: RouteSpec, asked: Asked): Promise<unknown> {
  const login = readLogin(config);
  const call = (token: string) => ask(config, login.api_url, route, asked, token);
  return renewing(login, call, () => renewLogin(config, login));
}

/** What a call answers, with fresh tokens where those of the login are refused. */
async function renewing(
  { tokens }: Login,
  call: (token: string) => Promise<unknown>,
  renew: () => Promise<TokenPair>,
): Promise<unknown> {
  try {
    return await call(tokens.access_token);
  } catch (reason) {
    // A token whose signing key counts no longer is a wrong one (4012) to whoever looks at it.
    if (!isOfProof(reason)) throw reason;
  }
  const { access_token } = await renew();
  return call(access_token);
}

/**
 * Tokens in place of those that were refused: the ones that another command was given meanwhile, else fresh ones. Commands renew one
 * after another, for a refresh token that is used twice ends the session of all of them. Throws a UsageError when it is over.
 */
export const renewLogin = (config: Config, refused: Login): Promise<TokenPair> =>
  inTurn(config, () => renewed(config, refused, AbortSignal.timeout(RENEWAL_MS_MAX)));

/** That, in the turn of whoever calls. */
async function renewed(config: Config, refused: Login, signal: AbortSignal): Promise<TokenPair> {
  const { api_url, tokens } = readLogin(config);
  // A token is for the API that gave it, and a command ends as whoever began it.
  if (api_url !== refused.api_url) throw new UsageError('Somebody signed in at another API meanwhile: repeat it');
  if (tokens.username !== refused.tokens.username)
    throw new UsageError('Somebody else signed in here meanwhile: repeat it');
  if (tokens.access_token !== refused.tokens.access_token) return tokens;
  const body = { refresh_token: tokens.refresh_token };
  const answered = await ask(config, api_url, routes.auth.refresh, { body, signal }).catch((cause: unknown) => {
    throw isOfProof(cause) ? new SignedOutError(cause) : cause;
  });
  const fresh = TokenPair.parse(answered);
  keepLogin(config, { api_url, tokens: fresh });
  return fresh;
}

const isOfProof = (reason: unknown): reason is AuroraError =>
  reason instanceof AuroraError && httpStatus(reason.code) === 401;

/** Changes what is kept while no other command does: what one renews would bring back what another has just put in its place. */
const inTurn = <T>(config: Config, act: () => Promise<T>): Promise<T> =>
  takeTurns(placeOf(config.data).loginTurns, act, () => {
    process.stderr.write('aurora: waits for another command that is signing in or out or renewing its tokens\n');
  });

async function ask(
  config: Config,
  api_url: string,
  { method, path }: RouteSpec,
  { params = {}, query = {}, body, signal }: Asked & { signal?: AbortSignal },
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
    signal,
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
  return readJson(response, ANSWER_BYTES_MAX).catch((cause: unknown) => {
    if (cause instanceof AuroraError) throw cause;
    throw new AuroraError(5030, { message: `No whole answer from ${url.host}`, cause });
  });
}

/** The password was right, for somebody who was changed at that moment. */
const wasChanged = advising(4010, 'Sign in once more: aurora login');

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
/** One renewal or signing out takes no longer, and is given up then: less than a turn lasts. */
const RENEWAL_MS_MAX = 20_000;
