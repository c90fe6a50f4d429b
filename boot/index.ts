/** The processes: configuration, keys, a whole fleet started, and the way in for whoever asks it. */
export { rangeOf, systemClock, VERSION } from '../seams/index.ts';
export { approve } from './approving.ts';
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
export { createFileTurns, type EndTurn } from './file-turns.ts';
export { isHealthy } from './health.ts';
export { callHttp, readJson } from './http.ts';
export { KeyFileError } from './keys.ts';
export { ConfigError } from './layers.ts';
export { placeOf } from './place.ts';
export { PortTakenError } from './ports.ts';
export { readNote } from './running.ts';
export { portOf } from './roster.ts';
export { trustOf } from './seams.ts';
export { startTogether } from './single.ts';
export { writeJson } from './whole-file.ts';
