/** Calls an agent's skills as a host would, without a link: literal content, inline inputs, and the steps it took. */
import type { Agent } from '../../mesh/index.ts';
import type { SkillContext } from '../../protocol/index.ts';
import { inlineWorkers, literalContent } from '../../seams/index.ts';

/** A caller of one agent, given what `about` says; `steps` are the names of the analysis steps it ran so far. */
export function callerOf(
  agent: Agent,
  about: Partial<SkillContext> = {},
): {
  call: (method: string, params: unknown) => Promise<unknown>;
  steps: string[];
} {
  const steps: string[] = [];
  const ctx: SkillContext = {
    signal: new AbortController().signal,
    remaining_ms: () => 60_000,
    progress: {
      status: () => undefined,
      thought: () => undefined,
      artifact: () => undefined,
      async tool(name, _input, run) {
        steps.push(name);
        return run();
      },
    },
    clock: { now: () => 0, monotonic: () => 0 },
    log: { info: () => undefined, warn: () => undefined },
    content: literalContent(),
    blobs: {
      async *open({ text = '', base64 = '' }) {
        yield text ? Buffer.from(text) : Buffer.from(base64, 'base64');
      },
    },
    workers: inlineWorkers,
    effects: { apply: () => Promise.reject(new Error('no effects here')) },
    handoff: () => Promise.reject(new Error('nobody to hand to')),
    ...about,
  };
  return { call: (method, params) => agent.implementations.get(method)!.invoke(params, ctx), steps };
}
