/** Places where a test makes a process fail: inert unless armed by name. */

/** Where a process can be made to fail. */
const FAILPOINTS = [
  'dispatch.before_commit',
  'dispatch.after_commit',
  'dispatch.after_send',
  'dispatch.after_result',
  'dispatch.after_settle',
  'approval.after_grant',
  'approval.after_consume',
  'agent.after_run',
  'agent.after_effect',
] as const;
/** One of the named places. */
export type FailpointName = (typeof FAILPOINTS)[number];

/** What code that can be made to fail calls on its way. */
export interface Failpoints {
  /** Nothing, unless a test armed this name. */
  readonly hit: (name: FailpointName) => void;
}

/** The real ones: nothing ever happens. */
export const inertFailpoints: Failpoints = { hit: () => undefined };

/** What an armed failpoint can do to its process. */
export interface FailpointActs {
  /** Ends the process at once, as SIGKILL does. */
  kill(): void;
  /** Holds the event loop for that long, ms. */
  block(ms: number): void;
}

/**
 * Armed by sentences like `dispatch.after_commit=kill@3` (at the third hit), `agent.after_run=block:3000` (at every hit) or
 * `dispatch.before_commit=throw`. Throws on a name or an act that does not exist.
 */
export function armedFailpoints(sentences: readonly string[], acts: FailpointActs): Failpoints {
  const armed = new Map<string, Armed>();
  for (const sentence of sentences) {
    const [, name = '', act = '', ms = '0', nth] = SENTENCE.exec(sentence) ?? [];
    if (!FAILPOINTS.some((known) => known === name)) throw new Error(`no failpoint is armed by "${sentence}"`);
    armed.set(name, { act, ms: Number(ms), nth: nth === undefined ? undefined : Number(nth), hits: 0 });
  }
  return {
    hit(name) {
      const found = armed.get(name);
      if (!found) return;
      found.hits += 1;
      if (found.nth !== undefined && found.hits !== found.nth) return;
      if (found.act === 'kill') acts.kill();
      if (found.act === 'block') acts.block(found.ms);
      if (found.act === 'throw') throw new Error(`failpoint ${name}`);
    },
  };
}

interface Armed {
  act: string;
  ms: number;
  nth: number | undefined;
  hits: number;
}

const SENTENCE = /^([a-z._]+)=(kill|throw|block)(?::(\d{1,5}))?(?:@(\d{1,9}))?$/;
