/** How the engine treats the garbage of a process that answers thousands of calls a second. */
import { setFlagsFromString } from 'node:v8';

/**
 * Has everything made in the young part of the heap. Where objects often live through a collection the engine learns to make them
 * in the old part at once; under load that becomes nearly all of a call, and garbage there keeps whatever it points to alive until
 * the next full collection: a fifth of an agent's time was spent on carrying it over (docs/performance.md).
 */
export function keepGarbageYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
