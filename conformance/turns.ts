/** One after the other: the kit has one name in a fleet, so only one check at a time may be that agent. */

/** A turn, and why nobody needs to wait for one any more. */
export interface Turns {
  /** Waits for the turn; call what it answers to give it on. */
  take(): Promise<() => void>;
  /** Why the agent could not be enrolled: found out once, and told to all who come after. */
  refused: string | undefined;
}

/** Turns of one run; the first who asks has the turn. */
export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    refused: undefined,
    async take() {
      const before = last;
      let give: () => void = () => undefined;
      last = new Promise((resolve) => (give = resolve));
      await before;
      return give;
    },
  };
}
