/** Work that any peer does for the kit without harm: a skill that reads, or what an operator asks of an orchestrator. */
import type { Frame } from './answers.ts';
import type { Probe } from './probe.ts';

/** A request that is answered with a result. */
export interface Work {
  method: string;
  params: Frame;
}

/** The work of this profile. Skips when no skill that reads is known. */
export function workOf(probe: Probe): Work {
  if (probe.profile === 'orchestrator') return { method: 'task/list', params: {} };
  const { name, params } = probe.skill();
  return { method: name, params };
}
