/** Heavy or hostile synchronous work, done aside under a time limit: what never ends costs a thread, never the process. */
import { AuroraError } from '../protocol/index.ts';

/** Work that can be sent to a thread: a function of its input, which its module exports under the name `job`. */
export interface Job<I, O> {
  /** `import.meta.url` of that module: a thread loads what was built from it. */
  module: string;
  run: (input: I) => O | Promise<O>;
}

/** How one run is bounded. */
export interface JobBounds {
  /** From the moment it runs; loading its module and waiting for a thread do not count. */
  ms_max: number;
  signal?: AbortSignal | undefined;
}

/** Where such work is done. Input and output are copied; what a module keeps between runs is its own cache. */
export interface Workers {
  /**
   * Runs the job. Rejects with `JobTimeout` when it takes too long, with the signal's reason when that aborts, with what the job
   * threw, and with AURORA-5030 when too much waits already or its thread died (of memory, mostly).
   */
  run<I, O>(job: Job<I, O>, input: I, bounds: JobBounds): Promise<O>;
  /** Ends all threads; what runs is rejected. */
  close(): Promise<void>;
}

/** What `run` rejects with when a job was ended for taking too long. */
export class JobTimeout extends Error {
  override readonly name = 'JobTimeout';
}

/** The same in this thread, for tests: copies like a thread, and cannot stop what never ends. */
export const inlineWorkers: Workers = {
  async run({ run }, input, { signal }) {
    signal?.throwIfAborted();
    return structuredClone(await run(structuredClone(input)));
  },
  close: () => Promise.resolve(),
};

/** For whoever was given none. */
export const noWorkers: Workers = {
  run: () => Promise.reject(new AuroraError(5030, { message: 'no worker threads are configured' })),
  close: () => Promise.resolve(),
};
