/** Records on every database there is: a store of its own for each test, time and names that can be replayed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { countingIds, manualClock, seededRandom, silentLog, type ManualClock } from '../../seams/index.ts';
import {
  createAlerts,
  createAnswers,
  createAudit,
  createKeys,
  createPasswords,
  createSessions,
  createSettings,
  createUsers,
  type AlertEvent,
} from '../../soc/index.ts';
import { openStore, type DatabaseAddress, type Store } from '../../store/index.ts';
import { skipLoudly, startCluster, type Cluster } from './postgres.ts';

/** Everything that a security team keeps, on one store. */
export type Soc = Awaited<ReturnType<typeof createSoc>>;

/** Joins the records as a running process does; passwords cost little here. */
export async function createSoc(store: Store, clock: ManualClock) {
  const deps = { store, clock, ids: countingIds(), random: seededRandom(7), log: silentLog };
  const audit = createAudit(deps);
  const passwords = createPasswords(deps.random, { ln: 4, r: 8, p: 1 });
  const changed: number[] = [];
  const onChanged = () => void changed.push(clock.now());
  const users = createUsers({ ...deps, audit, passwords, onChanged });
  const told: [AlertEvent, string][] = [];
  const settings = await createSettings({ ...deps, audit });
  return {
    store,
    clock,
    deps,
    audit,
    passwords,
    users,
    changed,
    sessions: createSessions({ ...deps, audit, users, onChanged }),
    keys: createKeys({ ...deps, audit, users, onChanged }),
    settings,
    answers: createAnswers(deps),
    told,
    alerts: createAlerts({
      ...deps,
      audit,
      windowMs: () => settings.now().duplicate_window_hours * 3_600_000,
      onEvent: (what, alert) => void told.push([what, alert.alert_id]),
    }),
  };
}

/** Runs the tests on SQLite and on PostgreSQL; they call what they are given for the records of the moment. */
export function onEveryDatabase(name: string, tests: (soc: () => Soc) => void): void {
  const without_postgres = skipLoudly(`${name} on postgres`);
  describe.each(['sqlite', 'postgres'] as const)(`${name} on %s`, (kind) => {
    describe.skipIf(kind === 'postgres' && without_postgres)('', () => {
      let cluster: Cluster;
      let schema = 0;
      let soc: Soc;

      const address = (): DatabaseAddress =>
        kind === 'sqlite' ? { kind, file: ':memory:' } : { kind, url: cluster.url, schema: `soc_${(schema += 1)}` };
      beforeAll(async () => {
        if (kind === 'postgres') cluster = await startCluster();
      });
      afterAll(() => cluster?.remove());
      beforeEach(async () => {
        const clock = manualClock();
        const store = await openStore({ database: address(), durability: 'full', clock, log: silentLog });
        soc = await createSoc(store, clock);
      });
      afterEach(() => soc.store.close());
      tests(() => soc);
    });
  });
}
