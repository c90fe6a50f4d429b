/** A client's machine whose time stands still: pauses are written down and over at once, limits fire when the test moves the clock. */
import { createClient, type Client, type ClientOptions, type Platform } from '../../client/index.ts';
import { manualClock, type ManualClock } from '../../seams/index.ts';

/** The machine, and what was done with it. */
export interface Machine {
  platform: Partial<Platform>;
  clock: ManualClock;
  /** Every pause that was taken, ms. */
  pauses: number[];
}

/** Makes it. `chance` is what is drawn each time: 1 is the whole window of the jitter. */
export function createMachine(chance: () => number = () => 1): Machine {
  const clock = manualClock();
  const pauses: number[] = [];
  let names = 0;
  const platform: Partial<Platform> = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delay_ms, run) => clock.after(delay_ms, run),
    async sleep(delay_ms, signal) {
      signal.throwIfAborted();
      pauses.push(delay_ms);
      clock.advance(delay_ms);
    },
    random: chance,
    uuid: () => `00000000-0000-4000-8000-${(names += 1).toString(16).padStart(12, '0')}`,
  };
  return { platform, clock, pauses };
}

/** A client on it, signed in as ada unless said. */
export const clientOn = (url: string, { platform }: Machine, options: Partial<ClientOptions> = {}): Client =>
  createClient({ base_url: url, credentials: { username: 'ada', password: 'correct horse' }, platform, ...options });
