/** The database of the ledger: opened for its one owner, swept by age, given up at the end. */
import { mkdirSync } from 'node:fs';
import { openStore, type Store } from '../store/index.ts';
import type { Config } from './config.ts';
import { ConfigError } from './layers.ts';
import type { Place } from './place.ts';
import type { ProcessSeams } from './seams.ts';

/** An open database, and the way to give it up. */
export interface LedgerStore {
  store: Store;
  close(): Promise<void>;
}

/** Opens it below the data folder. Throws a ConfigError when the mode asks for more than the durability promises (PROM-P1). */
export async function openLedgerStore(config: Config, place: Place, seams: ProcessSeams): Promise<LedgerStore> {
  const { clock, log } = seams;
  const { durability, retention_days } = config.ledger;
  if (durability !== 'full' && config.mode === 'active') {
    throw new ConfigError(`ledger.durability: ${durability} may lose accepted work; mode active needs full`);
  }
  mkdirSync(place.ledgerFolder, { recursive: true, mode: 0o700 });
  const store = await openStore({ file: place.ledger, durability, clock, log });
  let sweeping = Promise.resolve();
  const stopSweeping = every(clock, SWEEP_MS, () => {
    sweeping = sweep().catch((err: unknown) => log.warn({ err }, 'old tasks could not be forgotten'));
  });
  return {
    store,
    async close() {
      stopSweeping();
      await sweeping;
      await store.close();
    },
  };

  async function sweep(): Promise<void> {
    const before = clock.now() - retention_days * DAY_MS;
    const gone = await store.prune(before);
    if (gone > 0) log.info({ tasks: gone }, 'tasks past their retention were forgotten');
  }
}

function every(clock: ProcessSeams['clock'], ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, again);
  return () => cancel();

  function again(): void {
    run();
    cancel = clock.after(ms, again);
  }
}

/** How often at most 1 000 tasks past their retention are forgotten, ms. */
const SWEEP_MS = 60_000;
const DAY_MS = 86_400_000;
