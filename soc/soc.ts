/** What every record here is kept with. */
import type { Clock, Ids, Log, Random } from '../seams/index.ts';
import type { Store } from '../store/index.ts';

/** The part of the store that records need. */
export type SocStore = Pick<Store, 'db' | 'asOwner'>;

/** The seams of a record. */
export interface SocDeps {
  store: SocStore;
  clock: Clock;
  ids: Ids;
  random: Random;
  log: Log;
}
