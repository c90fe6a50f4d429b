/** The time that the product itself takes, without the reading of cases and answers around it. */

/** Adds up what it is given to run. */
export interface Stopwatch {
  time<T>(run: () => T | Promise<T>): Promise<T>;
  elapsed_ms(): number;
}

/** One that stands at zero. */
export function createStopwatch(): Stopwatch {
  let elapsed_ns = 0n;
  return {
    async time(run) {
      const started = process.hrtime.bigint();
      try {
        return await run();
      } finally {
        elapsed_ns += process.hrtime.bigint() - started;
      }
    },
    elapsed_ms: () => Math.round(Number(elapsed_ns / 1_000n) / 1_000),
  };
}
