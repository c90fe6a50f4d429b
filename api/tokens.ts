/** Access tokens: short-lived JWTs, signed with EdDSA and nothing else, by keys that change (ATK-B1, B2, B3, B7). */
import type { KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { JWTExpired } from 'jose/errors';
import { z } from 'zod';
import { AuroraError } from '../protocol/index.ts';
import type { Clock, Ids } from '../seams/index.ts';

/** The keys that tokens are signed with. */
export interface SigningKeys {
  /** The one that signs now. */
  current(): { kid: string; private_key: KeyObject };
  /** The public key of that name while it counts; never fetched from anywhere. */
  find(kid: string): KeyObject | undefined;
}

/** Whom a token speaks for, and until when. */
export interface AccessClaims {
  username: string;
  session_id: string;
  /** Wall ms. */
  expires_at: number;
}

/** Makes access tokens, and judges those that come back. */
export interface Tokens {
  sign(about: Omit<AccessClaims, 'expires_at'>): Promise<{ access_token: string; expires_in: number }>;
  /** Throws 4011 for one that is over, 4012 for everything that is wrong with it otherwise. */
  verify(access_token: string): Promise<AccessClaims>;
}

/** Signs with the newest key tokens that live `ACCESS_S` seconds, and believes those of every key that counts. */
export function createTokens({ keys, clock, ids }: { keys: SigningKeys; clock: Clock; ids: Ids }): Tokens {
  return {
    async sign({ username, session_id }) {
      const { kid, private_key } = keys.current();
      const now_s = Math.floor(clock.now() / 1_000);
      const access_token = await new SignJWT({ sid: session_id })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: TYPE })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(`user:${username}`)
        .setJti(ids.uuid())
        .setIssuedAt(now_s)
        .setExpirationTime(now_s + ACCESS_S)
        .sign(private_key);
      return { access_token, expires_in: ACCESS_S };
    },

    async verify(access_token) {
      if (access_token.length > TOKEN_CHARS_MAX) throw new AuroraError(4012, { message: 'This token is too long' });
      if (!COMPACT.test(access_token)) throw new AuroraError(4012);
      const { payload } = await jwtVerify(
        access_token,
        ({ kid = '' }) => {
          const key = keys.find(kid);
          if (!key) throw new Error('a key of that name does not count here');
          return key;
        },
        {
          algorithms: [ALGORITHM],
          typ: TYPE,
          issuer: ISSUER,
          audience: AUDIENCE,
          requiredClaims: ['exp', 'iat', 'sub', 'sid', 'jti'],
          maxTokenAge: ACCESS_S,
          clockTolerance: SKEW_S,
          currentDate: new Date(clock.now()),
        },
      ).catch((cause: unknown) => {
        throw cause instanceof JWTExpired ? new AuroraError(4011, { cause }) : new AuroraError(4012, { cause });
      });
      const claims = Claims.safeParse(payload);
      if (!claims.success) throw new AuroraError(4012, { cause: claims.error });
      const { sub, sid, exp } = claims.data;
      return { username: sub.slice('user:'.length), session_id: sid, expires_at: exp * 1_000 };
    },
  };
}

const Claims = z.object({
  sub: z.string().startsWith('user:'),
  sid: z.string(),
  exp: z.number().int().positive(),
  iat: z.number().int().positive(),
});

const ALGORITHM = 'EdDSA';
/** One token has one text (RFC 7515): no padding, blank or line end, and no other last character for the same 64 bytes. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;
/** RFC 9068: so that no other token of ours, or of anybody else, passes for one. */
const TYPE = 'at+jwt';
const ISSUER = 'aurora-mesh';
const AUDIENCE = 'aurora-mesh-api';
/** How long one counts: a quarter of an hour. Its session may end sooner, and is looked at with every request. */
export const ACCESS_S = 900;
/** What the clocks of two nodes may differ, s. */
const SKEW_S = 5;
const TOKEN_CHARS_MAX = 4_096;
