/** One seed: people ask a small mesh for things while it is struck by faults; then there is peace, and the judge speaks. */
import { openPlace, PLACES, type Place, type Wish } from './agents.ts';
import { sleep } from '../../seams/index.ts';
import { settled } from '../support/drive.ts';
import { ledgerFile, type LedgerFile } from './ledger-file.ts';
import { createOperator, type Operator, type Order } from './operators.ts';
import { openSeat, type Mutation, type Seat } from './seat.ts';
import { judge } from './verdict.ts';
import { createWorld, type World } from './world.ts';

/** What came of one seed. */
export interface Simulated {
  seed: number;
  /** Every broken promise, as a sentence. */
  verdict: string[];
  /** Tasks on record at the end. */
  tasks: number;
  /** How long it was, in virtual ms. */
  virtual_ms: number;
  /** What happened, line by line; only when it was traced. */
  trace: readonly string[];
  /** What there was to judge: rows of the journal by type, and what was seen outside by who and kind. */
  seen: ReadonlySet<string>;
}

/** Runs it; never rejects: a run that does not come to an end is a verdict too. */
export async function simulate(
  seed: number,
  { mutation = {}, is_traced = false }: { mutation?: Mutation; is_traced?: boolean } = {},
): Promise<Simulated> {
  const file = await ledgerFile();
  file.clear();
  const world = createWorld(seed, is_traced);
  const places = Array.from({ length: PLACES }, (_, nth) => openPlace(world, nth, mutation));
  const seat = openSeat(world, places, file, mutation);
  const verdict = await drive(world, story(world, file, { places, seat })).catch((reason: unknown) => [
    reason instanceof Error ? (reason.stack ?? reason.message) : String(reason),
  ]);
  for (const place of places) place.close();
  seat.close();
  const { count } = await file.db
    .selectFrom('tasks')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  const virtual_ms = Math.round(world.time.monotonic());
  return { seed, verdict, tasks: count, virtual_ms, trace: world.trace, seen: seenIn(world) };
}

function seenIn({ committed, history }: World): Set<string> {
  const seen = new Set<string>(committed.map(({ type }) => type));
  for (const event of history) {
    if (event.who === 'client') seen.add(`${event.op} ${event.kind}`);
    if (event.who === 'agent') seen.add(event.kind);
  }
  for (const { type, fence } of committed)
    if (type === 'leased' && fence !== null && fence > 1) seen.add('leased again');
  return seen;
}

/** Time goes on when everybody waits for it. */
async function drive<T>({ time }: World, story: Promise<T>): Promise<T> {
  let is_over = false;
  const over = () => (is_over = true);
  story.then(over, over);
  for (let step = 0; ; step++) {
    await settled();
    if (is_over) return story;
    if (step > STEPS_MAX) throw new Error(`no end after ${STEPS_MAX} steps, at ${time.monotonic()} ms`);
    if (!time.step()) throw new Error('nobody waits for anything, and it is not over');
  }
}

async function story(world: World, file: LedgerFile, stage: Stage): Promise<string[]> {
  const { time } = world;
  const ann = createOperator(world, 'operator:ann', stage.seat);
  const troubles = strike(world, stage);
  const decisions = APPROVERS.map((id) => decideAll(world, createOperator(world, id, stage.seat)));
  const asked = Promise.all(ordersOf(world).map((order) => ask(world, ann, order)));
  await sleep(time, TROUBLED_MS);
  world.heal();
  const { jumped, put_back_ms } = await troubles;
  const task_ids = (await asked).flatMap((task_id) => task_id ?? []);
  const quiet = await becameQuiet(world, file, { seat: stage.seat, put_back_ms });
  for (const each of decisions) each.end();
  for (const task_id of new Set(task_ids)) {
    const { state } = await ann.get(task_id);
    const about = { who: 'client', op: 'end', tenant: 'default', id: `end of ${task_id}` } as const;
    world.history.push({ ...about, kind: 'ok', task_id, state, ...time.stamp() });
  }
  const incumbent = stage.seat.now();
  if (!incumbent) return [...quiet, 'nobody sits in the seat at the end'];
  return [...quiet, ...(await judge(world, file, incumbent, jumped))];
}

interface Stage {
  places: readonly Place[];
  seat: Seat;
}

/* ---- what people want ---- */

function ordersOf(world: World): Planned[] {
  const { random } = world;
  return Array.from({ length: world.between(2, 8) }, (_, nth): Planned => {
    const skill = pick(world, SKILLS);
    const has_children = skill !== 'contain' && random.next() < 0.3;
    const params: Wish = {
      call: `wish-${nth}`,
      wait_ms: world.between(0, random.next() < 0.2 ? 4_000 : 300),
      ...(random.next() < 0.1 && { deaf: true }),
      ...(has_children && { children: Array.from({ length: world.between(1, 3) }, () => pick(world, CHILDREN)) }),
    };
    const deadline_ms = random.next() < 0.15 ? world.between(200, 3_000) : 60_000;
    const options = { idempotency_key: `key-${nth}`, deadline_ms, priority: world.between(1, 10) };
    return {
      order: { skill, params, options },
      at_ms: world.between(0, TROUBLED_MS),
      ...(random.next() < 0.15 && { cancel_after_ms: world.between(0, 1_500) }),
      twice: random.next() < 0.1,
    };
  });
}

