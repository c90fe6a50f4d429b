/** What operators ask of the ledger as a whole: is it sound, and a copy of it (wire.md 3). */
import { AuroraError, type LedgerBackup, type LedgerVerdict } from '../protocol/index.ts';

/** The work itself: the process that owns the database does it. */
export interface Care {
  readonly verify: () => Promise<LedgerVerdict>;
  /** Writes a copy where the data folder keeps them; the caller chooses no path. */
  readonly backup: () => Promise<LedgerBackup>;
}

/** One check or one copy at a time: both read everything. Throws 4290 while another is under way. */
export function oneAtATime(care: Care): Care {
  let is_busy = false;
  const alone = async <T>(act: () => Promise<T>): Promise<T> => {
    if (is_busy) {
      const message = 'The ledger is being checked or copied just now';
      throw new AuroraError(4290, { message, retry_after_ms: RETRY_AFTER_MS });
    }
    is_busy = true;
    try {
      return await act();
    } finally {
      is_busy = false;
    }
  };
  return { verify: () => alone(care.verify), backup: () => alone(care.backup) };
}

const RETRY_AFTER_MS = 5_000;
