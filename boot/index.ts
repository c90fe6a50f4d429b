/** The processes: configuration, keys, one agent or a whole fleet started, and the way in for whoever asks it. */
import type { Agent } from '../mesh/index.ts';
import { startAgent } from './agent.ts';
import { loadConfig, type ConfigSources } from './config.ts';
import { live } from './lifetime.ts';

// What it takes to write an agent: its card and skills, the words of a result, the arithmetic of a verdict.
export { defineAgent, type Agent, type AgentSpec } from '../mesh/index.ts';
export {
  AnalysisResult,
  AuroraError,
  Ioc,
  Severity,
  skill,
  Source,
  Verdict,
  type Checked,
  type Evidence,
  type Finding,
  type Implementation,
  type NotChecked,
  type Progress,
  type Recommendation,
  type Skill,
  type SkillContext,
  type SkillSpec,
} from '../protocol/index.ts';
export { evidence, neutralize } from '../analysis/evidence/index.ts';
export { conclude, WEIGHT, type Grounds, type WeighedFinding } from '../analysis/verdict/index.ts';
export { serveForTest, type ServedForTest } from './trial.ts';
export { rangeOf, systemClock, VERSION } from '../seams/index.ts';
export { colors } from './colors.ts';
export { loadConfig, showConfig, type Config, type ConfigFlags } from './config.ts';
export { restoreLedger, sha256Of } from './backup.ts';
export {
  addContent,
  listContent,
  removeContent,
  verifyContent,
  type Added,
  type AddOptions,
  type ListedPack,
  type PackCheck,
} from './content-store.ts';
export { connectBare, connectOrchestrator, connectProven, type ConnectOptions } from './connect.ts';
export { addOperator, enrollAgent, ensureFleetKeys, operatorsOf, revokeAgent } from './enrol.ts';
export {
  FleetError,
  ORCHESTRATOR_NODE,
  startFleet,
  type Fleet,
  type FleetEvent,
  type FleetOptions,
  type Member,
} from './fleet.ts';
export { isHealthy } from './health.ts';
export { callHttp, readJson } from './http.ts';
export { KeyFileError } from './keys.ts';
export { ConfigError } from './layers.ts';
export { approve } from './pins.ts';
export { placeOf } from './place.ts';
export { PortTakenError } from './ports.ts';
export { readNote } from './running.ts';
export { portOf } from './roster.ts';
export { trustOf } from './seams.ts';
export { startTogether } from './single.ts';
export { writeJson } from './whole-file.ts';

/**
 * Runs an agent of your own as a process: reads its configuration and key, serves its port, drains at SIGTERM.
 * Never returns. Its key comes from `aurora agents enroll <id>`.
 */
export const run = (agent: Agent, sources: ConfigSources = {}): Promise<never> =>
  live(async () => startAgent(agent, loadConfig(sources)));
