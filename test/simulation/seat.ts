/** Where the orchestrator runs: it dies with everything since its last commit, and is started again over what was committed. */
import {
  createLedger,
  createOrchestrator,
  PolicyRules,
  type Ledger,
  type Orchestrator,
} from '../../orchestrator/index.ts';
import { memoryBlobs } from '../../seams/index.ts';
import type { AgentFaults, Place } from './agents.ts';
import { identityAs, PINS } from './keys.ts';
import type { Disk, LedgerFile, SimulatedStore } from './ledger-file.ts';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** The seat of the orchestrator. */
export interface Seat {
  /** The one who sits there and is ready. */
  readonly now: () => Incumbent | undefined;
  readonly crash: (why: string) => void;
  /** Nobody sits there any more. */
  readonly close: () => void;
}

/** One life of the orchestrator. */
export interface Incumbent {
  readonly process: SimulatedProcess;
  readonly orchestrator: Orchestrator;
  readonly ledger: Ledger;
}

/** A product that is broken on purpose, at its seams. */
export interface Mutation extends AgentFaults {
  readonly store?: (store: SimulatedStore) => SimulatedStore;
  readonly ledger?: (ledger: Ledger) => Ledger;
}

/** Seats the first. */
export function openSeat(world: World, places: readonly Place[], file: LedgerFile, mutation: Mutation): Seat {
  const { time, faults } = world;
  const disk: Disk = {
    isFull: () => faults.is_disk_full,
    isDoubtful: () => (world.happens(faults.doubt) ? (world.happens(0.5) ? 'kept' : 'lost') : undefined),
    onCommit({ events }) {
      const { ns } = time.stamp();
      for (const event of events) world.committed.push({ ...event, ns });
      world.tell(`  committed: ${events.map(({ task_id, type }) => `${task_id} ${type}`).join(', ')}`);
    },
  };
  let life: (Incumbent & { ready: boolean }) | undefined;
  boot();

  return { now: () => (life?.ready ? life : undefined), crash, close: () => life?.process.die(0) };

  function boot(): void {
    if (faults.is_disk_full) {
      time.after(BOOT_AGAIN_MS, boot);
      return;
    }
    const process = world.process('orchestrator');
    const { store = same, ledger: mutate = same } = mutation;
    const opened = store(file.open(process, { log: world.log, disk, endOfTurn: (run) => endOfTurn(process, run) }));
    const ledger = mutate(createLedger(opened, process.clock));
    const orchestrator = createOrchestrator({
      clock: process.clock,
      ids: world.ids,
      random: world.random,
      log: world.log,
      metrics: world.metrics,
      pins: PINS,
      anonymous: 'loopback',
      self: identityAs('orchestrator', world.ids.next('inst')),
      ledger,
      storeHealth: opened.health,
      epoch: opened.epoch,
      mode: 'active',
      rules: RULES,
      grants: GRANTS,
      blobs: memoryBlobs(),
      base_url: () => 'http://127.0.0.1:1',
      quarantine: { places: 256, add: () => undefined, drop: () => true, list: () => [] },
      agents: places.map(({ agent_id, url }) => ({ agent_id, url })),
      dial: async (url) => places.find((place) => place.url === url)!.dial(process),
      fetchCard: async (url) => places.find((place) => place.url === url)!.card,
      failpoints: {
        hit(name) {
          if (process.isAlive() && world.happens(faults.die_at_failpoint)) crash(`at ${name}`);
        },
      },
    });
    life = { process, orchestrator, ledger, ready: false };
    world.tell(`the orchestrator starts, epoch ${opened.epoch}`);
    void serve(life);
  }

  async function serve(own: NonNullable<typeof life>): Promise<void> {
    await own.orchestrator.recover();
    if (!own.process.isAlive()) return;
    own.orchestrator.start();
    own.ready = true;
  }

  /** Commits take their time, and the process may die just before one, or between one and its acknowledgement. */
  function endOfTurn(process: SimulatedProcess, run: () => void): void {
    const ms = world.happens(0.02) ? SLOW_COMMIT_MS : world.between(0, 1);
    process.clock.after(ms, () => {
      if (world.happens(faults.die_at_commit)) crash('before a commit');
      if (!process.isAlive()) return;
      run();
      if (world.happens(faults.die_at_commit)) crash('after a commit, before it was told');
    });
  }

  function crash(why: string): void {
    if (!life) return;
    world.tell(`the orchestrator dies: ${why}`);
    life.process.die(world.happens(0.1) ? SILENT_MS : world.between(0, 30));
    life = undefined;
    time.after(world.between(50, 2_000), boot);
  }
}

const same = <T>(thing: T): T => thing;

const RULES = PolicyRules.parse({});
const GRANTS = { ada: ['effect:read', 'effect:idempotent'], bob: ['effect:read', 'effect:idempotent'] };
const BOOT_AGAIN_MS = 500;
const SLOW_COMMIT_MS = 300;
/** How long nobody may notice a death, ms: a half-open link ends with its heartbeat (PROM-P12). */
const SILENT_MS = 20_000;
