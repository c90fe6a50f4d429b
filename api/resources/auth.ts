/** Signing in and out, and keys for machines: the wiring. */
import {
  authRoutes,
  AuroraError,
  type ApiKey,
  type BoundRoute,
  type RouteContext,
  type TokenPair,
} from '../../protocol/index.ts';
import type { Audit, Doer, IssuedSession, Keys, Sessions, Users } from '../../soc/index.ts';
import { callerIn } from '../desk.ts';
import { doerIn } from '../doer.ts';
import { keepIn, type LostSecret } from '../keeping.ts';
import { takeOrThrow, type RateLimiter } from '../rate.ts';
import type { Tokens } from '../tokens.ts';

/** What the routes of signing in and keys work on. */
export interface AuthDeps {
  users: Users;
  sessions: Sessions;
  keys: Keys;
  tokens: Tokens;
  audit: Audit;
  limiter: RateLimiter;
}

/** What somebody signs in with. */
interface Credentials {
  username: string;
  password: string;
  new_password?: string | undefined;
}

/** The routes with their acts. */
export function bindAuth({ users, sessions, keys, tokens, audit, limiter }: AuthDeps): BoundRoute[] {
  return [
    authRoutes.providers.implement(() => ({
      items: [
        { provider_id: 'password', kind: 'password', name: 'Username and password', login_path: authRoutes.token.path },
      ],
    })),
    authRoutes.token.implement(signIn),
    authRoutes.refresh.implement(async ({ refresh_token }, { request_id, remote }) =>
      toPair(await sessions.refresh({ request_id, remote }, refresh_token)),
    ),
    authRoutes.logout.implement(async (_input, context) => {
      const { session_id } = callerIn(context);
      if (session_id === undefined) throw new AuroraError(4030, { message: 'A key is revoked, not signed out' });
      await sessions.end(doerIn(context), session_id);
      return { ended: true };
    }),
    authRoutes.listKeys.implement(({ username, limit, cursor }, context) => {
      const caller = callerIn(context);
      return keys.list({ limit, cursor, username: caller.role === 'admin' ? username : caller.username });
    }),
    authRoutes.getKey.implement(({ key_id }, context) => keys.get(callerIn(context), key_id)),
    authRoutes.createKey.implement((asked, context) => {
      const keepAnswer = keepIn(context, ({ key_id }: ApiKey) => ({ lost: withoutKey(key_id) }));
      return keys.create(doerIn(context), callerIn(context), asked, keepAnswer);
    }),
    authRoutes.revokeKey.implement(async ({ key_id }, context) => {
      await keys.revoke(doerIn(context), callerIn(context), key_id);
      return { deleted: true };
    }),
  ];

  /** Each refusal is on the audit record, also that of a right password: as many a minute as may try, and no row beyond. */
  async function signIn(asked: Credentials, context: RouteContext): Promise<TokenPair> {
    const name = asked.username.toLowerCase();
    takeOrThrow(limiter, `login:${context.remote}:${name}`, TRIES_MINUTE_MAX);
    const by = { sub: `user:${name}`, request_id: context.request_id, remote: context.remote };
    try {
      return await begin({ ...asked, username: name }, by);
    } catch (reason) {
      const why = reason instanceof AuroraError ? REFUSED[reason.code] : undefined;
      if (why !== undefined) await audit.write(by, { action: 'session.begin', outcome: 'refused', detail: { why } });
      throw reason;
    }
  }

  /** An unknown name and a wrong password are the same, in words, work and time (ATK-B8). */
  async function begin({ username, password, new_password }: Credentials, by: Doer): Promise<TokenPair> {
    const user = await users.prove(username, password);
    if (!user) throw new AuroraError(4012);
    if (new_password === undefined) {
      if (user.must_change_password) throw mustChange();
      return toPair(await sessions.begin(by, user));
    }
    if (new_password === password)
      throw new AuroraError(4220, { message: 'Validation failed: /new_password is the old one' });
    return toPair(await sessions.begin(by, await users.setPassword(by, user, new_password)));
  }

  async function toPair({ session_id, user, refresh_token, refresh_expires_in }: IssuedSession): Promise<TokenPair> {
    const { username, role } = user;
    const signed = await tokens.sign({ username, session_id });
    return { ...signed, token_type: 'Bearer', refresh_token, refresh_expires_in, username, role };
  }
}

const withoutKey = (key_id: string): LostSecret => ({
  key_id,
  next: `revoke it (DELETE /api/v1/auth/api-keys/${key_id}, or: aurora keys revoke ${key_id}), then make another under a new Idempotency-Key`,
});

const mustChange = (): AuroraError =>
  new AuroraError(4030, {
    message: 'This password is good for setting another one: send new_password with it',
    detail: { must_change_password: true },
  });

/** Refusals of whoever tries to sign in, by their codes, as the record says them; others are failures of this side. */
const REFUSED: Readonly<Record<number, string>> = {
  4010: 'the user was changed meanwhile',
  4012: 'wrong credentials',
  4030: 'a one-time password, and no new one',
  4220: 'a new password that is the old one',
};
/** Attempts on one account from one address a minute. */
const TRIES_MINUTE_MAX = 10;