interface Planned {
  order: Order;
  at_ms: number;
  cancel_after_ms?: number;
  /** Sent twice at once, under one key. */
  twice: boolean;
}

async function ask({ time }: World, ann: Operator, { order, at_ms, cancel_after_ms, twice }: Planned) {
  await sleep(time, at_ms);
  const again = twice ? ann.insist(order) : undefined;
  const task_id = await ann.insist(order);
  await again;
  if (order.skill === 'contain') {
    await sleep(time, ASKED_MS);
    await ann.decide(); // it is hers, so that her yes must not count
  }
  if (cancel_after_ms === undefined || task_id === undefined) return task_id;
  await sleep(time, cancel_after_ms);
  await ann.cancel(task_id);
  return task_id;
}

/** Somebody else than who asked looks now and then at what waits, until it is over. */
function decideAll(world: World, person: Operator): { end(): void } {
  let is_over = false;
  const look = async (): Promise<void> => {
    while (!is_over) {
      await sleep(world.time, world.between(200, 3_000));
      if (!is_over) await person.decide();
    }
  };
  void look(); // never rejects: `decide` looks again
  return { end: () => (is_over = true) };
}

/* ---- what happens to them ---- */

/** What became of the wall clock: whether it jumped, and how far back in all, ms. */
interface Jumps {
  jumped: boolean;
  put_back_ms: number;
}

/** Strikes at times of its own. */
async function strike(world: World, { places, seat }: Stage): Promise<Jumps> {
  const jumps = { jumped: false, put_back_ms: 0 };
  const strikes: Record<string, () => void> = {
    orchestrator: () => seat.crash('killed'),
    agent: () => pick(world, places).crash('killed'),
    link: () => world.cutOne(),
    disk() {
      world.tell('the disk is full');
      world.faults.is_disk_full = true;
      world.time.after(world.between(100, 4_000), () => (world.faults.is_disk_full = false));
    },
    wall() {
      const by_ms = pick(world, WALL_JUMPS_MS);
      jumps.jumped = true;
      jumps.put_back_ms += Math.max(0, -by_ms);
      world.tell(`the wall clock jumps by ${by_ms} ms`);
      world.time.jumpWall(by_ms);
    },
  };
  const planned = Array.from({ length: world.faults.strikes }, () => ({
    at_ms: world.between(0, TROUBLED_MS - 1),
    what: pick(world, STRIKES),
  })).sort((left, right) => left.at_ms - right.at_ms);
  let now_ms = 0;
  for (const { at_ms, what } of planned) {
    await sleep(world.time, at_ms - now_ms);
    now_ms = at_ms;
    strikes[what]?.();
  }
  return jumps;
}

/**
 * Waits until every task on record is final; what is open after that long is a broken promise (INV18). A frame that is lost on a
 * link that lives is missed at the deadline only, and a process that starts after the wall was put back reads a later one.
 */
async function becameQuiet(
  { time }: World,
  file: LedgerFile,
  { seat, put_back_ms }: Pick<Stage, 'seat'> & Pick<Jumps, 'put_back_ms'>,
): Promise<string[]> {
  const quiet_ms_max = QUIET_MS_MAX + put_back_ms;
  const until = time.monotonic() + quiet_ms_max;
  for (;;) {
    const open = await file.db.selectFrom('tasks').select('task_id').where('final_at', 'is', null).execute();
    if (open.length === 0 && isSettled(seat)) return [];
    if (time.monotonic() > until)
      return open.map(({ task_id }) => `INV18 ${task_id}: open ${quiet_ms_max} ms after the heal`);
    await sleep(time, LOOK_MS);
  }
}

/** Whoever sits there knows of no open task, nor of a commit whose end is in doubt. */
function isSettled(seat: Seat): boolean {
  const health = seat.now()?.orchestrator.health();
  return health !== undefined && health.tasks_open === 0 && health.ledger.state === 'ok';
}

function pick<T>(world: World, from: readonly T[]): T {
  return from[world.between(0, from.length - 1)]!;
}

/** When many questions come at once two people have to approve (ATK-F10). */
const APPROVERS = ['operator:ben', 'operator:cay'];
const SKILLS = ['look', 'look', 'set', 'set', 'fire', 'contain'];
const CHILDREN = ['look', 'set'];
const STRIKES = ['orchestrator', 'orchestrator', 'agent', 'agent', 'link', 'link', 'disk', 'wall'];
const WALL_JUMPS_MS = [3_600_000, -7_200_000, 30_000];
/** When what was ordered is surely asked about, ms. */
const ASKED_MS = 50;
/** How long faults happen, ms. */
const TROUBLED_MS = 8_000;
/** A silent death (20 s) and the breakers and pauses after it may come one after the other; a task has 60 s. */
const QUIET_MS_MAX = 120_000;
const LOOK_MS = 250;
const STEPS_MAX = 200_000;
