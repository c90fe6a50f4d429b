/** Restate's server from npm, keeping the same hop durably (G19). */
import type { Parts } from './contender.ts';
import { Skip, type Kit } from './kit.ts';

/** Starts it. Throws Skip where it cannot be had. */
export function startRestate(_kit: Kit): Promise<Parts> {
  throw new Skip('not yet');
}
