/** Who gets which work: the orchestrator, and what its processes and tests need to make one. */
export { ABOUT } from './about.ts';
export { createDurableLedger, type DurableLedger, type Recovered } from './durable-ledger.ts';
export { memoryLedger, type Ledger, type TaskRow } from './ledger.ts';
export type { AgentAddress } from './fleet.ts';
export type { Quarantine } from './enrolment.ts';
export {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorDeps,
  type OrchestratorHealth,
  type OrchestratorLimits,
} from './orchestrator.ts';
export type { Planner, Situation, Step } from './plan.ts';
