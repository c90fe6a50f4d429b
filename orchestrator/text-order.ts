/** Free text as an order: the rules planner reads what kind of thing it is (wire.md 5). */
import {
  INLINE_BYTES_MAX,
  invalidParams,
  type AuroraError,
  type HandoffTo,
  type InputKind,
} from '../protocol/index.ts';
import { Alert } from './alert-steps.ts';
import { interestedIn, type Interest } from './interest.ts';
import { detectKind } from './kind.ts';
import { rulesPlanner } from './plan.ts';

/** What a text turned into. */
export interface TextOrder {
  to: HandoffTo;
  skill: string;
  params: Record<string, unknown>;
}

/** What a text for nobody in particular asks for. Throws -32602 naming the skills there are when the rules find nothing in it. */
export function toTextOrder(task: string, skills: readonly string[]): TextOrder {
  const kind = kindOf(task);
  if (kind === undefined) throw nothingIn(task, [...skills, 'investigate']);
  return { to: { skill: 'investigate' }, skill: 'investigate', params: { input: { name: 'task', text: task }, kind } };
}

/** What a text for one agent asks for: the first of its skills that the planner would use on it, else -32602 naming its skills. */
export function toAgentTextOrder(
  task: string,
  agent: { agent_id: string; skills: readonly string[]; interests?: readonly Interest[] },
): TextOrder {
  const kind = kindOf(task);
  const alert = kind === 'alert' ? alertIn(task) : undefined;
  const look = (as: InputKind) =>
    rulesPlanner.next({
      kind: as,
      input: { name: 'task', text: task },
      alert,
      settled: new Map(),
      interested: interestedIn(agent.interests ?? [], { kind: as, head: Buffer.from(task) }),
    });
  // Whatever it is besides, it is also text that may name indicators.
  const steps = kind === undefined ? [] : [...look(kind), ...look('report')];
  const step = steps.find(({ skill }) => agent.skills.includes(skill));
  if (!step) throw nothingIn(task, agent.skills, ` for ${agent.agent_id}`);
  return { to: { agent_id: agent.agent_id, skill: step.skill }, skill: step.skill, params: step.params };
}

/** Undefined when there is nothing in it that anybody could look at. */
function kindOf(task: string): InputKind | undefined {
  const bytes = Buffer.from(task);
  if (bytes.byteLength > INLINE_BYTES_MAX) return undefined;
  const kind = detectKind(bytes);
  return kind !== 'report' || INDICATOR.test(task) ? kind : undefined;
}

function alertIn(task: string): Alert | undefined {
  try {
    return Alert.safeParse(JSON.parse(task)).data;
  } catch {
    return undefined; // no JSON after all: it is read as text
  }
}

function nothingIn(task: string, skills: readonly string[], whom = ''): AuroraError {
  const named = skills.find((skill) => new RegExp(`\\b${skill}\\b`).test(task));
  const hint = named ? ` To use ${named}, name it in /to and give /params.` : '';
  const message = `names nothing that can be investigated${whom}.${hint}`;
  return invalidParams([{ path: '/task', message }], { detail: { skills } });
}

/** Something that looks like an address, a name, a hash or a link, defanged or not; short and linear on purpose. */
const INDICATOR =
  /\b(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}\b|\bh(?:tt|xx)ps?:\/\/|\b[0-9a-f]{32,64}\b|\b[a-z0-9-]{1,63}(?:\.|\[\.\])[a-z]{2,24}\b|\bCVE-\d{4}-\d{4,7}\b/i;
