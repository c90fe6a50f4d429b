/** Tickets for browsers, which can set no header: one stream each, within 30 seconds (T07, ATK-B15). */
import { AuroraError } from '../protocol/index.ts';
import { sha256Of, type Clock, type Random } from '../seams/index.ts';
import type { Identified } from './authority.ts';

/** The tickets of one process. */
export interface Tickets {
  issue(who: Identified): { ticket: string; expires_in: number };
  /** Whose it is; it is gone then. Throws 4012 for one that is unknown, used or over. */
  redeem(ticket: string): Identified;
}

/** Tickets of this process. What is kept is a hash, and bounded: the oldest go first. */
export function createTickets({ clock, random }: { clock: Clock; random: Random }): Tickets {
  const open = new Map<string, { who: Identified; over_at: number }>();

  return {
    issue(who) {
      const now = clock.monotonic();
      for (const [hash, { over_at }] of open) {
        if (over_at > now && open.size < TICKETS_MAX) break;
        open.delete(hash);
      }
      const ticket = Buffer.from(random.bytes(TICKET_BYTES)).toString('base64url');
      open.set(sha256Of(ticket), { who, over_at: now + TICKET_S * 1_000 });
      return { ticket, expires_in: TICKET_S };
    },
    redeem(ticket) {
      const hash = sha256Of(ticket);
      const found = open.get(hash);
      open.delete(hash);
      if (found && found.over_at > clock.monotonic()) return found.who;
      throw new AuroraError(4012, { message: 'This ticket was used, or its 30 seconds are over' });
    },
  };
}

const TICKET_S = 30;
const TICKET_BYTES = 32;
const TICKETS_MAX = 10_000;
