/** What an agent offers: a skill is a JSON-RPC method with schemas, an effect and an action class (house.md 3). */
import { z } from 'zod';
import type { Source } from './blob.ts';
import type { EffectOutcome, EffectRequest } from './effect.ts';
import { AuroraError, ERRORS, type ErrorCode } from './errors.ts';
import type { ActionClass } from './result.ts';

/** What running a skill does to the world: nothing, something that may be repeated, or something that may not (PROM-P4). */
export const Effect = z.enum(['read', 'idempotent', 'non_idempotent']);
export type Effect = z.infer<typeof Effect>;

/** A skill as data: everything but the handler. */
export interface SkillSpec<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> {
  /** snake_case `verb_noun`; the JSON-RPC method. */
  id: string;
  title: string;
  description: string;
  tags: readonly string[];
  effect: Effect;
  /** What it may do at most; `read` unless said. */
  action_class?: ActionClass;
  /** JSON pointers into params that name the assets acted on; policy looks at them. */
  targets?: readonly string[];
  /** Kinds of effects that it asks `ctx.effects` for, shown to whoever approves it; only its own id unless said. */
  effect_kinds?: readonly string[];
  /** Whether the orchestrator may choose this agent by this skill; true unless said (wire.md 5). */
  routable?: boolean;
  /**
   * Inputs of investigations that it asks to be shown: kinds (`certificate`), or the first 4 to 32 bytes in hex
   * (`bytes:d4c3b2a1`). Such a skill only reads, takes `{input: Source}` and answers an `AnalysisResult`.
   */
  investigates?: readonly string[];
  /** Calls that may run at once in one process; 8 unless said. */
  concurrency?: number;
  /** Params that work, for people and for the conformance kit. */
  examples?: readonly z.input<P>[];
  params: P;
  result: R;
}

/** How a handler tells what it does while it works (wire.md 6). All of it is real: no decoration. */
export interface Progress {
  /** Long work has come this far. */
  status(text: string): void;
  /** A decision and its reason. */
  thought(text: string): void;
  /** Runs one analysis step and reports its input digest, outcome and duration. */
  tool<T>(name: string, input: unknown, run: () => T | Promise<T>): Promise<T>;
  /** A partial result worth keeping. */
  artifact(name: string, value: unknown): void;
}

/**
 * What a handler is given beside its params. Structural, so that an agent in another repository needs no house. Some members are made
 * when they are first used: hand the object on as it is, or take members out of it, for a copy by spread does not have them all.
 */
export interface SkillContext {
  /** Aborts on cancel, deadline and shutdown; a handler that loops looks at it. */
  signal: AbortSignal;
  /** Monotonic ms left until the deadline. */
  remaining_ms(): number;
  progress: Progress;
  clock: { now(): number; monotonic(): number };
  log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
  content: { get(name: string): { name: string; version: string; data: unknown } | undefined };
  /** Reads a Source, inline or by reference alike, as a stream of bytes; throws 4040 when the reference is unknown. */
  blobs: { open(source: Source): AsyncIterable<Uint8Array> };
  /**
   * Runs heavy or hostile synchronous work in a thread with a time limit; rejects with an error named `JobTimeout` when it took
   * too long. A job is exported by its module as `job`, with `module: import.meta.url`; input and output are copied.
   */
  workers: {
    run<I, O>(
      job: { module: string; run: (input: I) => O | Promise<O> },
      input: I,
      bounds: { ms_max: number },
    ): Promise<O>;
  };
  /**
   * The only way to change anything outside: in `dry_run` and `monitor` nothing is called, in `active` only with an approval
   * that the orchestrator grants at that moment; the same effect of one task is applied once (wire.md 8).
   */
  effects: { apply(request: EffectRequest): Promise<EffectOutcome> };
  /** Asks the orchestrator to hand work to another specialist; rights and budget can only shrink (wire.md 5). */
  handoff(request: {
    to: HandoffTarget;
    params: unknown;
    reason: string;
    /** Needed for skills that act (wire.md 7): the same key joins the same task, also when this skill is run again. */
    idempotency_key?: string | undefined;
  }): Promise<unknown>;
}

/** Whom a handoff is for: an agent, whoever has the skill, or whoever bears the tags. */
export interface HandoffTarget {
  agent_id?: string | undefined;
  skill?: string | undefined;
  tags?: string[] | undefined;
}

/** A skill with its handler. */
export interface Implementation {
  skill: SkillSpec;
  /** Parses params (-32602 naming the path), runs, checks the result (-32603). */
  invoke(params: unknown, ctx: SkillContext): Promise<unknown>;
}

/** A skill that waits for its handler. */
export interface Skill<P extends z.ZodType, R extends z.ZodType> extends SkillSpec<P, R> {
  /** A method, so that R is settled before the handler is read: a wrong literal or a forgotten field does not compile. */
  implement(run: (params: z.output<P>, ctx: SkillContext) => z.input<R> | Promise<z.input<R>>): Implementation;
}

/** Declares a skill. Throws at once on an id that is not snake_case. */
export function skill<P extends z.ZodType, R extends z.ZodType>(spec: SkillSpec<P, R>): Skill<P, R> {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(spec.id)) throw new Error(`skill id "${spec.id}" is not snake_case`);
  return {
    ...spec,
    implement: (run) => ({
      skill: spec,
      async invoke(params, ctx) {
        const parsed = spec.params.safeParse(params);
        if (!parsed.success) throw invalidParams(parsed.error);
        const returned: unknown = await run(parsed.data, ctx);
        const result = spec.result.safeParse(returned);
        if (!result.success) {
          throw new AuroraError(-32603, {
            message: 'Internal error: the result breaks its schema',
            cause: result.error,
          });
        }
        return result.data;
      },
    }),
  };
}

/** One thing that is wrong with what was given: where, as a JSON pointer, and what. */
export const ParamIssue = z.object({ path: z.string(), message: z.string() });
export type ParamIssue = z.infer<typeof ParamIssue>;

/** How a refusal of params is said. */
export interface InvalidParamsOptions {
  /** -32602 unless said. */
  code?: ErrorCode;
  /** What the message begins with; the code's sentence unless said. */
  what?: string;
  /** Stands beside the issues. */
  detail?: object;
}

/** The refusal of a failed parse: the message names the first path, the detail lists them all (at most 20), none shows a value. */
export function invalidParams(
  wrong: z.ZodError | readonly ParamIssue[],
  { code = -32602, what = ERRORS[code], detail }: InvalidParamsOptions = {},
): AuroraError {
  const issues = wrong instanceof z.ZodError ? wrong.issues.slice(0, ISSUES_MAX).map(toParamIssue) : wrong;
  const [first] = issues;
  return new AuroraError(code, {
    message: first ? `${what}: ${first.path} ${first.message}` : what,
    detail: { issues, ...detail },
  });
}

const toParamIssue = ({ path, message }: z.core.$ZodIssue): ParamIssue => ({
  path: `/${path.map(String).join('/')}`.slice(0, TEXT_CHARS_MAX),
  message: message.slice(0, TEXT_CHARS_MAX),
});

const ISSUES_MAX = 20;
/** A path holds the caller's own keys: what they sent is not sent back at length. */
const TEXT_CHARS_MAX = 256;
