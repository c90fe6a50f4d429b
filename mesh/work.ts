/** One call of a skill: its routing, its deadline, and how it ends. */
import { z } from 'zod';
import {
  AuroraError,
  invalidParams,
  Meta,
  type Implementation,
  type Routing,
  type RpcParams,
  type TaskEventKind,
} from '../protocol/index.ts';
import { createStop, type Clock, type Stop } from '../seams/index.ts';
import { aboutOf, createContext, type ContextDeps } from './context.ts';
import type { EffectsOf } from './effects.ts';
import type { Peer } from './peer.ts';

/** What running a skill needs. */
export interface WorkDeps extends ContextDeps {
  effectsOf: EffectsOf;
}

/** A call with its `_meta` taken out. */
export interface Work {
  params: Record<string, unknown>;
  /** Absent when nobody routed this call: an anonymous or operator's request. */
  routing: Routing | undefined;
  progress_token: string | number | undefined;
  /** Of the request from outside that this work began with, when somebody named it: the same in every log on the way. */
  request_id: string | undefined;
  /** Monotonic time at which it must be over. */
  due: number;
}

/** Takes `_meta` out of params; `trusted` says whether its routing counts. Throws -32602 on params that are no object. */
export function parseWork(params: RpcParams | undefined, clock: Clock, trusted: boolean): Work {
  if (Array.isArray(params)) throw new AuroraError(-32602, { message: 'Invalid params: / params must be an object' });
  const { _meta, ...rest } = params ?? {};
  const meta = Meta.safeParse(_meta ?? {});
  if (!meta.success && trusted) throw invalidParams(new z.ZodError(meta.error.issues));
  const routing = trusted ? meta.data?.handoff : undefined;
  const budget_ms = routing
    ? Math.min(routing.budget_ms, Date.parse(routing.deadline) - clock.now())
    : BUDGET_MS_DEFAULT;
  if (budget_ms <= 0) throw new AuroraError(5040);
  const { progress_token, request_id: named } = meta.data ?? {};
  const request_id = trusted && typeof named === 'string' && named.length <= ID_CHARS_MAX ? named : undefined;
  return { params: rest, routing, progress_token, request_id, due: clock.monotonic() + budget_ms };
}

/** Who asks for a run now. Routed work changes hands: its orchestrator may come back on another link (PROM-P12). */
export interface Asker {
  peer: Peer;
  routing: Routing | undefined;
  progress_token: string | number | undefined;
}

/** One run of one skill. */
export interface Run {
  work: Work;
  /** Names it in the log. */
  request_id: string;
  asker(): Asker;
  tell(kind: TaskEventKind, value: unknown): void;
  /** Stops it. */
  stop: Pick<Stop, 'aborted' | 'reason' | 'onAbort'>;
}

/**
 * Runs the skill until it answers, fails, is stopped or its time is over. A handler that ignores the signal is left behind:
 * the caller gets 4990 after the grace time or 5040 at the deadline, but not while an effect is under way; `settled` tells when it
 * really ended.
 */
export function runWork(
  deps: WorkDeps,
  implementation: Implementation,
  run: Run,
): { answer: Promise<unknown>; settled: Promise<void> } {
  const { clock, log } = deps;
  const { params, due } = run.work;
  const { id } = implementation.skill;
  log.debug(aboutOf(run, id), 'a skill begins');
  const stop = createStop();
  let giveUp: (error: AuroraError) => void = ignore;
  const stopTimer = clock.after(due - clock.monotonic(), () => stop.abort(new AuroraError(5040)));
  const ignoreAsker = run.stop.onAbort((reason) => stop.abort(reason));
  const { effects, underWay } = deps.effectsOf(implementation.skill, run, stop);
  const running = implementation.invoke(params, createContext(deps, id, { run, stop, effects }));
  const answer = new Promise<unknown>((resolve, reject) => {
    giveUp = reject;
    running.then(resolve, (reason: unknown) => {
      // A handler that throws because it was told to stop answers with why it was told.
      reject(AuroraError.from(reason instanceof AuroraError ? reason : (stop.reason ?? reason), -32603));
    });
  });
  stop.onAbort((reason) => {
    const error = AuroraError.from(reason);
    if (error.code === 5040) giveUpAfterEffects(error);
    else clock.after(CANCEL_GRACE_MS, () => giveUpAfterEffects(error));
  });
  const leave = () => {
    stopTimer();
    ignoreAsker();
  };
  const settled = running.then(leave, leave);
  return { answer, settled };

  /** An effect that is under way is waited for: whoever stopped the work is told late what became of it (PROM-P7). */
  function giveUpAfterEffects(error: AuroraError): void {
    const effects_over = underWay();
    if (!effects_over) {
      giveUp(error);
      return;
    }
    clock.after(EFFECT_MS_MAX, () => giveUp(error));
    void effects_over.then(() => clock.after(CANCEL_GRACE_MS, () => giveUp(error)));
  }
}

function ignore(): void {
  // Nobody asked.
}

const BUDGET_MS_DEFAULT = 60_000;
const CANCEL_GRACE_MS = 1_500;
/** How long an effect may keep the answer to a call that was stopped: longer than any one try of the shipped driver. */
const EFFECT_MS_MAX = 30_000;
/** A UUID, and room for what others call theirs. */
const ID_CHARS_MAX = 64;
