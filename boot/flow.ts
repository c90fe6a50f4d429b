/** The numbers of queues, retries and breakers as a configuration says them (PROM-P8 to P11). */
import { z } from 'zod';

const count = (max: number) => z.number().int().min(1).max(max).optional();
const share = z.number().min(0.01).max(1).optional();

/** What may be set; whatever is left out stays as promised. Durations in ms. */
export const Flow = z
  .strictObject({
    queue_max: count(10_000).describe('tasks that wait for one agent or skill: 256'),
    queue_all_max: count(100_000).describe('tasks that wait in all: 10 000'),
    tenant_share: share.describe('of either, what one user or operator may fill while others wait: 0.5'),
    route_ms_max: count(600_000).describe('how long a task waits for an agent that is away: 10 s'),
    attempts_max: count(5).describe('attempts of one task: 5'),
    agents_lost_max: count(5).describe('agents that may die of one task: 3'),
    retry_pause_ms: count(30_000).describe('first pause, doubled with each attempt, full jitter: 200'),
    retry_pause_ms_max: count(300_000).describe('longest pause: 30 s'),
    retry_budget_share: share.describe('retries a success pays for: 0.1'),
    breaker_failures_max: count(1_000).describe('failures in a row that open a breaker: 5'),
    breaker_open_ms: count(300_000).describe('how long it stays open at first: 30 s'),
    breaker_open_ms_max: count(3_600_000).describe('… and at most: 5 min'),
  })
  .prefault({});
export type Flow = z.infer<typeof Flow>;

/** The bounds of an orchestrator's parts; only what was set. */
export function boundsOf(flow: Flow) {
  const { queue_max, queue_all_max, tenant_share, route_ms_max, attempts_max, agents_lost_max } = flow;
  return {
    registry: {
      ...set({ queue_max, queue_all_max, tenant_share, route_ms_max }),
      breaker: set({
        failures_max: flow.breaker_failures_max,
        open_ms: flow.breaker_open_ms,
        open_ms_max: flow.breaker_open_ms_max,
      }),
    },
    retry: set({
      attempts_max,
      agents_lost_max,
      pause_ms: flow.retry_pause_ms,
      pause_ms_max: flow.retry_pause_ms_max,
      budget_share: flow.retry_budget_share,
    }),
  };
}

/** Without what was not set, so that it does not hide a default. */
function set<K extends string>(values: Record<K, number | undefined>): Partial<Record<K, number>> {
  const given: Partial<Record<K, number>> = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) given[key] = value;
  }
  return given;
}
