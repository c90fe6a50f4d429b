/** Which hosts should be cut off, in which order, and what has to be done before: proposals, never acts. */
import { z } from 'zod';
import { DOMAIN_CONTROLLER } from '../response/index.ts';
import type { HostScore } from './assess.ts';

/** The proposal for one host. */
export const IsolationPlan = z.object({
  host: z.string(),
  score: z.number().int(),
  proposal: z.enum(['isolate', 'ask a person', 'watch']),
  isolation: z.enum(['full', 'selective']).nullable(),
  reason: z.string(),
  before: z.array(z.string()),
  breaks: z.array(z.string()),
});
export type IsolationPlan = z.infer<typeof IsolationPlan>;

/** A proposal for each host, the highest score first. */
export function planIsolation(
  hosts: readonly HostScore[],
  { score_min, critical_hosts }: { score_min: number; critical_hosts: readonly string[] },
): IsolationPlan[] {
  const critical = new Set(critical_hosts.map((host) => host.toLowerCase()));
  return hosts.map(({ host, score, factors }) => {
    const reason =
      factors
        .slice(0, REASONS_MAX)
        .map(({ description }) => description)
        .join('; ') || 'nothing was found';
    if (score < score_min) return { host, score, proposal: 'watch', isolation: null, reason, before: [], breaks: [] };
    const names = [host.toLowerCase(), host.toLowerCase().split('.', 1)[0] ?? ''];
    const is_critical = names.some((name) => critical.has(name)) || DOMAIN_CONTROLLER.test(host);
    return {
      host,
      score,
      proposal: is_critical ? 'ask a person' : 'isolate',
      isolation: is_critical ? 'selective' : 'full',
      reason,
      before: ['preserve memory: what runs now is gone after a restart', 'write down the open connections'],
      breaks: is_critical ? ['whatever depends on this host'] : ['the work of whoever is logged on'],
    };
  });
}

const REASONS_MAX = 3;
