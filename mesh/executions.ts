/** Routed work: each task runs once, whoever asks again for it, and its outcome is kept before it is answered (PROM-P4, PROM-P12). */
import { AuroraError, type Implementation, type Routing } from '../protocol/index.ts';
import {
  createStop,
  type CancelTimer,
  type Clock,
  type Inbox,
  type InboxEntry,
  type Log,
  type Metrics,
  type Stop,
} from '../seams/index.ts';
import { digestOf } from './canonical.ts';
import { answerOf, outcomeOf, parseOutcome, toText, type Outcome } from './outcome.ts';
import { isHungUp } from './failing.ts';
import type { Call, Peer } from './peer.ts';
import { createTold, type Told } from './told.ts';
import type { Asker, Run, Work } from './work.ts';

/** What executions need. */
export interface ExecutionsDeps {
  agent_id: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** Where the outcomes of that skill are kept. */
  inboxOf(implementation: Implementation): Inbox;
  /** Tasks whose answers may never have arrived, from an earlier life of this agent. */
  earlier: readonly string[];
  /** How long work goes on that nobody asks for any more, ms (PROM-P12: a lease). */
  orphan_ms_max: number;
  /** Starts a run once there is room for it; `onStart` hears it. */
  run(implementation: Implementation, run: Run, onStart: () => void): Promise<unknown>;
}

/** Work that the orchestrator handed over. */
export interface Executions {
  /** Answers a handoff: by joining the run of this task, from what is kept of it, or by running it. */
  serve(implementation: Implementation, work: Work, routing: Routing, call: Call): Promise<unknown>;
  /** Tasks to ask us for again: those that run, and those whose answer went to a link that is gone by now. */
  readonly inFlight: () => string[];
  /** Resolves when none runs. */
  idle(): Promise<void>;
  /** Stops whatever still runs. */
  stop(reason: AuroraError): void;
}

/** Makes the executions of one host. */
export function createExecutions(deps: ExecutionsDeps): Executions {
  const { clock, log, metrics } = deps;
  const executions = new Map<string, Execution>();
  const fences = new Map<string, number>();
  const answered = new Map<string, Answered>(deps.earlier.toReversed().map((task_id) => [task_id, {}]));
  const idle_waiters: (() => void)[] = [];

  return {
    serve,
    inFlight() {
      const doubtful = [...answered].reverse().flatMap(([task_id, how]) => (isDoubtful(how) ? [task_id] : []));
      return [...executions.keys(), ...doubtful].slice(0, IN_FLIGHT_MAX);
    },
    idle: () => (executions.size === 0 ? Promise.resolve() : new Promise((resolve) => void idle_waiters.push(resolve))),
    stop(reason) {
      for (const execution of executions.values()) execution.stop.abort(reason);
    },
  };

  async function serve(implementation: Implementation, work: Work, routing: Routing, call: Call): Promise<unknown> {
    const { task_id, fence, to } = routing;
    if (to !== deps.agent_id) throw new AuroraError(4030, { message: `This handoff is for ${to}` });
    const asked = { skill: implementation.skill.id, digest: digestOf(work.params), fence };
    const running = executions.get(task_id);
    if (running) {
      checkSame(running, asked);
      metrics.count('redeliveries_total', { answered: 'joined' });
      hold(running, work, routing, call);
      running.told.again(running.asker);
      return answerOf(await running.outcome);
    }
    const kept = keptOutcome(implementation, task_id, asked);
    if (kept) {
      metrics.count('redeliveries_total', { answered: 'inbox' });
      const told = answered.get(task_id)?.told;
      told?.again(askerOf(work, routing, call));
      keepNewest(answered, task_id, { peer: call.peer, told }, ANSWERED_MAX);
      return answerOf(kept);
    }
    claim(routing);
    return answerOf(await start(implementation, work, routing, call, asked).outcome);
  }

  /**
   * A result stands for every later attempt. An error stands for its own: whoever asks again with a higher fence wants another
   * try, because it may go better, was approved meanwhile, or was redriven by a person.
   */
  function keptOutcome(implementation: Implementation, task_id: string, asked: Asked): Outcome | undefined {
    const entry = findKept(implementation, task_id);
    if (!entry) return undefined;
    checkSame(entry, asked);
    const outcome = parseOutcome(entry.outcome);
    return 'result' in outcome || entry.fence === asked.fence ? outcome : undefined;
  }

  function findKept(implementation: Implementation, task_id: string): InboxEntry | undefined {
    try {
      return deps.inboxOf(implementation).find(task_id);
    } catch (cause) {
      throw new AuroraError(5030, { message: 'What was done already cannot be read', cause });
    }
  }

  /** A fence is taken once: a replayed or older handoff of the same task is refused (ATK-E5). */
  function claim({ task_id, fence }: Routing): void {
    if (fence <= (fences.get(task_id) ?? -1)) throw taken(fence);
    keepNewest(fences, task_id, fence, FENCES_MAX);
  }

  function start(implementation: Implementation, work: Work, routing: Routing, call: Call, asked: Asked): Execution {
    const stop = createStop();
    const asker = () => execution.asker;
    const told = createTold(clock, asker, routing.fence);
    const execution: Execution = {
      ...asked,
      task_id: routing.task_id,
      stop,
      call,
      asker: askerOf(work, routing, call),
      told,
      cancelOrphan: ignore,
      outcome: Promise.resolve({ result: null }),
    };
    executions.set(routing.task_id, execution);
    hold(execution, work, routing, call);
    const run = { work, request_id: call.request_id, stop, asker, tell: told.tell };
    let is_started = false;
    execution.outcome = outcomeOf(deps.run(implementation, run, () => (is_started = true))).then((outcome) => {
      // What was stopped, or never began, has no outcome that anybody may be answered with later.
      if (is_started && !stop.aborted) keep(implementation, execution, outcome);
      end(execution);
      return outcome;
    });
    return execution;
  }

  /** From now on this call is the one who asks: it hears the progress, and its link is the one to ask back over. */
  function hold(execution: Execution, work: Work, routing: Routing, call: Call): void {
    execution.cancelOrphan();
    execution.call = call;
    execution.asker = askerOf(work, routing, call);
    execution.fence = routing.fence;
    keepNewest(fences, routing.task_id, routing.fence, FENCES_MAX);
    call.stop.onAbort((reason) => {
      if (execution.call !== call || executions.get(execution.task_id) !== execution) return;
      if (!isHungUp(reason)) execution.stop.abort(reason);
      else execution.cancelOrphan = clock.after(deps.orphan_ms_max, () => abandon(execution));
    });
  }

  function abandon({ stop, task_id }: Execution): void {
    log.warn({ task_id }, 'nobody came back for a task: it is stopped');
    metrics.count('tasks_abandoned_total');
    stop.abort(new AuroraError(4990, { message: 'Nobody came back for this task' }));
  }

  /** Before the answer: whoever asks again must find it. Where it cannot be kept, the truth is still answered. */
  function keep(implementation: Implementation, { task_id, skill, digest, fence }: Execution, outcome: Outcome): void {
    try {
      const about = { task_id, effect_key: '', skill, digest, fence };
      deps.inboxOf(implementation).keep({ ...about, outcome: toText(outcome) });
    } catch (err) {
      metrics.count('inbox_faults_total');
      log.error({ task_id, err }, 'an outcome could not be kept');
    }
  }

  function end({ task_id, stop, asker, told, cancelOrphan }: Execution): void {
    cancelOrphan();
    executions.delete(task_id);
    const how = told.isEmpty() ? { peer: asker.peer } : { peer: asker.peer, told };
    if (!stop.aborted) keepNewest(answered, task_id, how, ANSWERED_MAX);
    if (executions.size === 0) for (const resolve of idle_waiters.splice(0)) resolve();
  }
}

