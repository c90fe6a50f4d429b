/** The journal of a mesh whose ledger is on PostgreSQL, read by PostgreSQL's own tool; the private server is the one of the other tests. */
import { existsSync, readdirSync } from 'node:fs';
import { z } from 'zod';
import { run } from '../support/child.ts';
import { HistoryEvent } from './history.ts';

/** Where Debian puts its binaries; a path for the needs of a scenario. */
export const POSTGRES_FOLDER = '/usr/lib/postgresql';

/** All rows of the journal, in the order of their commit. */
export function dumpPostgres(url: string): HistoryEvent[] {
  const sql = `SELECT coalesce(json_agg(e ORDER BY position), '[]') FROM events e`;
  const text = run(psql(), [url, '-XAtqc', sql]);
  return z
    .array(z.record(z.string(), z.unknown()))
    .parse(JSON.parse(text))
    .map((row) => HistoryEvent.parse({ who: 'journal', ...row }));
}

function psql(): string {
  const versions = existsSync(POSTGRES_FOLDER) ? readdirSync(POSTGRES_FOLDER) : [];
  const paths = versions.map((version) => `${POSTGRES_FOLDER}/${version}/bin/psql`);
  return paths.find((path) => existsSync(path)) ?? 'psql';
}
