/** Signing in and out, and keys for machines. */
import { z } from 'zod';
import { Permission, Role } from '../permission.ts';
import { route } from '../route.ts';
import { Gone, pageOf, pageQuery } from './page.ts';

/** A user's name: it stands in paths and in `user:<username>`. */
export const Username = z
  .string()
  .min(2)
  .max(64)
  .regex(/^[a-z0-9][a-z0-9._@-]*$/, 'small letters, digits and . _ @ -, beginning with a letter or digit');

/** A new password: length is what counts. */
export const NewPassword = z.string().min(12).max(256);

/** A way to sign in. */
export const AuthProvider = z.object({
  provider_id: z.string(),
  kind: z.enum(['password', 'oidc', 'saml']),
  name: z.string(),
  login_path: z.string().describe('where it begins'),
});
export type AuthProvider = z.infer<typeof AuthProvider>;

/** What signing in gives. */
export const TokenPair = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  expires_in: z.number().int().describe('seconds that access_token lasts'),
  refresh_token: z.string().describe('good for one use of /auth/refresh'),
  refresh_expires_in: z.number().int().describe('seconds'),
  username: Username,
  role: Role,
});
export type TokenPair = z.infer<typeof TokenPair>;

/** An API key as it is listed: never its secret. */
export const ApiKey = z.object({
  key_id: z.string(),
  name: z.string(),
  prefix: z.string().describe('how the key begins, to know it by'),
  username: Username,
  scopes: z.array(Permission),
  created_at: z.string(),
  expires_at: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

/** The routes of signing in, sessions and keys. */
export const authRoutes = {
  providers: route({
    method: 'GET',
    path: '/api/v1/auth/providers',
    permission: 'PUB',
    summary: 'List the ways to sign in.',
    keeps: ['E001'],
    input: z.strictObject({}),
    output: z.object({ items: z.array(AuthProvider) }),
  }),
  token: route({
    method: 'POST',
    path: '/api/v1/auth/token',
    permission: 'PUB',
    summary: 'Sign in with a password. A first password is good for setting a new one, in the same call.',
    keeps: ['E002', 'K05'],
    input: z.strictObject({
      username: z.string().max(64),
      password: z.string().max(256),
      new_password: NewPassword.optional(),
    }),
    output: TokenPair,
    rate: 'login',
    idempotency: 'none',
    errors: [4012],
  }),
  refresh: route({
    method: 'POST',
    path: '/api/v1/auth/refresh',
    permission: 'PUB',
    summary: 'Trade a refresh token for new tokens. One that was used already ends the whole session.',
    keeps: ['K01'],
    input: z.strictObject({ refresh_token: z.string().max(256) }),
    output: TokenPair,
    rate: 'login',
    idempotency: 'none',
    errors: [4011, 4012],
  }),
  logout: route({
    method: 'POST',
    path: '/api/v1/auth/logout',
    permission: 'AUTH',
    summary: 'End this session at once: its tokens, its refresh token, its open streams.',
    keeps: ['E007'],
    input: z.strictObject({}),
    output: z.object({ ended: z.literal(true) }),
    idempotency: 'none',
  }),
  listKeys: route({
    method: 'GET',
    path: '/api/v1/auth/api-keys',
    permission: 'AUTH',
    summary: 'List your API keys; an administrator sees all.',
    keeps: ['E008'],
    input: z.strictObject({ ...pageQuery, username: Username.optional() }),
    output: pageOf(ApiKey),
  }),
  getKey: route({
    method: 'GET',
    path: '/api/v1/auth/api-keys/{key_id}',
    permission: 'AUTH',
    summary: 'Read one of your API keys, without its secret; an administrator reads any.',
    keeps: ['T05'],
    input: z.strictObject({ key_id: z.string().max(64) }),
    output: ApiKey,
  }),
  createKey: route({
    method: 'POST',
    path: '/api/v1/auth/api-keys',
    permission: 'AUTH',
    summary: 'Make an API key with some of your own permissions. Its secret is shown once.',
    keeps: ['E009'],
    input: z.strictObject({
      name: z.string().min(1).max(128),
      scopes: z.array(Permission).min(1).max(Permission.options.length),
      expires_in_days: z.number().int().min(1).max(3650).optional().describe('90 unless said'),
    }),
    output: ApiKey.extend({ api_key: z.string().describe('send it as X-API-Key; it is not shown again') }),
    status: 201,
    idempotency: 'once',
  }),
  revokeKey: route({
    method: 'DELETE',
    path: '/api/v1/auth/api-keys/{key_id}',
    permission: 'AUTH',
    summary: 'Revoke an API key: at once, and for open streams too.',
    keeps: ['E010'],
    input: z.strictObject({ key_id: z.string().max(64) }),
    output: Gone,
  }),
};
