/** Records on every database there is: a store of its own for each test, time and names that can be replayed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { countingIds, manualClock, seededRandom, silentLog, type ManualClock } from '../../seams/index.ts';
import { openRecords, type AlertEvent } from '../../soc/index.ts';
import { openStore, type DatabaseAddress, type Store } from '../../store/index.ts';
import { skipLoudly, startCluster, type Cluster } from './postgres.ts';

/** Everything that a security team keeps, on one store. */
export type Soc = Awaited<ReturnType<typeof openSoc>>;

/** Joins the records as a running process does; passwords cost little here. */
export async function openSoc(store: Store, clock: ManualClock) {
  const changed: number[] = [];
  const told: [AlertEvent, string][] = [];
  const deps = {
    store,
    clock,
    ids: countingIds(),
    random: seededRandom(7),
    log: silentLog,
    cost: CHEAP,
    onAccessChanged: () => void changed.push(clock.now()),
    onAlert: (what: AlertEvent, { alert_id }: { alert_id: string }) => void told.push([what, alert_id]),
  };
  return { ...(await openRecords(deps)), store, clock, deps, changed, told };
}

/** Enough to be the same code, and no more. */
export const CHEAP = { ln: 4, r: 8, p: 1 };

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
        soc = await openSoc(store, clock);
      });
      afterEach(() => soc.store.close());
      tests(() => soc);
    });
  });
}
