/** Web: what requests try, and what a server's log shows of it. */
export { analyzeAccessLog, Attacker } from './access-log.ts';
export type { LogOptions, LogReading } from './access-log.ts';
export { explainPayload, ExplainedPlace, PAYLOAD_CHARS_MAX } from './explain.ts';
export { AttackClass } from './hit.ts';
export { judgeRequest, judgeValue, leadingClass } from './judge.ts';
export type { Hit } from './judge.ts';
export { parseLogLine } from './log-line.ts';
export { createLogPass } from './log-pass.ts';
export type { LogEntry } from './log-line.ts';
export { w3cValuesOf } from './log-w3c.ts';
export { analyzeWebThreat } from './indicators.ts';
export { parseRawRequest, RAW_BYTES_MAX, targetOf } from './request.ts';
export type { HttpRequest } from './request.ts';
export { analyzeRequests, REQUESTS_MAX } from './http.ts';
