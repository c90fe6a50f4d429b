/** What the processes of one seed share: time, chance, the network, the outside world, and what everybody saw. */
import { simulatedLink, type Link } from '../../mesh/index.ts';
import { countingIds, countingMetrics, seededRandom, type Ids, type Log, type Random } from '../../seams/index.ts';
import type { HistoryEvent } from '../faults/history.ts';
import type { NewEvent } from '../../store/chain.ts';
import { startProcess, type SimulatedProcess } from './process.ts';
import { virtualClock, type VirtualClock } from './time.ts';

/** One seed's world. */
export interface World {
  readonly seed: number;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: ReturnType<typeof countingMetrics>;
  readonly history: HistoryEvent[];
  readonly faults: Faults;
  /** Events of the ledger, at the moment when they were committed. */
  readonly committed: (NewEvent & { ns: number })[];
  /** Effects that took place, by their names. */
  readonly effects: Set<string>;
  /** Results that an agent's inbox kept, by wish: nobody may do them again there. */
  readonly kept: { call: string; place: string; ns: number }[];
  /** Whether a fault of that probability happens now; none does after the heal. */
  readonly happens: (probability: number) => boolean;
  /** A whole number from `least` to `most`. */
  readonly between: (least: number, most: number) => number;
  readonly process: (name: string) => SimulatedProcess;
  /** The name of the place where a process lives or lived. */
  readonly placeOf: (pid: number) => string | undefined;
  /** A link between two processes, or from somebody who never dies. */
  readonly link: (dialled: string, from: SimulatedProcess | undefined, to: SimulatedProcess) => [Link, Link];
  /** Cuts one of the links. */
  readonly cutOne: () => void;
  readonly heal: () => void;
  readonly tell: (text: string) => void;
  readonly trace: readonly string[];
}

/** How bad it is: probabilities, unless said. */
export interface Faults {
  links: { delay_ms: [number, number]; loss: number; duplicate: number; reorder: number; cut: number };
  /** Of a death just before, or just after, a commit. */
  die_at_commit: number;
  /** Of a death at a place that the orchestrator's own code names. */
  die_at_failpoint: number;
  /** Of a death in the middle of a run. */
  die_in_run: number;
  /** Of a commit whose end is not known. */
  doubt: number;
  /** How many times something is killed, cut, filled or jumped. */
  strikes: number;
  is_disk_full: boolean;
  is_healed: boolean;
}

/** Makes it, as bad as the seed says. */
export function createWorld(seed: number, is_traced: boolean): World {
  const random = seededRandom(Math.imul(seed, SPREAD));
  const time = virtualClock(random);
  const trace: string[] = [];
  const links: Link[] = [];
  const tell = (text: string) => {
    if (is_traced) trace.push(`${time.monotonic().toFixed(0).padStart(7)} ms  ${text}`);
  };
  const faults = chooseFaults(random);
  const names: string[] = [];

  return {
    seed,
    time,
    random,
    ids: countingIds(),
    log: tracing(tell, is_traced),
    metrics: countingMetrics(),
    history: [],
    committed: [],
    faults,
    effects: new Set(),
    kept: [],
    happens: (probability) => !faults.is_healed && probability > 0 && random.next() < probability,
    between: (least, most) => least + Math.floor(random.next() * (most - least + 1)),
    process: (name) => startProcess(name, names.push(name), time),
    placeOf: (pid) => names[pid - 1],
    link(dialled, from, to) {
      const ends = simulatedLink({ clock: time, random, faults: faults.links, dialled });
      const [near, far] = ends;
      links.push(near);
      return [from ? from.own(near) : near, to.own(far)];
    },
    cutOne() {
      const open = links.filter((link) => link.open);
      const chosen = open[Math.floor(random.next() * open.length)];
      if (chosen) tell(`the link to ${chosen.dialled} is cut`);
      chosen?.cut();
    },
    heal() {
      tell('from here on nothing goes wrong any more');
      Object.assign(faults, HEALED);
      Object.assign(faults.links, HEALED_LINKS);
    },
    tell,
    trace,
  };
}

/** Every seed has another mixture; one in six has bad links only. */
function chooseFaults(random: Random): Faults {
  const next = () => random.next();
  const some = (share: number, probability: number) => (next() < share ? probability : 0);
  const is_calm = next() < 1 / 6;
  const dying = is_calm ? 0 : 1;
  return {
    links: {
      delay_ms: [0, next() < 0.2 ? 200 : 20],
      loss: some(0.15, 0.02),
      duplicate: some(0.25, 0.05),
      reorder: some(0.25, 0.1),
      cut: some(0.35, 0.01),
    },
    die_at_commit: dying * some(0.4, 0.04),
    die_at_failpoint: dying * some(0.4, 0.04),
    die_in_run: dying * some(0.4, 0.15),
    doubt: dying * some(0.25, 0.05),
    strikes: is_calm ? 0 : Math.floor(next() * 7),
    is_disk_full: false,
    is_healed: false,
  };
}

/** Everything that is logged, as lines of the trace. */
function tracing(tell: (text: string) => void, is_traced: boolean): Log {
  const line = (fields: object, text: string) => {
    if (is_traced) tell(`  ${text} ${JSON.stringify(fields, hideCauses)}`);
  };
  const log: Log = { debug: () => undefined, info: line, warn: line, error: line, with: () => log };
  return log;
}

const hideCauses = (key: string, value: unknown): unknown =>
  key === 'err' ? (value instanceof Error ? value.message : value) : value;

const HEALED = { die_at_commit: 0, die_at_failpoint: 0, die_in_run: 0, doubt: 0, is_disk_full: false, is_healed: true };
const HEALED_LINKS = { delay_ms: [0, 5], loss: 0, duplicate: 0, reorder: 0, cut: 0 };
/** Neighbouring seeds must not be alike. */
const SPREAD = 2_654_435_761;
