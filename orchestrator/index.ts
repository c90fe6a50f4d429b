/** Who gets which work: the orchestrator, and what its processes and tests need to make one. */
export { ABOUT } from './about.ts';
export type { Care } from './care.ts';
export { createLedger, keyMsOf } from './durable-ledger.ts';
export type { Ledger, StoredEvent, TaskRow } from './ledger.ts';
export type { AgentAddress } from './fleet.ts';
export type { Quarantine } from './strangers.ts';
export {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorDeps,
  type OrchestratorHealth,
  type OrchestratorLimits,
} from './orchestrator.ts';
export { findApproval, stateAt, taskIdIn } from './approval.ts';
export { endedBadly } from './ending.ts';
export type { StreamEvent } from './events.ts';
export { childTraceparent, isTraceparent, narrowMode, newTraceparent } from './routing.ts';
export { taskOf } from './task-of.ts';
export { toTask } from './task-view.ts';
export type { OnTold } from './telling.ts';
export type { Offers } from './offers.ts';
export type { Standing } from './standing.ts';
export type { NotifyWaiting } from './notices.ts';
export { PolicyRules, type Policy } from './policy.ts';
export type { Planner, Situation, Step } from './plan.ts';
