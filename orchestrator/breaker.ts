/** One breaker per agent and skill: after too many failures nobody is sent there, until one task that tries it comes back well (PROM-P10). */
import { isLinkLost } from '../mesh/index.ts';
import { isRetryable, type AuroraError } from '../protocol/index.ts';
import { toIso, type Clock, type Metrics } from '../seams/index.ts';

/** All breakers. One that nobody asked about yet is closed. */
export interface Breakers {
  /** Whether a task may be sent there now, or why not and when somebody may try. */
  verdict(agent_id: string, skill: string): Verdict;
  /** A task is sent there. Call the answer once, with what became of it; only the first call counts. */
  begin(agent_id: string, skill: string): (outcome: Outcome, why?: string) => void;
  /** Those that are not closed. */
  open(): OpenBreaker[];
}

/** `probe`: open, but it is time that one task tries. `open_ms`: how long until that. */
export type Verdict = 'yes' | 'probe' | { open_ms: number; why: string };

/** What a task that was sent says of the agent; `ignored` says nothing: a caller's mistake, a cancel. */
export type Outcome = 'ok' | 'failed' | 'ignored';

/** A breaker that is not closed, for health. */
export interface OpenBreaker {
  agent_id: string;
  skill: string;
  state: 'open' | 'half_open';
  why: string;
  since: string;
  /** When one task may try. */
  retry_at: string;
}

/** Bounds of PROM-P10. */
export interface BreakerLimits {
  /** Failures in a row that open it: 5. */
  failures_max: number;
  /** Share of failures that opens it, of at least `outcomes_min` within `window_ms`: half of 20 in 30 s. */
  failed_share_max: number;
  outcomes_min: number;
  window_ms: number;
  /** How long it stays open, ms: 30 s, doubled each time that the one who tries fails, at most 5 min. */
  open_ms: number;
  open_ms_max: number;
  /** Agents and skills that are remembered; past it the one asked for longest ago goes, a closed one first. */
  pairs_max: number;
}

/** Breakers unless a configuration says otherwise (PROM-P10). */
export const BREAKER_LIMITS: BreakerLimits = {
  failures_max: 5,
  failed_share_max: 0.5,
  outcomes_min: 20,
  window_ms: 30_000,
  open_ms: 30_000,
  open_ms_max: 300_000,
  pairs_max: 4_096,
};

/** What breakers need. */
export interface BreakersDeps {
  clock: Clock;
  metrics?: Metrics | undefined;
  /** Called when work may be sent to that agent again: a try is due, or it did well. */
  onReady?: (agent_id: string) => void;
  limits?: Partial<BreakerLimits> | undefined;
}

