/** Who did what, and who tried: rows that are only ever added, in the transaction of what they tell. */
import { z } from 'zod';
import { AuditEntry, type RouteContext } from '../protocol/index.ts';
import { redact, toIso } from '../seams/index.ts';
import type { Writing } from '../store/index.ts';
import { cursorOf, Position, readCursor } from './cursor.ts';
import type { SocDeps } from './soc.ts';

/** Who does something, as the record names them. */
export interface Doer extends Partial<Pick<RouteContext, 'request_id' | 'remote'>> {
  sub: string;
}

/** What one row tells. */
export interface AuditNote {
  action: string;
  target?: string;
  outcome?: 'done' | 'refused';
  detail?: Record<string, unknown>;
}

/** Something that was done, as somebody else recorded it. */
export interface Done {
  sub: string;
  action: string;
  target: string;
  /** ISO. */
  at: string;
}

/** The audit record. */
export interface Audit {
  /** Writes within somebody's transaction, so that neither is without the other. */
  within(trx: Writing, by: Doer, note: AuditNote): Promise<void>;
  /** Writes a row of its own: for what was refused, and changed nothing. */
  write(by: Doer, note: AuditNote): Promise<void>;
  /**
   * Writes rows for what was done and has none, because a process died in between; each says `late` and when it was done. Who, where
   * from and with which key is no longer known. What is older than the record was forgotten. Answers how many were missing.
   */
  addMissing(done: readonly Done[]): Promise<number>;
  list(query: {
    limit: number;
    cursor?: string | undefined;
    actor?: string | undefined;
    action?: string | undefined;
  }): Promise<{ items: AuditEntry[]; next_cursor: string | null }>;
  /** Forgets rows before that wall time, and the oldest of more than a million; answers how many. */
  prune(before_ms: number): Promise<number>;
}

/** The audit record of a store. */
export function createAudit({ store, clock, ids }: Pick<SocDeps, 'store' | 'clock' | 'ids'>): Audit {
  return { within, write: (by, note) => store.asOwner((trx) => within(trx, by, note)), addMissing, list, prune };

  async function within(
    trx: Writing,
    by: Doer,
    { action, target, outcome = 'done', detail = {} }: AuditNote,
  ): Promise<void> {
    await trx
      .insertInto('audit')
      .values({
        audit_id: ids.next('audit'),
        at: toIso(clock.now()),
        actor: cut(by.sub),
        action,
        target: target === undefined ? null : cut(target),
        outcome,
        request_id: by.request_id ?? null,
        remote: by.remote ?? null,
        detail: JSON.stringify(redact(detail)),
      })
      .execute();
  }

  async function addMissing(done: readonly Done[]): Promise<number> {
    if (done.length === 0) return 0;
    const actions = [...new Set(done.map(({ action }) => action))];
    return store.asOwner(async (trx) => {
      const [oldest] = await trx.selectFrom('audit').select('at').orderBy('position').limit(1).execute();
      const kept = done.filter(({ at }) => oldest === undefined || at >= oldest.at);
      const since = Math.min(...kept.map(({ at }) => Date.parse(at))) - CLOCKS_APART_MS;
      const rows = kept.length === 0 ? [] : await rowsSince(trx, since, actions);
      const missing = kept.filter(({ sub, action, target }) => {
        const own = rows.findIndex(
          (row) => row.action === action && row.target === cut(target) && isOf(row.actor, cut(sub)),
        );
        if (own !== -1) rows.splice(own, 1); // who did it twice has two
        return own === -1;
      });
      for (const { sub, action, target, at } of missing)
        await within(trx, { sub }, { action, target, detail: { late: true, done_at: at } });
      return missing.length;
    });
  }

  async function rowsSince(trx: Writing, since: number, actions: readonly string[]) {
    const rows = trx.selectFrom('audit').select(['actor', 'action', 'target']).where('at', '>=', toIso(since));
    return rows.where('action', 'in', actions).where('outcome', '=', 'done').execute();
  }

  async function list({ limit, cursor, actor, action }: Parameters<Audit['list']>[0]): ReturnType<Audit['list']> {
    const question = ['audit', actor, action];
    const place = readCursor(question, cursor, z.tuple([Position]));
    let query = store.db
      .selectFrom('audit')
      .selectAll()
      .orderBy('position', 'desc')
      .limit(limit + 1);
    if (actor !== undefined) query = query.where('actor', '=', actor);
    if (action !== undefined) query = query.where('action', '=', action);
    if (place) query = query.where('position', '<', place[0]);
    const rows = await query.execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page.map((row) =>
        AuditEntry.parse({ ...row, detail: JSON.parse(row.detail) } satisfies Record<string, unknown>),
      ),
      next_cursor: rows.length > limit && last ? cursorOf(question, [last.position]) : null,
    };
  }

  async function prune(before_ms: number): Promise<number> {
    const newest = await store.db.selectFrom('audit').select('position').orderBy('position', 'desc').limit(1).execute();
    const crowd = (newest[0]?.position ?? 0) - ROWS_MAX;
    const gone = await store.asOwner((trx) =>
      trx
        .deleteFrom('audit')
        .where((where) => where.or([where('at', '<', toIso(before_ms)), where('position', '<=', crowd)]))
        .executeTakeFirst(),
    );
    return Number(gone.numDeletedRows);
  }
}

/** A made-up name may be long; the record keeps enough of it. */
const cut = (text: string): string => text.slice(0, NAME_CHARS_MAX);
/** Somebody who used a key is named with it. */
const isOf = (actor: string, sub: string): boolean => actor === sub || actor.startsWith(`${sub} with `);
/** A clock may have been set back between an act and its row. */
const CLOCKS_APART_MS = 86_400_000;
const NAME_CHARS_MAX = 256;
/** Whoever tries passwords from many addresses must not fill the disk with their tries. */
const ROWS_MAX = 1_000_000;
