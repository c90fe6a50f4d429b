/** Routed work: each task runs once, whoever asks again for it, and its outcome is kept before it is answered (PROM-P4, PROM-P12). */
import { AuroraError, type Implementation, type Routing } from '../protocol/index.ts';
import {
  createStop,
  makeRoom,
  type CancelTimer,
  type Clock,
  type Inbox,
  type InboxEntry,
  type Log,
  type Metrics,
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
      running.handTo(call, askerOf(work, routing, call), fence);
      watch(running, routing);
      running.told?.again(running.asker());
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
    checkUntaken(routing);
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
  function checkUntaken({ task_id, fence }: Routing): void {
    if (fence <= (fences.get(task_id) ?? -1)) throw taken(fence);
  }

  function start(implementation: Implementation, work: Work, routing: Routing, call: Call, asked: Asked): Execution {
    const by = askerOf(work, routing, call);
    const execution = new Execution({ task_id: routing.task_id, asked, work, call, by, clock });
    executions.set(execution.task_id, execution);
    watch(execution, routing);
    const running = deps.run(implementation, execution, () => execution.begin());
    execution.outcome = outcomeOf(running).then((outcome) => {
      // What was stopped, or never began, has no outcome that anybody may be answered with later.
      if (execution.is_begun && !execution.stop.aborted) keep(implementation, execution, outcome);
      end(execution);
      return outcome;
    });
    return execution;
  }

  /** Its newest call is the one whose end counts, and its fence is taken. */
  function watch(execution: Execution, { task_id, fence }: Routing): void {
    const { call } = execution;
    keepNewest(fences, task_id, fence, FENCES_MAX);
    call.stop.onAbort((reason) => {
      if (execution.call !== call || executions.get(task_id) !== execution) return;
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
      const entry = { task_id, effect_key: '', skill, digest, fence, outcome: toText(outcome) };
      deps.inboxOf(implementation).keep(entry);
    } catch (err) {
      metrics.count('inbox_faults_total');
      log.error({ task_id, err }, 'an outcome could not be kept');
    }
  }

  function end(execution: Execution): void {
    const { task_id, stop, told, call } = execution;
    execution.cancelOrphan?.();
    executions.delete(task_id);
    if (!stop.aborted) keepNewest(answered, task_id, { peer: call.peer, told }, ANSWERED_MAX);
    if (executions.size === 0) for (const resolve of idle_waiters.splice(0)) resolve();
  }
}

interface Asked {
  skill: string;
  digest: string;
  fence: number;
}

/** A run that the orchestrator asked for. A class: made of a literal with a closure for each member it cost more than what it runs. */
class Execution implements Run, Asked {
  readonly task_id: string;
  readonly skill: string;
  readonly digest: string;
  readonly work: Work;
  readonly request_id: string;
  readonly stop = createStop();
  readonly clock: Clock;
  fence: number;
  /** The newest call for it. */
  call: Call;
  by: Asker;
  /** Made for the first that is told: whoever keeps it keeps a whole run alive. */
  told: Told | undefined;
  is_begun = false;
  cancelOrphan: CancelTimer | undefined;
  outcome: Promise<Outcome> = NOT_YET;

  constructor(about: { task_id: string; asked: Asked; work: Work; call: Call; by: Asker; clock: Clock }) {
    const { asked, call } = about;
    this.task_id = about.task_id;
    this.skill = asked.skill;
    this.digest = asked.digest;
    this.fence = asked.fence;
    this.work = about.work;
    this.request_id = call.request_id;
    this.clock = about.clock;
    this.call = call;
    this.by = about.by;
  }

  /** From now on this call is the one who asks: it hears the progress, and its link is the one to ask back over. */
  handTo(call: Call, by: Asker, fence: number): void {
    this.cancelOrphan?.();
    this.call = call;
    this.by = by;
    this.fence = fence;
  }

  begin(): void {
    this.is_begun = true;
  }

  asker(): Asker {
    return this.by;
  }

  tell(...[kind, value]: Parameters<Run['tell']>): void {
    this.told ??= createTold(this.clock, () => this.asker(), this.work.routing?.fence);
    this.told.tell(kind, value);
  }
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

function keepNewest<V>(map: Map<string, V>, key: string, value: V, count_max: number): void {
  map.delete(key);
  makeRoom(map, count_max, count_max / 8);
  map.set(key, value);
}

const NOT_YET: Promise<Outcome> = Promise.resolve({ result: null });
const FENCES_MAX = 10_000;
/** Answers that are offered again when their link goes. */
const ANSWERED_MAX = 256;
/** What a hello may list. */
const IN_FLIGHT_MAX = 1_024;
