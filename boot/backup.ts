/** Copies of the ledger: made by the orchestrator into its data folder, put back while nobody runs on it. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Care } from '../orchestrator/index.ts';
import { AuroraError, type LedgerVerdict } from '../protocol/index.ts';
import { systemClock, toIso, type Clock, type Log } from '../seams/index.ts';
import type { Store } from '../store/index.ts';
import type { Config } from './config.ts';
import { placeOf } from './place.ts';

/** What operators may ask of the ledger that this process owns. */
export function careOf(deps: {
  store: Pick<Store, 'driver' | 'verifyChain' | 'backup'>;
  folder: string;
  clock: Clock;
  log: Log;
}): Care {
  const { store, folder, clock, log } = deps;
  return {
    verify: () => store.verifyChain(),
    async backup() {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `ledger-${stampOf(clock)}.db`);
      if (readdirSync(folder).length >= BACKUPS_MAX) {
        throw new AuroraError(4120, { message: `There are ${BACKUPS_MAX} backups already: move some away` });
      }
      try {
        store.backup(path);
      } catch (cause) {
        throw refusalOf(cause);
      }
      const { size: bytes } = statSync(path);
      log.info({ bytes }, 'the ledger was copied');
      return { path, bytes, sha256: await sha256Of(path) };
    },
  };

  /** PostgreSQL has tools of its own, and the store says which; all else is a fault for the log. */
  function refusalOf(cause: unknown): AuroraError {
    if (store.driver === 'postgres' && cause instanceof Error) return new AuroraError(4120, { message: cause.message });
    log.error({ err: cause }, 'the ledger could not be copied');
    return new AuroraError(5030, {
      message: 'The ledger could not be copied: the log of the orchestrator says why',
      cause,
    });
  }
}

/** What restoring did. */
export interface Restored {
  verdict: LedgerVerdict;
  /** The ledger that was there before, as it was; undefined when there was none. */
  kept: string | undefined;
}

/** Puts a backup in the place of the ledger of this data folder, and keeps what it replaces beside it. Throws while somebody owns that. */
export async function restoreLedger({ data }: Pick<Config, 'data'>, from: string): Promise<Restored> {
  const { ledgerFolder, ledger, anchors } = placeOf(data);
  mkdirSync(ledgerFolder, { recursive: true, mode: 0o700 });
  const ending = `.replaced-${stampOf(systemClock)}`;
  const kept = existsSync(ledger) ? `${ledger}${ending}` : undefined;
  const { restoreBackup } = await import('../store/index.ts'); // only who restores loads it
  const verdict = await restoreBackup({ from, to: ledger, ...(kept !== undefined && { keep: kept }) });
  // They speak of what came after the backup too: from here on there are new ones.
  if (existsSync(anchors)) renameSync(anchors, `${anchors}${ending}`);
  return { verdict, kept };
}

/** SHA-256 of a file, as hex. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) if (chunk instanceof Uint8Array) hash.update(chunk);
  return hash.digest('hex');
}

/** A time that can stand in the name of a file everywhere. */
const stampOf = (clock: Clock): string => toIso(clock.now()).replaceAll(':', '-');

/** Copies in the folder, so that asking for them cannot fill the disk. */
const BACKUPS_MAX = 16;
