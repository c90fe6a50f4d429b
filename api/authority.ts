/** Who is asking: a token or a key becomes a caller, with the rights of this moment. */
import type { IncomingHttpHeaders } from 'node:http';
import { AuroraError, httpStatus, permissionsOf, type Caller, type User } from '../protocol/index.ts';
import type { Keys, Sessions } from '../soc/index.ts';
import type { Tokens } from './tokens.ts';

/** A caller, and until when the proof of it lasts: wall ms, or for as long as a key counts. */
export interface Identified {
  caller: Caller;
  until: number | undefined;
}

/** Tells who is behind a request, and with which rights. */
export interface Authority {
  /** Throws 4010 without a proof, 4011 for one that is over, 4012 for a wrong one. Nothing but the two headers is looked at. */
  identify(headers: IncomingHttpHeaders): Promise<Identified>;
  /** The same caller with the rights of now; undefined when session, key or user ended. For streams that stay open. */
  again(caller: Caller): Promise<Caller | undefined>;
}

/** An authority over sessions and keys; it remembers nobody, so that a right that was taken is gone at once. */
export function createAuthority(deps: {
  tokens: Tokens;
  sessions: Pick<Sessions, 'find'>;
  keys: Pick<Keys, 'find' | 'findById'>;
}): Authority {
  return { identify, again };

  async function identify(headers: IncomingHttpHeaders): Promise<Identified> {
    const { bearer, key } = proofIn(headers);
    if (key !== undefined) {
      const caller = await deps.keys.find(key);
      if (!caller) throw new AuroraError(4012, { message: 'This API key does not count' });
      return { caller, until: undefined };
    }
    if (bearer === undefined) throw new AuroraError(4010);
    const { session_id, username, expires_at } = await deps.tokens.verify(bearer);
    const user = await deps.sessions.find(session_id);
    if (user?.username !== username) throw new AuroraError(4010, { message: 'This session has ended: sign in again' });
    return { caller: toCaller(user, session_id), until: expires_at };
  }

  async function again({ session_id, key_id }: Caller): Promise<Caller | undefined> {
    if (key_id !== undefined) return deps.keys.findById(key_id);
    const user = session_id === undefined ? undefined : await deps.sessions.find(session_id);
    return user && session_id !== undefined ? toCaller(user, session_id) : undefined;
  }
}

/** Whether a proof was refused: that nobody could look (5030) is no guess, and is charged to nobody (PROM-P15). */
export const isWrongProof = (reason: unknown): boolean =>
  reason instanceof AuroraError && httpStatus(reason.code) === 401;

/** A key may come as a bearer too: some senders know no other header. */
function proofIn(headers: IncomingHttpHeaders): { bearer?: string; key?: string } {
  const api_key = headers['x-api-key'];
  const { authorization } = headers;
  if (api_key !== undefined && authorization !== undefined) {
    throw new AuroraError(4010, { message: 'Give a token or a key, not both' });
  }
  if (typeof api_key === 'string') return { key: api_key };
  if (authorization === undefined) return {};
  const [, token = ''] = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization) ?? [];
  if (token === '') throw new AuroraError(4010, { message: 'The Authorization header must be: Bearer <token>' });
  return token.startsWith('aurora_key_') ? { key: token } : { bearer: token };
}

const toCaller = ({ username, role }: User, session_id: string): Caller => ({
  sub: `user:${username}`,
  username,
  role,
  permissions: permissionsOf(role),
  session_id,
});
