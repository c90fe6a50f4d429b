/** What people decided about agents: which of them get nothing new, also after a restart. */
import { toIso } from '../seams/index.ts';
import type { Audit, Doer } from './audit.ts';
import type { SocDeps, SocStore } from './soc.ts';

/** The decisions in force. */
export interface Agents {
  /** Puts on record that an agent gets nothing new from now on, or work again. Said twice it is the same. */
  setDrained(by: Doer, agent_id: string, is_drained: boolean): Promise<void>;
}

/** Those that get nothing new, as it is on record: whoever hands work out asks, with an API beside it or without. */
export async function drainedIn(store: Pick<SocStore, 'db'>): Promise<string[]> {
  const rows = await store.db.selectFrom('settings').select('name').where('name', 'like', `${PREFIX}%`).execute();
  return rows.map(({ name }) => name.slice(PREFIX.length));
}

/** Puts decisions on record; each agent has a row of its own among the settings, so that two decisions never meet. */
export function createAgents({ store, clock, audit }: SocDeps & { audit: Audit }): Agents {
  return {
    async setDrained(by, agent_id, is_drained) {
      const name = `${PREFIX}${agent_id}`;
      const row = { name, value: 'true', version: 1, updated_at: toIso(clock.now()), updated_by: by.sub };
      await store.asOwner(async (trx) => {
        const change = is_drained
          ? trx
              .insertInto('settings')
              .values(row)
              .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
          : trx.deleteFrom('settings').where('name', '=', name);
        await change.execute();
        await audit.within(trx, by, { action: is_drained ? 'agent.drain' : 'agent.resume', target: agent_id });
      });
    },
  };
}

const PREFIX = 'drained:';
