/** What the handler of a skill is given. */
import { AuroraError, type HandoffTarget, type Routing, type SkillContext, type Source } from '../protocol/index.ts';
import { sha256Of, type Clock, type Content, type Log, type Stop, type Workers } from '../seams/index.ts';
import type { Run } from './work.ts';

/** What contexts are made of. */
export interface ContextDeps {
  clock: Clock;
  log: Log;
  content: Content;
  workers: Pick<Workers, 'run'>;
  /** Opens a reference; inline sources are opened here. */
  openRef(ref: NonNullable<Source['ref']>, routing: Routing | undefined): AsyncIterable<Uint8Array>;
}

/** One run, what stops it, and its way to change anything outside. */
interface Parts {
  run: Run;
  stop: Stop;
  effects: SkillContext['effects'];
}

/** Makes the context of one run. */
export const createContext = (deps: ContextDeps, skill_id: string, parts: Parts): SkillContext =>
  new Context(deps, skill_id, parts);

/**
 * A class, and not an object with getters: the engine makes a new hidden class for each of those, which lives, with all that
 * its getters reach, until the next full collection (docs/performance.md). What few handlers use is made when it is used.
 */
class Context implements SkillContext {
  readonly clock: Clock;
  readonly content: Content;
  readonly effects: SkillContext['effects'];
  readonly remaining_ms: SkillContext['remaining_ms'];
  readonly handoff: SkillContext['handoff'];
  readonly #deps: ContextDeps;
  readonly #run: Run;
  readonly #stop: Stop;
  readonly #skill_id: string;
  #log: Log | undefined;
  #progress: SkillContext['progress'] | undefined;

  constructor(deps: ContextDeps, skill_id: string, { run, stop, effects }: Parts) {
    const { work } = run;
    this.#deps = deps;
    this.#run = run;
    this.#stop = stop;
    this.#skill_id = skill_id;
    this.clock = deps.clock;
    this.content = deps.content;
    this.effects = effects;
    this.remaining_ms = () => Math.max(0, work.due - deps.clock.monotonic());
    this.handoff = (request) => handOn(request, { run, stop, clock: deps.clock });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get log(): Log {
    return (this.#log ??= this.#deps.log.with(aboutOf(this.#run, this.#skill_id)));
  }

  get progress(): SkillContext['progress'] {
    return (this.#progress ??= progressOf(this.#run, this.clock));
  }

  get blobs(): SkillContext['blobs'] {
    const [deps, run] = [this.#deps, this.#run];
    return { open: (source) => openSource(source, (ref) => deps.openRef(ref, run.asker().routing)) };
  }

  get workers(): SkillContext['workers'] {
    const { workers } = this.#deps;
    const { signal } = this.#stop;
    return { run: (job, input, { ms_max }) => workers.run(job, input, { ms_max, signal }) };
  }
}

/** What every line about a run says. */
export const aboutOf = ({ work, request_id }: Run, skill_id: string): object => ({
  request_id: work.request_id ?? request_id,
  task_id: work.routing?.task_id,
  skill: skill_id,
});

function progressOf(run: Run, clock: Clock): SkillContext['progress'] {
  return {
    status: (text) => run.tell('status', { text }),
    thought: (text) => run.tell('thought', { text }),
    artifact: (name, value) => run.tell('artifact', { name, value }),
    async tool(name, input, act) {
      const started = clock.monotonic();
      const report = (outcome: string) =>
        run.tell('tool_call', {
          tool: name,
          input_sha256: sha256Of(JSON.stringify(input ?? null)),
          outcome,
          duration_ms: Math.round(clock.monotonic() - started),
        });
      try {
        const value = await act();
        report('ok');
        return value;
      } catch (reason) {
        report('failed');
        throw reason;
      }
    },
  };
}

async function handOn(
  { to, params, reason, idempotency_key }: Parameters<SkillContext['handoff']>[0],
  { run, stop, clock }: { run: Run; stop: Stop; clock: Clock },
): Promise<unknown> {
  const { peer, routing } = run.asker();
  if (!routing) throw new AuroraError(4030, { message: 'Only handed-off work may hand off' });
  const meta = { handoff: { parent_id: routing.task_id, fence: routing.fence } };
  const timeout_ms = Math.max(1, run.work.due - clock.monotonic());
  const options = { reason, ...(idempotency_key !== undefined && { idempotency_key }) };
  const asked = { to: targetOf(to), params, wait: 'result', options, _meta: meta };
  return peer.request('handoff', asked, { stop, timeout_ms });
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

const CHUNK_BYTES = 65_536;
