/** Whether a task may be handed over: rights first, then policy, then the people who are asked. */
import { AuroraError, type SkillTraits } from '../protocol/index.ts';
import { sleep, type Clock } from '../seams/index.ts';
import type { Approvals } from './approvals.ts';
import type { Leaving } from './leaving.ts';
import type { TaskRow } from './ledger.ts';
import type { OpenTasks } from './open-tasks.ts';
import { wantedBy, type Order } from './order.ts';
import type { Slot, Registry, Wanted } from './registry.ts';
import { allows } from './routing.ts';

/** What permitting needs. */
export interface PermitDeps {
  clock: Clock;
  registry: Registry;
  approvals: Approvals;
  open: OpenTasks;
  leaving: Leaving;
}

/** Permits, and waits for those who are asked. */
export interface Permits {
  /** Whether it may be handed to this slot now; `asked` when people have to say so first. Throws 4030 without the right to the skill. */
  readonly permit: (task: TaskRow, order: Order, slot: Slot) => Promise<'allowed' | 'asked'>;
  /** Resolves once people who were asked have allowed it, at once where nobody was; its time stands still meanwhile (wire.md 7). */
  readonly answered: (task: TaskRow, order: Order, signal: AbortSignal) => Promise<void>;
  /** Throws before anything is kept where it is known already that people could not be asked: no key, too many questions (ATK-F10). */
  readonly admitAction: (order: Order) => void;
  /** What only reads, and is allowed without asking anybody: it starts with its acceptance. */
  readonly isAllowedAtOnce: (task: TaskRow, order: Order, slot: Slot) => boolean;
}

/** Makes the permits: rights, then policy, then people. */
export function createPermits({ clock, registry, approvals, open, leaving }: PermitDeps): Permits {
  return { permit, answered, admitAction, isAllowedAtOnce };

  async function permit(task: TaskRow, order: Order, { instance, traits }: Slot): Promise<'allowed' | 'asked'> {
    assertMayUse(task, order, traits);
    return approvals.permit(task, { agent_id: instance.agent_id, traits });
  }

  /** While people are asked the time of the task stands still (wire.md 7). */
  async function answered(task: TaskRow, order: Order, signal: AbortSignal): Promise<void> {
    if (task.state !== 'auth_required') return;
    const running = open.find(task.task_id);
    running?.stand();
    await leaving.unless(task, signal, (staying) => askedAndAnswered(task, order, staying));
    running?.go();
  }

  /** A question of an earlier policy is asked anew as soon as its agent is there; whoever says no to it before is heard. */
  async function askedAndAnswered(task: TaskRow, order: Order, signal: AbortSignal): Promise<void> {
    if (!approvals.isOutdated(task)) return approvals.answered(task, signal);
    const over = new AbortController();
    const waiting = AbortSignal.any([signal, over.signal]);
    const answer = approvals.answered(task, waiting);
    try {
      await Promise.race([answer, askAnew(task, order, waiting).then(() => answer)]);
    } finally {
      over.abort(new AuroraError(4990));
    }
  }

  async function askAnew(task: TaskRow, order: Order, signal: AbortSignal): Promise<void> {
    const slot = await slotWhenever({ ...wantedBy(task, order), is_admitted: true }, signal);
    try {
      const { instance, traits } = slot;
      assertMayUse(task, order, traits);
      await approvals.askAnew(task, { agent_id: instance.agent_id, traits });
    } finally {
      slot.release();
    }
  }

  /** However long its agent is away: the question waits, and its own expiry ends that. */
  async function slotWhenever(wanted: Wanted, signal: AbortSignal): Promise<Slot> {
    for (;;) {
      try {
        return await registry.acquire(wanted, signal);
      } catch (reason) {
        if (signal.aborted) throw reason;
      }
      await sleep(clock, ASK_AGAIN_MS, signal);
    }
  }

  /** What acts is refused before it is kept where that is known already: no key, too many questions (ATK-F10). */
  function admitAction({ to, skill, key, routing }: Order): void {
    if (routing.mode !== 'active') return;
    const able = registry.instances().filter(({ agent_id }) => !('agent_id' in to) || agent_id === to.agent_id);
    const traits = able.flatMap(({ card }) => card.skills.get(skill) ?? [])[0];
    approvals.admit({ requester: routing.actor.sub, mode: routing.mode, has_key: key !== undefined, traits });
  }

  /** What only reads, and is allowed without asking anybody: it starts with its acceptance. */
  function isAllowedAtOnce(task: TaskRow, order: Order, { instance, traits }: Slot): boolean {
    return mayUse(task, order, traits) && approvals.isFree(task, { agent_id: instance.agent_id, traits });
  }
}

const mayUse = (task: TaskRow, { routing }: Order, { effect }: SkillTraits): boolean =>
  allows(routing.actor.scopes, { id: task.skill, effect });

function assertMayUse(task: TaskRow, order: Order, traits: SkillTraits): void {
  if (mayUse(task, order, traits)) return;
  throw new AuroraError(4030, { message: `${task.from} may not use ${task.skill}`, detail: { skill: task.skill } });
}

/** Between two looks for the agent of a question that has to be asked anew. */
const ASK_AGAIN_MS = 1_000;
