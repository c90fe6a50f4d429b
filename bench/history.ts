/** A data folder with many finished tasks: made by the ledger's own code, kept for the next run in the folder for temporary files. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeOf } from '../boot/index.ts';
import { createLedger, type TaskRow } from '../orchestrator/index.ts';
import { seededRandom, silentLog, systemClock, systemIds, toIso } from '../seams/index.ts';
import { openStore } from '../store/index.ts';
import type { Kit } from './kit.ts';
import { PARAMS, RESULT } from './reference.ts';

/** An open history. Each act answers what one took, ms. */
export interface History {
  insert(count: number): Promise<number>;
  getById(count: number): Promise<number>;
  newestPage(count: number): Promise<number>;
  close(): Promise<void>;
}

/** The folder of so many. A long one is made once and kept; what a run adds to it is little. */
export async function historyOf(count: number, kit: Pick<Kit, 'say' | 'folder'>): Promise<string> {
  const parent = count >= KEPT_MIN ? tmpdir() : kit.folder;
  const folder = join(parent, `aurora-bench-history-${FORM}-${count}`);
  if (existsSync(join(folder, DONE))) return folder;
  const draft = `${folder}.${process.pid}`;
  kit.say(`making a history of ${count} tasks in ${folder}`);
  const history = await openHistory(draft, 'off');
  await history.insert(count);
  await history.close();
  writeFileSync(join(draft, DONE), '');
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
  return folder;
}

/** Opens the one in a folder, or an empty one. */
export async function openHistory(folder: string, durability: 'normal' | 'off' = 'normal'): Promise<History> {
  const place = placeOf(folder);
  mkdirSync(place.ledgerFolder, { recursive: true, mode: 0o700 });
  const store = await openStore({ file: place.ledger, durability, clock: systemClock, log: silentLog });
  const ledger = createLedger(store, systemClock);
  const ids = systemIds(() => systemClock.now());
  const random = seededRandom(SEED);
  const timed = async (count: number, act: () => Promise<unknown>) => {
    const began = performance.now();
    await act();
    return (performance.now() - began) / count;
  };
  const keep = async () => {
    const row = toRow(ids.next('task'));
    const lease = { ...row, agent_id: 'threat-intel', instance_id: 'inst_1', hop: 1, path: ['threat-intel'] };
    const { agent_id, instance_id, hop, path, actor, effect } = lease;
    await ledger.accept(row, BOUNDS, { agent_id, instance_id, hop, path, actor, effect });
    await ledger.settle(row.task_id, { state: 'completed', result: RESULT }, 1);
  };
  return {
    insert: (count) =>
      timed(count, async () => {
        for (let kept = 0; kept < count; kept += GROUP)
          await Promise.all(Array.from({ length: Math.min(GROUP, count - kept) }, keep));
      }),
    async getById(count) {
      const { last } = await store.db
        .selectFrom('tasks')
        .select((of) => of.fn.max('position').as('last'))
        .executeTakeFirstOrThrow();
      const positions = Array.from({ length: count }, () => 1 + Math.floor(random.next() * last));
      const found = await store.db.selectFrom('tasks').select('task_id').where('position', 'in', positions).execute();
      return timed(found.length, async () => {
        for (const { task_id } of found) await ledger.get(task_id);
      });
    },
    newestPage: (count) =>
      timed(count, async () => {
        for (let page = 0; page < count; page++) await ledger.list({ limit: 50 });
      }),
    close: () => store.close(),
  };
}

const toRow = (task_id: string): TaskRow => ({
  task_id,
  root_id: task_id,
  parent_id: undefined,
  from: 'operator:local',
  to: { skill: 'analyze_threat' },
  agent_id: '',
  skill: 'analyze_threat',
  params: PARAMS,
  reason: undefined,
  hop: 0,
  path: [],
  mode: 'monitor',
  priority: 5,
  actor: { sub: 'operator:local', scopes: ['*'], tenant: 'default' },
  due: systemClock.monotonic() + 60_000,
  deadline: toIso(systemClock.now() + 60_000),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  created_at: toIso(systemClock.now()),
  updated_at: toIso(systemClock.now()),
  effect: 'read',
  state: 'submitted',
  attempts: [],
  key: undefined,
});

/** Raised with every change of what a history looks like. */
const FORM = 1;
const KEPT_MIN = 100_000;
const DONE = 'whole';
const SEED = 5_821;
const GROUP = 64;
const BOUNDS = { fan_out_max: 32, root_tasks_max: 256 };
