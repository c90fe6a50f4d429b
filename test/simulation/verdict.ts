/** What a finished seed is judged by: the history checker over all that was seen, and what must agree inside. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { TaskRow } from '../../orchestrator/index.ts';
import { fold } from '../../orchestrator/journal.ts';
import { isFinal } from '../../protocol/index.ts';
import type { EventRow } from '../../store/index.ts';
import { verifyChain } from '../../store/verify.ts';
import { approvalsIn } from '../faults/approvals.ts';
import { check } from '../faults/checker.ts';
import type { HistoryEvent } from '../faults/history.ts';
import { useOf } from './agents.ts';
import type { LedgerFile } from './ledger-file.ts';
import type { Incumbent } from './seat.ts';
import type { World } from './world.ts';

/** Every broken promise, as a sentence; none for a good seed. */
export async function judge(world: World, file: LedgerFile, incumbent: Incumbent, jumped: boolean): Promise<string[]> {
  const events = await file.db.selectFrom('events').selectAll().orderBy('position').execute();
  // Rows lie in the order in which they were committed.
  const journal = events.map((event, nth): HistoryEvent => ({
    who: 'journal',
    ...event,
    ns: world.committed[nth]?.ns,
  }));
  const found = check([...world.history, ...journal, ...approvalsIn(world.committed, { useOf })])
    // Time that is over is judged below: while a task waits for people it does not grow older.
    .filter(({ by_deadline }) => !by_deadline)
    .map(({ code, about, why }) => `${code} ${about}: ${why}`);
  const chain = await verifyChain(file.db);
  return [
    ...found,
    ...(chain.ok ? [] : [`INV16 ${chain.task_id} #${chain.seq}: ${chain.why}`]),
    ...ends(events),
    ...late(world, jumped),
    ...redone(world),
    ...foreignResults(world, events),
    ...(await replayed(incumbent, events)),
  ];
}

/** INV1, for every task that is on record, children too. */
function ends(events: readonly EventRow[]): string[] {
  return [...byTask(events)].flatMap(([task_id, own]) => {
    const count = own.filter(({ type }) => ENDS.has(type)).length;
    return count === 1 ? [] : [`INV1 ${task_id}: ended ${count} times`];
  });
}

/** INV9: nothing starts when the time of a task is over; with a wall that jumps, new processes cannot know when that is. */
function late({ committed, history }: World, jumped: boolean): string[] {
  if (jumped) return [];
  const over_ns = new Map<string, number>();
  const asked_ns = new Map<string, number>();
  const tasks = new Map<string, string>();
  for (const { task_id, type, payload, at, ns } of committed) {
    if (type === 'accepted') {
      const { deadline, params } = Accepted.parse(JSON.parse(payload));
      over_ns.set(task_id, ns + (Date.parse(deadline) - Date.parse(at) + LATE_MS) * NS_PER_MS);
      tasks.set(params.call, task_id);
    }
    if (type === 'approval_asked') asked_ns.set(task_id, ns);
    if (type === 'approval_granted')
      over_ns.set(task_id, (over_ns.get(task_id) ?? 0) + ns - (asked_ns.get(task_id) ?? ns));
  }
  return history.flatMap((event) => {
    if (event.who !== 'agent' || event.kind !== 'exec-start') return [];
    const task_id = tasks.get(event.call ?? '') ?? '';
    return event.ns > (over_ns.get(task_id) ?? Infinity) ? [`INV9 ${task_id}: started too late`] : [];
  });
}

/** INV6: what an inbox kept is not done again in its place. */
function redone({ kept, history, placeOf }: World): string[] {
  return kept.flatMap(({ call, place, ns }) => {
    const again = history.some(
      (event) =>
        event.who === 'agent' &&
        event.kind === 'exec-start' &&
        event.call === call &&
        event.ns > ns &&
        event.effect !== 'read' &&
        placeOf(event.pid) === place,
    );
    return again ? [`INV6 ${call}: done again at ${place}, where its result was kept`] : [];
  });
}

/** INV7: a result is that of a run of this very task, on a process that held it. */
function foreignResults({ history }: World, events: readonly EventRow[]): string[] {
  return [...byTask(events)].flatMap(([task_id, own]) => {
    const end = own.find(({ type }) => type === 'succeeded');
    const result = end && Succeeded.safeParse(JSON.parse(end.payload)).data?.result;
    if (!result) return [];
    const run = history.find(
      (event) => event.who === 'agent' && event.kind === 'exec-start' && event.exec === result.run,
    );
    const holders = own.flatMap(({ type, payload }) =>
      type === 'leased' ? [Leased.parse(JSON.parse(payload)).instance_id] : [],
    );
    if (run?.who !== 'agent') return [`INV7 ${task_id}: the result of no run`];
    return holders.includes(run.instance_id ?? '')
      ? []
      : [`INV7 ${task_id}: the result is of ${run.instance_id ?? ''}`];
  });
}

/** INV21: what is at hand is what its events make of it. */
async function replayed({ ledger }: Incumbent, events: readonly EventRow[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [task_id, own] of byTask(events)) {
    const live = await ledger.get(task_id);
    const folded = fold(own, () => 0);
    if (!live || !isDeepStrictEqual(plain(live), plain(folded)))
      wrong.push(`INV21 ${task_id}: ${JSON.stringify(live)} is not ${JSON.stringify(folded)}`);
    if (live && !isFinal(live.state)) wrong.push(`INV18 ${task_id}: still ${live.state}`);
  }
  return wrong;
}

const plain = ({ due: _due, ...row }: TaskRow): unknown => JSON.parse(JSON.stringify(row));

function byTask(events: readonly EventRow[]): Map<string, EventRow[]> {
  const tasks = new Map<string, EventRow[]>();
  for (const event of events) tasks.set(event.task_id, [...(tasks.get(event.task_id) ?? []), event]);
  return tasks;
}

const Accepted = z.object({ deadline: z.string(), params: z.object({ call: z.string() }) });
const Succeeded = z.object({ result: z.object({ run: z.string() }) });
const Leased = z.object({ instance_id: z.string() });
const ENDS = new Set(['succeeded', 'failed', 'canceled', 'expired', 'denied', 'dead_lettered', 'unknown_effect']);
/** How much later than its deadline an attempt may start, ms. */
const LATE_MS = 100;
const NS_PER_MS = 1_000_000;
