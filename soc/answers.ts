/** First answers to requests with an idempotency key: given again to whoever repeats the request (T06). */
import { AuroraError } from '../protocol/index.ts';
import { toIso } from '../seams/index.ts';
import type { SocDeps } from './soc.ts';

/** An answer as it is kept; without a body when it held a secret. */
export interface KeptAnswer {
  status: number;
  body: string | null;
}

/** The answers. */
export interface Answers {
  /**
   * Runs `act` once for a scope and a digest of what was asked, and answers what it answered the first time to everybody else, also
   * to those who come meanwhile. Another digest is 4090. What throws is not kept: it may be tried again.
   */
  once(asked: { scope: string; digest: string }, act: () => Promise<KeptAnswer & { keep: boolean }>): Promise<Given>;
  /** Forgets what is over. */
  prune(): Promise<void>;
}

/** An answer, and whether it is the first one told again. */
export interface Given extends KeptAnswer {
  replayed: boolean;
}

/** Makes it. */
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
    const { status, body, keep } = await act();
    if (keep) {
      const row = { scope, digest, status, body, expires_at: toIso(clock.now() + KEPT_MS) };
      await store.asOwner((trx) =>
        trx
          .insertInto('answers')
          .values(row)
          .onConflict((conflict) => conflict.column('scope').doUpdateSet(row))
          .execute(),
      );
    }
    return { status, body, replayed: false };
  }
}

function sameBody<T extends { digest: string }>(known: T, digest: string): T {
  if (known.digest === digest) return known;
  throw new AuroraError(4090, { message: 'This idempotency key was used for something else' });
}

/** As long as the ledger keeps its keys: a day. */
const KEPT_MS = 86_400_000;
