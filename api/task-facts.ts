/** What can be told of a task at a glance: its references, its request, its time, its verdict. */
import { z } from 'zod';
import type { Ledger } from '../orchestrator/index.ts';
import { isFinal, Severity, Verdict } from '../protocol/index.ts';

/** A task as the ledger keeps it. */
export type TaskRow = NonNullable<Awaited<ReturnType<Ledger['get']>>>;

/** What a task is about, in the words of whoever asked for it; other references than ours travel on, and are not shown. */
export function refsOf({ carried }: Pick<TaskRow, 'carried'>): Record<string, string> {
  const { alert_id, case_id, attack_id } = carried?.handoff.refs ?? {};
  const known = Object.entries({ alert_id, case_id, attack_id });
  return Object.fromEntries(known.flatMap(([name, id]) => (id === undefined ? [] : [[name, id]])));
}

/** The request that began it, when it came this way. */
export function requestIdOf({ carried }: Pick<TaskRow, 'carried'>): string | null {
  const request_id = carried?.meta['request_id'];
  return typeof request_id === 'string' ? request_id : null;
}

/** From its acceptance until its end, or until now. */
export const durationOf = (
  { created_at, updated_at, state }: Pick<TaskRow, 'created_at' | 'updated_at' | 'state'>,
  now: number,
): number => Math.max(0, (isFinal(state) ? Date.parse(updated_at) : now) - Date.parse(created_at));

/** What a result says at a glance, when it is an analysis. */
export const judgedIn = (result: unknown): z.infer<typeof Judged> => Judged.safeParse(result).data ?? {};

const Judged = z.object({
  verdict: Verdict.optional(),
  severity: Severity.optional(),
  confidence: z.number().min(0).max(1).optional(),
  summary: z.string().optional(),
});
