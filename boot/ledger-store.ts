/** The database of the ledger: opened for its one owner, anchored, swept by age, given up at the end. */
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { sleep } from '../seams/index.ts';
import { openStore, type DatabaseAddress, type Store } from '../store/index.ts';
import type { Config } from './config.ts';
import { ConfigError } from './layers.ts';
import type { StandingBy } from './lifetime.ts';
import type { DataFolder } from './place.ts';
import type { ProcessSeams } from './seams.ts';
import { anchorSigning } from './signing.ts';

/** An open database, and the way to give it up. */
export interface LedgerStore {
  store: Store;
  /** Resolves with the reason when somebody else owns the database now: nothing more can be kept here (PROM-P14). */
  lost: Promise<string>;
  close(): Promise<void>;
}

/** What opening needs. */
export interface LedgerStoreOptions {
  config: Config;
  place: DataFolder;
  seams: ProcessSeams;
  /** Signs the anchors. */
  key: KeyObject;
}

/**
 * Opens it: the file in the data folder, or PostgreSQL, where it waits as a standby while another node is active. Throws a
 * ConfigError when the mode asks for more than the durability promises (PROM-P1).
 */
export async function openLedgerStore({ config, place, seams, key }: LedgerStoreOptions): Promise<LedgerStore> {
  const { clock, log } = seams;
  const { durability, retention_days } = config.ledger;
  if (durability !== 'full' && config.mode === 'active') {
    throw new ConfigError(`ledger.durability: ${durability} may lose accepted work; mode active needs full`);
  }
  mkdirSync(place.ledgerFolder, { recursive: true, mode: 0o700 });
  const database = addressOf(config, place);
  const standby = database.kind === 'postgres' ? { signal: whenTold() } : undefined;
  if (standby) process.send?.({ kind: 'standing_by' } satisfies StandingBy);
  const anchors = { file: place.anchors, ...anchorSigning(key) };
  const store = await openStore({ database, durability, clock, log, anchors, standby });

  const ended = new AbortController();
  const caring = Promise.all([
    every(ANCHOR_MS, anchor, 'the ledger could not be anchored'),
    every(SWEEP_MS, sweep, 'old tasks could not be forgotten'),
  ]);
  return {
    store,
    lost: whenLost(),
    async close() {
      ended.abort();
      await caring;
      await store.anchor().catch((err: unknown) => log.warn({ err }, 'the ledger could not be anchored at the end'));
      await store.close();
    },
  };

  async function anchor(): Promise<void> {
    await store.anchor();
  }

  async function sweep(): Promise<void> {
    const gone = await store.prune(clock.now() - retention_days * DAY_MS);
    if (gone > 0) log.info({ tasks: gone }, 'tasks past their retention were forgotten');
  }

  async function whenLost(): Promise<string> {
    for (;;) {
      const health = store.health();
      if (health.state === 'fenced') return health.cause;
      await sleep(clock, LOST_LOOK_MS, ended.signal).catch(() => undefined);
      if (ended.signal.aborted) return new Promise(() => undefined); // given up by ourselves
    }
  }

  async function every(ms: number, act: () => Promise<void>, fault: string): Promise<void> {
    for (;;) {
      await sleep(clock, ms, ended.signal).catch(() => undefined);
      if (ended.signal.aborted) return;
      await act().catch((err: unknown) => log.warn({ err }, fault));
    }
  }
}

function addressOf({ ledger }: Config, place: DataFolder): DatabaseAddress {
  const url = ledger.database_file === undefined ? ledger.database : readAddress(ledger.database_file);
  return url === undefined ? { kind: 'sqlite', file: place.ledger, thread: 'slow' } : { kind: 'postgres', url };
}

function readAddress(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new ConfigError(`ledger.database_file: ${path} cannot be read`, { cause });
  }
}

/** A standby that is told to stop does not wait any longer. */
function whenTold(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

/** How often what was committed is signed and written to the file of anchors, ms. */
const ANCHOR_MS = 60_000;
/** How often at most 1 000 tasks past their retention are forgotten, ms. */
const SWEEP_MS = 60_000;
/** How often it is asked whether the database is still ours, ms. */
const LOST_LOOK_MS = 500;
const DAY_MS = 86_400_000;
