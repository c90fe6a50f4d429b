/** The inside of a worker thread: loads the module of a job, runs it, answers. One job at a time. */
import { parentPort } from 'node:worker_threads';
import { AuroraError } from '../protocol/index.ts';
import type { ThreadAnswer, ThreadFault } from './worker-threads.ts';
import type { Job } from './workers.ts';

const port = parentPort;
port?.on('message', ({ module, input }: { module: string; input: unknown }) => {
  const answer = (said: ThreadAnswer) => port.postMessage(said);
  void perform(module, input, () => answer({ started: true }))
    .then((output) => answer({ output }))
    .catch((reason: unknown) => answer({ fault: toFault(reason) })); // also an output that cannot be copied
});

async function perform(module: string, input: unknown, onStart: () => void): Promise<unknown> {
  const loaded: unknown = await import(module);
  if (!hasJob(loaded)) throw new Error(`${module} exports no job`);
  onStart();
  return loaded.job.run(input);
}

const hasJob = (loaded: unknown): loaded is { job: Job<unknown, unknown> } =>
  typeof loaded === 'object' &&
  loaded !== null &&
  'job' in loaded &&
  typeof loaded.job === 'object' &&
  loaded.job !== null &&
  'run' in loaded.job &&
  typeof loaded.job.run === 'function';

/** Only what can be copied crosses: an error of ours with its code, any other as its sentence. */
function toFault(reason: unknown): ThreadFault {
  const message = reason instanceof Error ? reason.message : String(reason);
  if (!(reason instanceof AuroraError)) return { code: undefined, message, detail: null };
  return { code: reason.code, message, detail: reason.detail };
}
