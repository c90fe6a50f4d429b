/** The people of one installation. */
import { z } from 'zod';
import { Permission, Role, UserRole } from '../permission.ts';
import { route } from '../route.ts';
import { NewPassword, Username } from './auth.ts';
import { Gone, pageOf, pageQuery } from './page.ts';

/** A person as others see them. */
export const User = z.object({
  username: Username,
  role: UserRole,
  disabled: z.boolean(),
  must_change_password: z.boolean(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  last_login_at: z.string().nullable(),
  version: z.number().int(),
});
export type User = z.infer<typeof User>;

/** Who is asking, and what they may do. */
export const Me = z.object({
  username: Username,
  role: Role,
  permissions: z.array(Permission),
  session_id: z.string().nullable(),
  key_id: z.string().nullable(),
});
export type Me = z.infer<typeof Me>;

/** The routes of people and their roles. */
export const userRoutes = {
  me: route({
    method: 'GET',
    path: '/api/v1/users/me',
    permission: 'AUTH',
    summary: 'Say who you are and what you may do.',
    keeps: ['E011'],
    input: z.strictObject({}),
    output: Me,
  }),
  changePassword: route({
    method: 'POST',
    path: '/api/v1/users/me/password',
    permission: 'AUTH',
    summary: 'Change your password; your other sessions end.',
    keeps: [],
    input: z.strictObject({ current_password: z.string().max(256), new_password: NewPassword }),
    output: User,
    rate: 'login',
    idempotency: 'none',
    errors: [4012],
  }),
  list: route({
    method: 'GET',
    path: '/api/v1/users',
    permission: 'Admin',
    summary: 'List the users.',
    keeps: ['E012'],
    input: z.strictObject({ ...pageQuery, role: UserRole.optional() }),
    output: pageOf(User),
  }),
  create: route({
    method: 'POST',
    path: '/api/v1/users',
    permission: 'Admin',
    summary: 'Make a user. Without a password one is made: it is shown once and good for setting another.',
    keeps: ['E013'],
    input: z.strictObject({ username: Username, role: UserRole, password: NewPassword.optional() }),
    output: User.extend({ one_time_password: z.string().nullable() }),
    status: 201,
    idempotency: 'once',
    errors: [4090],
  }),
  get: route({
    method: 'GET',
    path: '/api/v1/users/{username}',
    permission: 'Admin',
    summary: 'Read a user.',
    keeps: ['T05', 'T06'],
    input: z.strictObject({ username: Username }),
    output: User,
    etag: 'version',
  }),
  update: route({
    method: 'PATCH',
    path: '/api/v1/users/{username}',
    permission: 'Admin',
    summary: 'Change a role, disable or enable a user, or set a new one-time password.',
    keeps: [],
    input: z.strictObject({
      username: Username,
      role: UserRole.optional(),
      disabled: z.boolean().optional(),
      reset_password: z.literal(true).optional(),
    }),
    output: User.extend({ one_time_password: z.string().nullable() }),
    errors: [4090, 4120],
    etag: 'version',
  }),
  remove: route({
    method: 'DELETE',
    path: '/api/v1/users/{username}',
    permission: 'Admin',
    summary: 'Delete a user: sessions and keys end at once.',
    keeps: ['E014'],
    input: z.strictObject({ username: Username }),
    output: Gone,
    errors: [4090],
    if_match: true,
  }),
};
