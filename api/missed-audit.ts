/** Audit rows of decisions that a process made and did not live to write down. */
import type { Ledger } from '../orchestrator/index.ts';
import type { Log } from '../seams/index.ts';
import type { Audit } from '../soc/index.ts';

/**
 * Writes them; call it before anybody can decide again. A decision is on the ledger first, and its row follows at once, so that only the newest
 * events can miss one.
 */
export async function addMissedDecisions(deps: { ledger: Pick<Ledger, 'votesOfLate'>; audit: Audit; log: Log }) {
  const votes = await deps.ledger.votesOfLate(EVENTS_MAX);
  // Whoever decided on the mesh itself never had a row here.
  const by_users = votes.filter(({ vote }) => vote.by.startsWith('user:'));
  const added = await deps.audit.addMissing(
    by_users.map(({ approval_id, vote: { by, decision, at } }) => ({
      sub: by,
      action: `approval.${decision}`,
      target: approval_id,
      at,
    })),
  );
  if (added > 0) deps.log.warn({ added }, 'decisions whose audit rows were missing after a crash were added');
}

const EVENTS_MAX = 50_000;
