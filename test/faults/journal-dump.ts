/** The journal as it lies on the disk, read from a copy after the end: whatever the processes say, this is what is kept. */
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openLibsql } from '../../store/libsql.ts';
import { HistoryEvent } from './history.ts';

/** All rows of the journal in a data folder; undefined when there is no store. */
export function dumpJournal(data: string, scratch: string): HistoryEvent[] | undefined {
  const file = storeIn(data);
  if (file === undefined) return undefined;
  mkdirSync(scratch, { recursive: true });
  const copy = join(scratch, basename(file));
  for (const ending of ['', '-wal']) if (existsSync(file + ending)) copyFileSync(file + ending, copy + ending);
  const driver = openLibsql(copy);
  try {
    const rows = driver.prepare('SELECT * FROM events ORDER BY position').all([]);
    return rows.map((row) => HistoryEvent.parse({ who: 'journal', ...row }));
  } finally {
    driver.close();
  }
}

/** The database file of the journal below a data folder. */
export function storeIn(data: string): string | undefined {
  const names = readdirSync(data, { recursive: true, encoding: 'utf8' });
  const found = names.find((name) => /ledger\.db$/.test(name));
  return found === undefined ? undefined : join(data, found);
}
