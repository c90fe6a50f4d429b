/** What it takes to write an agent, published as `aurora-mesh/agent`: its card and skills, the words of a result, a test of it, and the process. */
import type { Agent } from '../mesh/index.ts';
import { startAgent } from './agent.ts';
import { loadConfig, type ConfigSources } from './config.ts';
import { live } from './lifetime.ts';

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
export { loadConfig, type Config, type ConfigFlags, type ConfigSources } from './config.ts';
export { ConfigError } from './layers.ts';

/**
 * Runs an agent of your own as a process: reads its configuration and key, serves its port, drains at SIGTERM.
 * Never returns. Its key comes from `aurora agents enroll <id>`.
 */
export const run = (agent: Agent, sources: ConfigSources = {}): Promise<never> =>
  live(async () => startAgent(agent, loadConfig(sources)));
