/** What the orchestrator does itself: skills of its own, carried out here under the same states as any other. */
import { AuroraError, type Attempt, type TaskEventKind } from '../protocol/index.ts';
import type { Attempts } from './attempt.ts';
import type { Ledger, TaskEnd, TaskRow } from './ledger.ts';
import type { Order } from './order.ts';
import { allows } from './routing.ts';
import type { Telling } from './telling.ts';

/** A skill that the orchestrator itself has. */
export type LocalSkill = (task: TaskRow, signal: AbortSignal, tell: Tell) => Promise<unknown>;

/** Puts an event on a task's stream, and on its investigation's. */
export type Tell = (kind: TaskEventKind, value: unknown) => void;

/** The skills. */
export interface OwnSkills {
  /** The one that an order is for: by name, not by way of another agent. Throws 4030 without the right to it. */
  find(order: Order): LocalSkill | undefined;
  /** Carries it out; `lost` is the attempt of an earlier process. Throws 4990 when the task is over already. */
  run(task: TaskRow, skill: LocalSkill, signal: AbortSignal, lost?: Attempt): Promise<TaskEnd>;
}

/** What they need. */
export interface OwnSkillsDeps extends Pick<Telling, 'tell'>, Pick<Attempts, 'giveUp'> {
  ledger: Ledger;
  /** By id. */
  local: ReadonlyMap<string, LocalSkill>;
}

/** Makes them. */
export function createOwnSkills({ ledger, local, tell, giveUp }: OwnSkillsDeps): OwnSkills {
  return { find, run };

  function find({ to, skill, routing }: Order): LocalSkill | undefined {
    const is_for_us = 'agent_id' in to ? to.agent_id === ORCHESTRATOR : !('tags' in to);
    const own = is_for_us ? local.get(skill) : undefined;
    if (own && !allows(routing.actor.scopes, { id: skill, effect: 'read' })) {
      throw new AuroraError(4030, { message: `${routing.from} may not use ${skill}`, detail: { skill } });
    }
    return own;
  }

  async function run(task: TaskRow, skill: LocalSkill, signal: AbortSignal, lost?: Attempt): Promise<TaskEnd> {
    const end = lost && (await giveUp(task, lost, 'orchestrator_lost'));
    if (end) return end;
    const { hop, path, actor, effect } = task;
    const here = { agent_id: ORCHESTRATOR, instance_id: ORCHESTRATOR };
    const attempt = await ledger.lease(task.task_id, { ...here, hop, path, actor, effect });
    if (!attempt) throw new AuroraError(4990);
    tell(task, 'status', { state: 'working', attempt: attempt.attempt, agent_id: ORCHESTRATOR });
    return { state: 'completed', result: await skill(task, signal, (kind, value) => tell(task, kind, value)) };
  }
}

const ORCHESTRATOR = 'orchestrator';
