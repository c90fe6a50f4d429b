/** What opens a database, loaded when one is opened: agents and most commands open none, and a query builder is hundreds of files. */
import type { restoreBackup as Restore } from './backup.ts';
import type { openStore as Open } from './store.ts';

/** Opens, or makes, the database. Rejects with a sentence when it has an owner, is damaged, or is of a newer release. */
export const openStore: typeof Open = async (options) => (await import('./store.ts')).openStore(options);

/** Puts a backup in the place of a database, after checking it. Rejects while that has an owner. */
export const restoreBackup: typeof Restore = async (options) => (await import('./backup.ts')).restoreBackup(options);