interface Asked {
  skill: string;
  digest: string;
  fence: number;
}

interface Execution extends Asked {
  readonly task_id: string;
  readonly stop: Stop;
  /** The newest call for it. */
  call: Call;
  asker: Asker;
  readonly told: Told;
  cancelOrphan: CancelTimer;
  outcome: Promise<Outcome>;
}

/** A task that was answered: over which link, and what was told on the way. Neither is known of an earlier life. */
interface Answered {
  peer?: Peer;
  told?: Told | undefined;
}

/** The same task asked again, or anything else under its name (ATK-E5, wire.md 7). */
function checkSame(known: Asked, asked: Asked): void {
  if (asked.fence < known.fence) throw taken(asked.fence);
  if (asked.skill !== known.skill || asked.digest !== known.digest) {
    const { fence } = asked;
    throw new AuroraError(4090, {
      message: 'This task was asked with another skill or other params',
      detail: { fence },
    });
  }
}

const taken = (fence: number) =>
  new AuroraError(4090, { message: 'This attempt was taken already', detail: { fence } });

const askerOf = ({ progress_token }: Work, routing: Routing, { peer }: Call): Asker => ({
  peer,
  routing,
  progress_token,
});

/** An answer that was given to a link which is gone by now may never have arrived. */
const isDoubtful = ({ peer }: Answered): boolean => peer?.link.open !== true;

/** At the bound an eighth goes at once: the way to the oldest of a map leads over the places of all that were taken out before. */
function keepNewest<V>(map: Map<string, V>, key: string, value: V, count_max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= count_max) return;
  let too_many = map.size - count_max + Math.floor(count_max / 8);
  for (const oldest of map.keys()) {
    if (too_many-- === 0) return;
    map.delete(oldest);
  }
}

function ignore(): void {
  // Nobody is missed yet.
}

const FENCES_MAX = 10_000;
/** Answers that are offered again when their link goes. */
const ANSWERED_MAX = 256;
/** What a hello may list. */
const IN_FLIGHT_MAX = 1_024;