/** Makes breakers, all closed. Times are monotonic: a jump of the wall moves none (PROM-D9). */
export function createBreakers({ clock, metrics, onReady = () => undefined, limits = {} }: BreakersDeps): Breakers {
  const bounds = { ...BREAKER_LIMITS, ...limits };
  const pairs = new Map<string, Pair>();

  return { verdict, begin, open };

  function verdict(agent_id: string, skill: string): Verdict {
    const tripped = pairs.get(keyOf(agent_id, skill))?.tripped;
    if (!tripped) return 'yes';
    if (tripped.is_due && !tripped.is_tried) return 'probe';
    const open_ms = tripped.is_due ? TRY_MS : Math.max(1, Math.ceil(tripped.retry_at - clock.monotonic()));
    return { open_ms, why: tripped.why };
  }

  function begin(agent_id: string, skill: string): (outcome: Outcome, why?: string) => void {
    const pair = pairOf(agent_id, skill);
    const tripped = verdict(agent_id, skill) === 'probe' ? pair.tripped : undefined;
    if (tripped) tripped.is_tried = true;
    let is_settled = false;
    return (outcome, why = 'it failed') => {
      if (is_settled) return;
      is_settled = true;
      if (tripped) settleTry(pair, tripped, outcome, why);
      else if (!pair.tripped) settle(pair, outcome, why); // one that began before it opened says nothing new
    };
  }

  function settle(pair: Pair, outcome: Outcome, why: string): void {
    if (outcome === 'ignored') return;
    note(pair, outcome);
    if (outcome === 'ok') return;
    if (pair.failures >= bounds.failures_max) trip(pair, 0, `${pair.failures} failures in a row, the last: ${why}`);
    else if (failsTooOften(pair)) trip(pair, 0, `too many of its last tasks failed, the last: ${why}`);
  }

  function settleTry(pair: Pair, tripped: Tripped, outcome: Outcome, why: string): void {
    if (outcome === 'failed') {
      trip(pair, tripped.times + 1, `it was tried and failed again: ${why}`);
      return;
    }
    tripped.is_tried = false;
    if (outcome === 'ok') close(pair);
    onReady(pair.agent_id);
  }

  function trip(pair: Pair, times: number, why: string): void {
    const open_ms = Math.min(bounds.open_ms_max, bounds.open_ms * 2 ** times);
    const now = clock.monotonic();
    const since = pair.tripped?.since ?? toIso(clock.now());
    const tripped = { times, why, since, retry_at: now + open_ms, is_due: false, is_tried: false };
    pair.tripped = tripped;
    clock.after(open_ms, () => {
      tripped.is_due = true;
      show(pair);
      onReady(pair.agent_id);
    });
    metrics?.count('breaker_opened_total', { agent_id: pair.agent_id, skill: pair.skill });
    show(pair);
  }

  function close(pair: Pair): void {
    pair.tripped = undefined;
    pair.failures = 0;
    pair.recent = [];
    show(pair);
  }

  function show({ agent_id, skill, tripped }: Pair): void {
    metrics?.gauge('breaker_state', tripped ? STATES.indexOf(stateOf(tripped)) : 0, { agent_id, skill });
  }

  /** Outcomes are kept as counts of one slice of the window each: what is remembered does not grow with the load. */
  function note(pair: Pair, outcome: 'ok' | 'failed'): void {
    pair.failures = outcome === 'ok' ? 0 : pair.failures + 1;
    const slice = Math.floor((clock.monotonic() * SLICES) / bounds.window_ms);
    if (pair.recent.at(-1)?.slice !== slice) {
      pair.recent = pair.recent.filter((counted) => counted.slice > slice - SLICES);
      pair.recent.push({ slice, ok: 0, failed: 0 });
    }
    const counted = pair.recent.at(-1);
    if (counted) counted[outcome]++;
  }

  function failsTooOften({ recent }: Pair): boolean {
    const failed = recent.reduce((sum, counted) => sum + counted.failed, 0);
    const all = recent.reduce((sum, counted) => sum + counted.ok, failed);
    return all >= bounds.outcomes_min && failed >= bounds.failed_share_max * all;
  }

  function pairOf(agent_id: string, skill: string): Pair {
    const key = keyOf(agent_id, skill);
    const pair = pairs.get(key) ?? { agent_id, skill, failures: 0, recent: [], tripped: undefined };
    pairs.delete(key);
    if (pairs.size >= bounds.pairs_max) forgetOne();
    pairs.set(key, pair);
    return pair;
  }

  function forgetOne(): void {
    let [forgotten] = pairs.keys();
    for (const [key, { tripped }] of pairs) {
      if (tripped) continue;
      forgotten = key;
      break;
    }
    if (forgotten !== undefined) pairs.delete(forgotten);
  }

  function open(): OpenBreaker[] {
    const [now, wall] = [clock.monotonic(), clock.now()];
    return [...pairs.values()].flatMap(({ agent_id, skill, tripped }) => {
      if (!tripped) return [];
      const { why, since, retry_at } = tripped;
      return [{ agent_id, skill, state: stateOf(tripped), why, since, retry_at: toIso(wall + retry_at - now) }];
    });
  }
}

/**
 * What an answer, or none, says of the agent: that the link went, that it broke or was not able to; not what the caller did wrong, nor
 * that work it handed off found nobody able to do it.
 */
export function outcomeOf(error?: AuroraError): Outcome {
  if (!error) return 'ok';
  return isLinkLost(error) || (BLAMED.has(error.code) && !isOfChild(error)) ? 'failed' : 'ignored';
}

/** What an agent passes on of a child that ended with a retryable code (`endedBadly`). */
const isOfChild = ({ code, detail }: AuroraError): boolean =>
  code === 5000 &&
  typeof detail === 'object' &&
  detail !== null &&
  'code' in detail &&
  isRetryable(codeIn(detail.code));

const codeIn = (text: unknown): number => Number(/^AURORA-(\d{4})$/.exec(String(text))?.[1]);

interface Pair {
  readonly agent_id: string;
  readonly skill: string;
  /** In a row. */
  failures: number;
  recent: { slice: number; ok: number; failed: number }[];
  /** Set while it is not closed. */
  tripped: Tripped | undefined;
}

interface Tripped {
  /** How often somebody tried it in vain. */
  times: number;
  why: string;
  since: string;
  /** Monotonic. */
  retry_at: number;
  /** Set by the timer alone: one that fires a little early still opens the door. */
  is_due: boolean;
  /** One task tries it now. */
  is_tried: boolean;
}

const stateOf = ({ is_due }: Tripped) => (is_due ? 'half_open' : 'open');
const keyOf = (agent_id: string, skill: string): string => `${agent_id} ${skill}`;

const BLAMED = new Set<number>([-32603, 5000, 5030, 5040]);
/** The values of the gauge `breaker_state`. */
const STATES = ['closed', 'half_open', 'open'];
/** Slices of the window. */
const SLICES = 30;
/** What is told while somebody tries, ms: how long that takes, nobody knows. */
const TRY_MS = 1_000;
