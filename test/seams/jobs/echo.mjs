/** Says what it was given and where it runs. */
import { isMainThread } from 'node:worker_threads';

let runs = 0;
export const job = {
  module: import.meta.url,
  run: (input) => ({
    input,
    is_main_thread: isMainThread,
    environment: Object.keys(process.env).length,
    runs: ++runs,
  }),
};
