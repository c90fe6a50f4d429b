/** One call of a skill: its routing, its deadline and the context its handler is given. */
import { z } from 'zod';
import {
  AuroraError,
  invalidParams,
  Meta,
  type HandoffTarget,
  type Implementation,
  type Routing,
  type RpcParams,
  type SkillContext,
  type Source,
} from '../protocol/index.ts';
import { createStop, sha256Of, type Clock, type Content, type Log, type Stop, type Workers } from '../seams/index.ts';
import type { EffectsOf } from './effects.ts';
import type { Peer } from './peer.ts';
import type { Told } from './told.ts';

/** What the context of a handler is made of. */
export interface WorkDeps {
  clock: Clock;
  log: Log;
  content: Content;
  workers: Pick<Workers, 'run'>;
  effectsOf: EffectsOf;
  /** Opens a reference; inline sources are opened here. */
  openRef(ref: NonNullable<Source['ref']>, routing: Routing | undefined): AsyncIterable<Uint8Array>;
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
  tell: Told['tell'];
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
  const { clock } = deps;
  const { params, due } = run.work;
  const stop = createStop();
  let giveUp: (error: AuroraError) => void = ignore;
  const stopTimer = clock.after(due - clock.monotonic(), () => stop.abort(new AuroraError(5040)));
  const ignoreAsker = run.stop.onAbort((reason) => stop.abort(reason));
  const { effects, underWay } = deps.effectsOf(implementation.skill, run, stop);
  const running = implementation.invoke(params, contextOf(deps, implementation, { run, stop, effects }));
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
  const settled = running.then(ignore, ignore).finally(() => {
    stopTimer();
    ignoreAsker();
  });
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

function contextOf(
  deps: WorkDeps,
  { skill }: Implementation,
  { run, stop, effects }: { run: Run; stop: Stop; effects: SkillContext['effects'] },
): SkillContext {
  const { clock, content } = deps;
  const { work, request_id, tell } = run;
  const about = { request_id: work.request_id ?? request_id, task_id: work.routing?.task_id, skill: skill.id };
  let log: Log | undefined;
  deps.log.debug(about, 'a skill begins');
  return {
    get signal() {
      return stop.signal;
    },
    remaining_ms: () => Math.max(0, work.due - clock.monotonic()),
    clock,
    get log() {
      return (log ??= deps.log.with(about)); // most say nothing
    },
    content,
    progress: {
      status: (text) => tell('status', { text }),
      thought: (text) => tell('thought', { text }),
      artifact: (name, value) => tell('artifact', { name, value }),
      async tool(name, input, run) {
        const started = clock.monotonic();
        const report = (outcome: string) =>
          tell('tool_call', {
            tool: name,
            input_sha256: sha256Of(JSON.stringify(input ?? null)),
            outcome,
            duration_ms: Math.round(clock.monotonic() - started),
          });
        try {
          const value = await run();
          report('ok');
          return value;
        } catch (reason) {
          report('failed');
          throw reason;
        }
      },
    },
    blobs: { open: (source) => openSource(source, (ref) => deps.openRef(ref, run.asker().routing)) },
    workers: { run: (job, input, { ms_max }) => deps.workers.run(job, input, { ms_max, signal: stop.signal }) },
    effects,
    async handoff({ to, params, reason, idempotency_key }) {
      const { peer, routing } = run.asker();
      if (!routing) throw new AuroraError(4030, { message: 'Only handed-off work may hand off' });
      const meta = { handoff: { parent_id: routing.task_id, fence: routing.fence } };
      const timeout_ms = Math.max(1, work.due - clock.monotonic());
      const options = { reason, ...(idempotency_key !== undefined && { idempotency_key }) };
      const asked = { to: targetOf(to), params, wait: 'result', options, _meta: meta };
      return peer.request('handoff', asked, { stop, timeout_ms });
    },
  };
}

async function* openSource(
  source: Source,
  openRef: (ref: NonNullable<Source['ref']>) => AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  if (source.ref) {
    yield* openRef(source.ref);
    return;
  }
  const bytes = source.text === undefined ? Buffer.from(source.base64 ?? '', 'base64') : Buffer.from(source.text);
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

const targetOf = (to: HandoffTarget): Record<string, unknown> =>
  Object.fromEntries(Object.entries(to).filter(([, value]) => value !== undefined));

function ignore(): void {
  // Nobody asked.
}

const BUDGET_MS_DEFAULT = 60_000;
const CANCEL_GRACE_MS = 1_500;
/** How long an effect may keep the answer to a call that was stopped: longer than any one try of the shipped driver. */
const EFFECT_MS_MAX = 30_000;
const CHUNK_BYTES = 65_536;
/** A UUID, and room for what others call theirs. */
const ID_CHARS_MAX = 64;
