/** The hot path to PostgreSQL: a whole group is one prepared statement, so one transaction and one round trip. */
import type { SqlRow } from './driver.ts';
import { StaleEpoch, UnknownCommit, type Batch, type Journal } from './journal.ts';
import { goOn, type Tenure } from './postgres-owner.ts';
import { LostSession, type Session, type Statement } from './postgres.ts';
import { EVENTS, eventValues, KEYS, keyValues, TASKS, taskValues, toKey, toTask, type Table } from './rows.ts';

/** Writes in `tenure`, and goes on in a new session when that one is lost. */
export function createPostgresJournal(deps: {
  tenure: Tenure;
  connect: () => Promise<Session>;
  schema: string;
}): Journal & { readonly epoch: () => string; close(): Promise<void> } {
  let { tenure } = deps;
  let is_closed = false;
  const listeners: ((reason: Error) => void)[] = [];
  const watch = () => tenure.session.onLost((reason) => listeners.forEach((listener) => listener(reason)));
  const ask = (statement: Statement) => tenure.session.query(statement);
  watch();

  return {
    epoch: () => tenure.epoch,
    onLost: (listener) => void listeners.push(listener),
    async read({ task_ids, scopes }) {
      const none: SqlRow[] = [];
      const [tasks, keys] = await Promise.all([
        task_ids.length > 0 ? ask({ ...READ_TASKS, values: [task_ids] }) : none,
        scopes.length > 0 ? ask({ ...READ_KEYS, values: [scopes] }) : none,
      ]);
      return {
        tasks: new Map(tasks.map(toTask).map((task) => [task.task_id, task])),
        keys: new Map(keys.map(toKey).map((key) => [key.scope, key])),
      };
    },
    async commit(batch) {
      if (tenure.session.is_lost) throw new LostSession(undefined); // nothing was sent: nothing is unknown
      const [row] = await ask({ ...COMMIT, values: [tenure.epoch, ...arraysOf(batch)] }).catch((reason: unknown) => {
        throw reason instanceof LostSession ? new UnknownCommit(() => isKept(batch), reason) : reason;
      });
      if (row?.['epoch'] !== tenure.epoch) throw new StaleEpoch(tenure.epoch, String(row?.['found']));
    },
    async probe() {
      if (is_closed) throw new LostSession(undefined);
      if (tenure.session.is_lost) await renew();
      const [row] = await ask({ ...TRY, values: [tenure.epoch] });
      if (!row) throw new StaleEpoch(tenure.epoch, 'of another node');
    },
    async close() {
      is_closed = true;
      await tenure.session.close();
    },
  };

  async function renew(): Promise<void> {
    const session = await deps.connect();
    try {
      tenure = await goOn(tenure, session, deps.schema);
      watch();
    } catch (reason) {
      await session.close();
      throw reason;
    }
  }

  /** Events are written all or none, and no other event has this hash. Asked in a later epoch, so the answer can no more change. */
  async function isKept({ events: [first] }: Batch): Promise<boolean> {
    const rows = await ask({ ...FIND, values: [first?.task_id, first?.seq, first?.hash] });
    return rows.length > 0;
  }
}

/** One array a column, in the order of the placeholders. */
const arraysOf = ({ tasks, events, keys }: Batch): unknown[][] => [
  ...columnwise(TASKS, tasks.map(taskValues)),
  ...columnwise(EVENTS, events.map(eventValues)),
  ...columnwise(KEYS, keys.map(keyValues)),
];

const columnwise = ({ columns }: Table, rows: readonly (readonly unknown[])[]): unknown[][] =>
  columns.map((_column, index) => rows.map((row) => row[index]));

/** Inserts any number of rows, in their order; none when the owner is somebody else. */
const insertSql = ({ name, columns, conflict }: Table, first_placeholder: number): string => {
  const arrays = columns.map(
    (column, index) => `$${first_placeholder + index}::${WHOLE.has(column) ? 'int' : 'text'}[]`,
  );
  return `INSERT INTO ${name} (${columns.join()})
    SELECT ${columns.map((column) => `given.${column}`).join()}
    FROM owner, unnest(${arrays.join()}) WITH ORDINALITY AS given(${columns.join()}, nth) ORDER BY nth ${conflict}`;
};

const WHOLE = new Set(['fence', 'seq']);
const COMMIT: Statement = {
  name: 'aurora_commit',
  text: `WITH owner AS (SELECT value FROM meta WHERE key = 'epoch' AND value = $1 FOR SHARE),
    kept_tasks AS (${insertSql(TASKS, 2)}),
    kept_events AS (${insertSql(EVENTS, 2 + TASKS.columns.length)}),
    kept_keys AS (${insertSql(KEYS, 2 + TASKS.columns.length + EVENTS.columns.length)})
    SELECT (SELECT value FROM owner) AS epoch, (SELECT value FROM meta WHERE key = 'epoch') AS found`,
};
const READ_TASKS: Statement = {
  name: 'aurora_tasks',
  text: `SELECT ${TASKS.columns.join()} FROM tasks WHERE task_id = ANY($1::text[])`,
};
const READ_KEYS: Statement = {
  name: 'aurora_keys',
  text: `SELECT ${KEYS.columns.join()} FROM keys WHERE scope = ANY($1::text[])`,
};
const FIND: Statement = { text: 'SELECT 1 FROM events WHERE task_id = $1 AND seq = $2 AND hash = $3' };
const TRY: Statement = { text: `UPDATE meta SET value = value WHERE key = 'epoch' AND value = $1 RETURNING value` };
