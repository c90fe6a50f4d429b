/** A SQLite file as what a store stands on: owned, opened, brought to the newest form. */
import { toIso } from '../seams/index.ts';
import { backupTo } from './backup.ts';
import { openConnection } from './connection.ts';
import type { Database, OpenOptions, SqliteAddress } from './database.ts';
import { after } from './either.ts';
import { toKysely } from './kysely.ts';
import { migrate } from './migrations.ts';
import { takeEpoch, takeLock } from './ownership.ts';
import { createSqliteJournal } from './sqlite-journal.ts';
import { createThreadedJournal } from './threaded-journal.ts';
import { walTailOf } from './wal-tail.ts';

/** Opens, or makes, the file. Throws a sentence when it has an owner, is damaged, or is of a newer release. */
export async function openSqlite(address: SqliteAddress, options: OpenOptions): Promise<Database> {
  const { file, driver = 'libsql' } = address;
  const releaseLock = takeLock(file, driver);
  try {
    const tail = walTailOf(file);
    if (tail && tail.damaged_bytes > 0)
      options.log.warn(
        { ...tail },
        'the log ends in what was not written whole, or was spoiled since: SQLite drops it',
      );
    const connection = openConnection({ file, driver, durability: options.durability });
    try {
      connection.exec('BEGIN IMMEDIATE');
      await migrate(toKysely(connection));
      connection.exec('COMMIT');
      const epoch = takeEpoch(connection, `process ${process.pid} since ${toIso(options.clock.now())}`);
      const own = createSqliteJournal(connection, epoch);
      const data = { file, driver, durability: options.durability, epoch };
      const thread = address.thread && createThreadedJournal({ ...options, own, data, use: address.thread });
      if (address.thread === 'all') await thread?.start();
      return {
        db: toKysely(connection, () => thread?.committing),
        driver,
        tail,
        assurance: connection.assurance,
        journal: thread ?? own,
        epoch: () => epoch,
        isBusy: () => connection.in_transaction,
        backup: (copy) => backupTo(connection, copy),
        close: () =>
          after(thread?.close(), () => {
            connection.close();
            releaseLock();
          }),
      };
    } catch (reason) {
      connection.close();
      throw reason;
    }
  } catch (reason) {
    releaseLock();
    throw reason;
  }
}
