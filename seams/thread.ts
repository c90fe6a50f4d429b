/** A thread of one's own, started from what was built: Node 20 runs no TypeScript in threads. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** How a thread is started. */
export interface ThreadStart {
  /** What it reads as `workerData`; copied. */
  data?: unknown;
  /** Its heap, MiB; beyond it the thread dies, and only the thread. */
  memory_mib_max: number;
}

/**
 * Starts a module of the house, e.g. `seams/worker-thread`, from what was built of it. It sees nothing of the process's
 * environment. Throws a sentence when the project is not built.
 */
export function startThread(module: string, { data, memory_mib_max }: ThreadStart): Worker {
  const paths = [`../${module}.js`, `../dist/${module}.js`].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const built = paths.find((path) => existsSync(path));
  if (built === undefined) throw new Error('the project is not built; run: npm run build');
  return new Worker(built, {
    env: {},
    execArgv: [],
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: memory_mib_max },
  });
}
