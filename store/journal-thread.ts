/** The inside of the thread that commits: a connection of its own, one group at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { openConnection } from './connection.ts';
import { resultCode } from './faults.ts';
import { StaleEpoch } from './journal.ts';
import { createSqliteJournal } from './sqlite-journal.ts';
import type { FromThread, ThreadData, ThreadFault, ToThread } from './threaded-journal.ts';

const data = workerData as ThreadData;
const connection = openConnection(data);
const journal = createSqliteJournal(connection, data.epoch);
const port = parentPort;
const say = (said: FromThread) => port?.postMessage(said);

port?.on('message', (asked: ToThread) => {
  if (asked === 'close') {
    connection.close();
    port.close();
    return;
  }
  say(commit(asked));
});
say('ready');

function commit(values: Exclude<ToThread, 'close'>): FromThread {
  try {
    journal.write(values);
    return 'kept';
  } catch (reason) {
    return toFault(reason);
  }
}

const toFault = (reason: unknown): ThreadFault => ({
  message: reason instanceof Error ? reason.message : String(reason),
  code: resultCode(reason),
  found: reason instanceof StaleEpoch ? reason.found : undefined,
});
