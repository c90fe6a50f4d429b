/** The routing of a handoff, looked at member by member (wire.md 5). */
import { isFrame, type Frame } from './answers.ts';
import { show } from './check.ts';

/** What is wrong with the `_meta` of a handoff; empty when it is whole. */
export function faultsOf({ handoff, traceparent }: Frame): string[] {
  if (!isFrame(handoff)) return [`handoff is ${show(handoff)}`];
  const faults = Object.entries(MEMBERS).filter(([name, fits]) => !fits(handoff[name]));
  return [
    ...faults.map(([name]) => `${name} is ${show(handoff[name])}`),
    ...(isTrace(traceparent) ? [] : [`traceparent is ${show(traceparent)}`]),
  ];
}

const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const isTime = (value: unknown): boolean => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isNames = (value: unknown): boolean => Array.isArray(value) && value.every((name) => typeof name === 'string');
const isTrace = (value: unknown): boolean =>
  typeof value === 'string' && /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}/.test(value);

const MEMBERS: Record<string, (value: unknown) => boolean> = {
  handoff_id: isName,
  task_id: isName,
  root_id: isName,
  from: isName,
  to: isName,
  hop: isCount,
  path: isNames,
  mode: (value) => value === 'dry_run' || value === 'monitor' || value === 'active',
  priority: (value) => isCount(value) && Number(value) >= 1 && Number(value) <= 10,
  attempt: (value) => isCount(value) && Number(value) >= 1,
  fence: isCount,
  deadline: isTime,
  budget_ms: isCount,
  actor: (value) => isFrame(value) && isName(value['sub']) && isNames(value['scopes']) && isName(value['tenant']),
};
