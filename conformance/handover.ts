/** Handing work over as the orchestrator of an agent does: a request with routing that is whole (wire.md 5). */
import { randomUUID } from 'node:crypto';
import { isFrame, type Frame } from './answers.ts';
import { skip } from './check.ts';
import { now } from './clock.ts';
import type { Greeting } from './greeting.ts';
import { untilKnown, type Probe } from './probe.ts';
import type { Skill } from './subject.ts';

/** How a handover is other than usual. */
export interface HandoverOptions {
  /** Members of the routing; undefined leaves one away. */
  routing?: Frame;
  /** Instead of the skill's own params. */
  params?: Frame;
  /** Asks for progress under this token. */
  token?: string | number;
  /** Further members of `_meta`. */
  meta?: Frame;
  /** The id of the request; a new one unless said. */
  id?: string;
  /** How long the answer may take, ms. */
  within_ms?: number;
}

/** A conversation in which work is handed over. */
export interface Handover {
  readonly talk: Greeting;
  /** Hands over and waits for the answer. A task of its own unless the routing names one. */
  readonly give: (skill: Skill, options?: HandoverOptions) => Promise<Frame>;
}

/** Greets as the agent's orchestrator. Skips when no key was given, or one whose routing does not count. */
export async function openHandover(probe: Probe): Promise<Handover> {
  expectOrchestrator(probe);
  const talk = await probe.greet();
  await untilKnown(talk);
  const to = agentIdOf(talk);
  return {
    talk,
    give(skill, { routing, params, token, meta, id, within_ms } = {}) {
      const handoff = { ...routingTo(to), ...routing };
      const _meta = {
        traceparent: traceparent(),
        ...(token !== undefined && { progress_token: token }),
        ...meta,
        handoff,
      };
      const whole = { ...(params ?? skill.params), _meta };
      return talk.ask(skill.name, whole, {
        ...(id !== undefined && { id }),
        ...(within_ms !== undefined && { within_ms }),
      });
    },
  };
}

/** Skips unless we have the key of an orchestrator. */
export function expectOrchestrator(probe: Probe): void {
  if (probe.key().id.startsWith('operator:')) skip(NO_ORCHESTRATOR);
}

/** Skills that may be tried: those that read, those with params of their own first. Skips when there is none. */
export function triedSkills(probe: Probe): [Skill, ...Skill[]] {
  const reading = probe.subject.skills.filter(({ effect }) => effect === 'read').slice(0, SKILLS_MAX);
  const isGiven = ({ params }: Skill) => Object.keys(params).length > 0;
  const [first = probe.skill(), ...others] = reading.toSorted((a, b) => Number(isGiven(b)) - Number(isGiven(a)));
  return [first, ...others];
}

/** What was answered where an error is not what the check is about: skips, and says who tells more. */
export function resultOf(answer: Frame, { name }: Skill): unknown {
  if (Object.hasOwn(answer, 'result')) return answer['result'];
  return skip(
    `${name} gave no result to begin with: see CALL-05 and WORK-01, or name another with --method and --params`,
  );
}

/** The code of an error; undefined for a result. */
export const codeOf = (answer: Frame | undefined): unknown =>
  isFrame(answer?.['error']) ? answer['error']['code'] : undefined;

/** Whether work that had little time was done in it, or is over with 5040. A skill that is not there, or whose example does not fit, is another check's. */
export const isOverInTime = (answer: Frame): boolean =>
  [undefined, 5040, -32601, -32602].some((code) => code === codeOf(answer));

/** A task that nobody asked for yet. */
export const newTaskId = (): string => `kit-${randomUUID()}`;

/** How long a handed-over task may take unless said, ms. */
export const BUDGET_MS = 20_000;

/** On whose behalf the kit asks. */
export const ACTOR = { sub: 'conformance-kit', scopes: ['kit:read'], tenant: 'conformance' };

/** Routing of a task that nobody asked for yet. */
export function routingTo(to: string): Frame {
  const task_id = newTaskId();
  return {
    handoff_id: `kit-${randomUUID()}`,
    task_id,
    root_id: task_id,
    from: 'orchestrator',
    to,
    reason: 'conformance',
    hop: 1,
    path: [to],
    mode: 'dry_run',
    priority: 5,
    attempt: 1,
    fence: 1,
    deadline: new Date(now() + BUDGET_MS).toISOString(),
    budget_ms: BUDGET_MS,
    idempotency_key: task_id,
    actor: ACTOR,
  };
}

function agentIdOf({ greeted }: Greeting): string {
  const result = greeted.answer['result'];
  const agent = isFrame(result) && isFrame(result['agent']) ? result['agent'] : {};
  const { agent_id } = agent;
  return typeof agent_id === 'string'
    ? agent_id
    : skip('hello tells no agent id that work could be handed to: see HELLO-01');
}

function traceparent(): string {
  const hex = () => randomUUID().replaceAll('-', '');
  return `00-${hex()}-${hex().slice(0, 16)}-01`;
}

const NO_ORCHESTRATOR =
  'routing counts from an orchestrator alone: give the key that the agent has pinned as one, with --key and --id orchestrator';
/** How many skills of a peer are tried to find what a check needs. */
const SKILLS_MAX = 8;
