/** First answers to requests with an idempotency key: given again to whoever repeats the request (T06). */
import { AuroraError } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import type { Writing } from '../store/index.ts';
import type { SocDeps } from './soc.ts';

/** Keeps the answer to a request within the transaction of what was made for it. */
export type KeepAnswer<Made> = (trx: Writing, made: Made) => Promise<void>;

/** An answer as it is kept; of one that held a secret only what that belongs to, if anything. */
export interface KeptAnswer {
  status: number;
  body: string | null;
}

/** Runs what changes something once for each idempotency key, however often it is asked for. */
export interface Answers {
  /**
   * Runs `act` once for a scope and a digest of what was asked, and answers what it answered the first time to everybody else, also
   * to those who come meanwhile. Another digest is 4090. What throws is not kept, unless the act kept its refusal: it may be tried
   * again. An act that writes keeps its answer in its own transaction with `keep`, so that neither is without the other, whenever the
   * process dies.
   */
  once(
    asked: { scope: string; digest: string },
    act: (keep: KeepAnswer<KeptAnswer>) => Promise<KeptAnswer & { keep: boolean }>,
  ): Promise<Given>;
  /** Forgets what is over. */
  prune(): Promise<void>;
}

/** An answer, and whether it is the first one told again. */
export interface Given extends KeptAnswer {
  replayed: boolean;
}

/** Answers in the store, kept for `KEPT_MS`; those under way are known to this process alone. */
export function createAnswers({ store, clock }: Pick<SocDeps, 'store' | 'clock'>): Answers {
  const running = new Map<string, { digest: string; answer: Promise<KeptAnswer> }>();

  return {
    async once({ scope, digest }, act) {
      const meanwhile = running.get(scope);
      if (meanwhile) return { ...(await sameBody(meanwhile, digest).answer), replayed: true };
      const answer = begin({ scope, digest }, act);
      const joined = answer.then(({ status, body }) => ({ status, body }));
      joined.catch(() => undefined); // whoever joins hears of it; with nobody there it is not unheard
      running.set(scope, { digest, answer: joined });
      try {
        return await answer;
      } finally {
        running.delete(scope);
      }
    },
    async prune() {
      await store.asOwner((trx) => trx.deleteFrom('answers').where('expires_at', '<=', toIso(clock.now())).execute());
    },
  };

  async function begin(
    { scope, digest }: { scope: string; digest: string },
    act: Parameters<Answers['once']>[1],
  ): Promise<Given> {
    const now = toIso(clock.now());
    const kept = await store.db
      .selectFrom('answers')
      .selectAll()
      .where('scope', '=', scope)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    if (kept) {
      const { status, body } = sameBody(kept, digest);
      return { status, body, replayed: true };
    }
    const own = { is_kept: false };
    const keepIn: KeepAnswer<KeptAnswer> = async (trx, { status, body }) => {
      const row = { scope, digest, status, body, expires_at: toIso(clock.now() + KEPT_MS) };
      await trx
        .insertInto('answers')
        .values(row)
        .onConflict((conflict) => conflict.column('scope').doUpdateSet(row))
        .execute();
      own.is_kept = true;
    };
    const { status, body, keep } = await act(keepIn);
    if (keep && !own.is_kept) await store.asOwner((trx) => keepIn(trx, { status, body }));
    return { status, body, replayed: false };
  }
}

/** The scope of one key: whose it is comes first, so that all of somebody's lie together. */
export const scopeOf = (sub: string, ...names: string[]): string => JSON.stringify([sub, ...names]);

/** Forgets the answers that somebody was given: whoever has their name next is somebody else. */
export async function forgetAnswers(trx: Writing, sub: string): Promise<void> {
  const start = JSON.stringify([sub]).slice(0, -1);
  await trx
    .deleteFrom('answers')
    .where('scope', '>=', `${start},`)
    .where('scope', '<', `${start}-`) // the character behind the comma
    .execute();
}

function sameBody<T extends { digest: string }>(known: T, digest: string): T {
  if (known.digest === digest) return known;
  throw new AuroraError(4090, { message: 'This idempotency key was used for something else' });
}

/** As long as the ledger keeps its keys: a day. */
const KEPT_MS = 86_400_000;
