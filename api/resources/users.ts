/** The people of the installation: the wiring. */
import { AuroraError, userRoutes, type BoundRoute } from '../../protocol/index.ts';
import type { Audit, NewUser, Users } from '../../soc/index.ts';
import { callerIn } from '../desk.ts';
import { doerIn } from '../doer.ts';
import { keepIn, type LostSecret } from '../keeping.ts';
import { takeOrThrow, type RateLimiter } from '../rate.ts';

/** What the routes of users work on. */
export interface UserDeps {
  users: Users;
  audit: Audit;
  limiter: RateLimiter;
}

/** The routes with their acts. */
export function bindUsers({ users, audit, limiter }: UserDeps): BoundRoute[] {
  return [
    userRoutes.me.implement((_input, context) => {
      const { username, role, permissions, session_id = null, key_id = null } = callerIn(context);
      return { username, role, permissions: [...permissions], session_id, key_id };
    }),
    userRoutes.changePassword.implement(async ({ current_password, new_password }, context) => {
      const { username, session_id } = callerIn(context);
      if (session_id === undefined) throw new AuroraError(4030, { message: 'A key has no password' });
      takeOrThrow(limiter, `login:${context.remote}:${username}`, TRIES_MINUTE_MAX);
      const by = doerIn(context);
      const user = await users.prove(username, current_password);
      if (!user) {
        const why = 'wrong current password';
        await audit.write(by, { action: 'user.password', target: username, outcome: 'refused', detail: { why } });
        const detail = { path: '/current_password' }; // so that nobody takes it for a word on the token
        throw new AuroraError(4012, { message: 'This is not your current password', detail });
      }
      if (new_password === current_password) {
        throw new AuroraError(4220, { message: 'Validation failed: /new_password is the old one' });
      }
      return users.setPassword(by, user, new_password, { session_id });
    }),
    userRoutes.list.implement((query) => users.list(query)),
    userRoutes.create.implement((asked, context) => {
      const keepAnswer = keepIn(context, (made: NewUser) =>
        made.one_time_password === null ? { output: made } : { lost: withoutPassword(made.username) },
      );
      return users.create(doerIn(context), asked, keepAnswer);
    }),
    userRoutes.get.implement(async ({ username }) => {
      const user = await users.find(username);
      if (!user) throw new AuroraError(4040, { message: 'No such user', detail: { username } });
      return user;
    }),
    userRoutes.update.implement((asked, context) => users.update(doerIn(context), asked, context.if_match)),
    userRoutes.remove.implement(async ({ username }, context) => {
      await users.remove(doerIn(context), username, context.if_match);
      return { deleted: true };
    }),
  ];
}

const withoutPassword = (username: string): LostSecret => ({
  username,
  next: `set a new one-time password (PATCH /api/v1/users/${username} with {"reset_password": true}, or: aurora users set ${username} --reset-password)`,
});

const TRIES_MINUTE_MAX = 10;
