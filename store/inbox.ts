/** An agent's inbox in a file of its own, shared by its replicas on this machine (PROM-P4). */
import type { Clock, Inbox, InboxEntry } from '../seams/index.ts';
import { openConnection } from './connection.ts';
import { inTransaction, type SqlDriver, type SqlRow } from './driver.ts';
import { faultOf } from './faults.ts';

/** Opens, or makes, the inbox in `file`; its folder exists. What was kept outlives a crash of the process and of the machine. */
export function openInbox({ file, clock }: { file: string; clock: Clock }): Inbox {
  const driver = openShared(file);
  driver.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
  driver.exec(SCHEMA);
  const find = driver.prepare(`SELECT ${COLUMNS} FROM outcomes WHERE task_id = ? AND effect_key = ?`);
  const keep = driver.prepare(KEEP);
  const recent = driver.prepare(`SELECT task_id FROM outcomes WHERE effect_key = '' ORDER BY kept_at DESC LIMIT ?`);
  const forget = driver.prepare('DELETE FROM outcomes WHERE kept_at < ?');
  let pruned_at: number | undefined;

  const prune = () => {
    if (pruned_at !== undefined && clock.monotonic() - pruned_at < PRUNE_MS) return;
    pruned_at = clock.monotonic();
    inTransaction(driver, () => forget.run([clock.now() - AGE_MS]));
  };

  prune();
  return {
    find(task_id, effect_key = '') {
      const row = find.first([task_id, effect_key]);
      return row && toEntry(row);
    },
    keep({ task_id, effect_key, skill, digest, outcome, fence }) {
      inTransaction(driver, () => keep.run([task_id, effect_key, skill, digest, outcome, fence, clock.now()]));
      prune();
    },
    recent: (count_max) => recent.all([count_max]).map((row) => String(row['task_id'])),
    close: () => driver.close(),
  };
}

/** Replicas start together, and the first change to WAL waits for nobody: it is over in milliseconds. */
function openShared(file: string): SqlDriver {
  for (let tried = 1; ; tried++) {
    try {
      return openConnection({ file, driver: 'libsql', durability: 'full' });
    } catch (reason) {
      if (faultOf(reason).kind !== 'locked' || tried === OPEN_TRIES_MAX) throw reason;
    }
  }
}

const toEntry = (row: SqlRow): InboxEntry => ({
  task_id: String(row['task_id']),
  effect_key: String(row['effect_key']),
  skill: String(row['skill']),
  digest: String(row['digest']),
  outcome: String(row['outcome']),
  fence: Number(row['fence']),
});

const COLUMNS = 'task_id, effect_key, skill, digest, outcome, fence';
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS outcomes (
    task_id TEXT NOT NULL,
    effect_key TEXT NOT NULL,
    skill TEXT NOT NULL,
    digest TEXT NOT NULL,
    outcome TEXT NOT NULL,
    fence INTEGER NOT NULL,
    kept_at INTEGER NOT NULL,
    PRIMARY KEY (task_id, effect_key)
  );
  CREATE INDEX IF NOT EXISTS outcomes_by_age ON outcomes (kept_at);
  PRAGMA user_version = 1;
`;
/** Of two attempts the later one's stands, whoever is slower (INV7). */
const KEEP = `
  INSERT INTO outcomes (${COLUMNS}, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (task_id, effect_key) DO UPDATE
  SET skill = excluded.skill, digest = excluded.digest, outcome = excluded.outcome, fence = excluded.fence, kept_at = excluded.kept_at
  WHERE excluded.fence >= outcomes.fence
`;
/** How long an outcome is kept, ms: 48 h, twice what an idempotency key lives at least (PROM-P2). */
const AGE_MS = 172_800_000;
const PRUNE_MS = 3_600_000;
/** How long a write waits for a replica's, ms. */
const BUSY_MS = 2_000;
const OPEN_TRIES_MAX = 100;
