/** `ctx.effects`: the one way out, open in mode `active` alone and with an approval that is granted now (wire.md 8). */
import { z } from 'zod';
import {
  ApprovalUsed,
  AuroraError,
  effectKeyOf,
  effectKindsOf,
  EffectOutcome,
  EffectRequest,
  type Mode,
  type Routing,
  type SkillContext,
  type SkillSpec,
} from '../protocol/index.ts';
import {
  inertFailpoints,
  toIso,
  type Clock,
  type EffectOrder,
  type EffectReceipt,
  type Effects,
  type Failpoints,
  type Inbox,
  type Log,
  type Stop,
} from '../seams/index.ts';
import { digestOf } from './canonical.ts';
import type { Run } from './work.ts';

/** Makes the effects of one run of one skill. */
export type EffectsOf = (skill: SkillSpec, run: Run, stop: Stop) => RunEffects;

/** What a handler is given, and what its host has to know of it. */
export interface RunEffects extends Pick<SkillContext, 'effects'> {
  /** Resolves when no effect of this run is with the driver; undefined when none is now. */
  readonly underWay: () => Promise<void> | undefined;
}

/** What the way out needs. */
export interface EffectsDeps {
  agent_id: string;
  driver: Effects;
  inbox: Inbox;
  clock: Clock;
  log: Log;
  failpoints?: Failpoints | undefined;
}

/** Opens the way out of one process. Effects on one target come one after another, whoever wishes them (PROM-P4). */
export function createEffects(deps: EffectsDeps): EffectsOf {
  const { clock, inbox, failpoints = inertFailpoints } = deps;
  const queues = new Map<string, Promise<unknown>>();

  return (skill, run, stop) => {
    let under_way: Set<Promise<void>> | undefined; // most skills have no effects
    return {
      effects: { apply },
      underWay: () => (under_way?.size ? Promise.all(under_way).then(ignore) : undefined),
    };

    function apply(request: EffectRequest): Promise<EffectOutcome> {
      if (skill.effect === 'read') throw new AuroraError(4030, { message: 'A skill that reads has no effects' });
      const wished = EffectRequest.parse(request);
      if (!effectKindsOf(skill).includes(wished.kind)) throw undeclared(skill, wished);
      const routing = run.asker().routing;
      const mode: Mode = routing?.mode ?? 'monitor'; // nobody routed it: nobody allowed it
      if (!routing || mode !== 'active')
        return Promise.resolve({ applied: false, mode, effect_key: effectKeyOf(wished) });
      return inTurn(wished.target, () => applyOnce({ skill, run, stop, wished, carry }));
    }

    async function carry(order: EffectOrder, wished: EffectRequest): Promise<EffectReceipt> {
      // The approval is used under the same key as before: what was begun is not counted again, and the mode is looked at anew.
      const mayGoOn = () => grantedOrder(run, wished, stop).then(ignore);
      const carried = deps.driver.apply(order, stop.signal, mayGoOn);
      const over = carried.then(ignore, ignore);
      const carrying = (under_way ??= new Set());
      carrying.add(over);
      return carried.finally(() => carrying.delete(over));
    }
  };

  function inTurn<T>(target: string, act: () => Promise<T>): Promise<T> {
    const turn = (queues.get(target) ?? Promise.resolve()).then(act, act);
    queues.set(target, turn);
    const leave = () => {
      if (queues.get(target) === turn) queues.delete(target);
    };
    turn.then(leave, leave);
    return turn;
  }

  async function applyOnce({ skill, run, stop, wished, carry }: Wish): Promise<EffectOutcome> {
    const routing = routingOf(run);
    const { task_id, fence } = routing;
    const about = { task_id, effect_key: effectKeyOf(wished), skill: skill.id, digest: digestOf(wished) };
    const kept = inbox.find(task_id, about.effect_key);
    if (kept && kept.digest !== about.digest)
      throw new AuroraError(4090, { message: 'This task had another effect on this target already' });
    if (kept) return EffectOutcome.parse(JSON.parse(kept.outcome));

    const unable = deps.driver.unable?.();
    if (unable) throw unable; // nothing is begun, and the approval is not used up
    const order = await grantedOrder(run, wished, stop);
    checkTime(run, stop);
    const { action_id } = await carry(order, wished);
    failpoints.hit('agent.after_effect');
    const { effect_key, approval_id } = order;
    const outcome: EffectOutcome = { applied: true, mode: 'active', effect_key, approval_id, action_id };
    try {
      inbox.keep({ ...about, outcome: JSON.stringify(outcome), fence });
    } catch (err) {
      deps.log.error({ task_id, effect_key, err }, 'an effect took place and could not be kept');
    }
    return outcome;
  }

  /** Asks the orchestrator at the moment of the effect: an approval that was used, changed, late or withdrawn is found out there (ATK-F5). */
  async function grantedOrder(run: Run, wished: EffectRequest, stop: Stop): Promise<EffectOrder> {
    checkTime(run, stop);
    const { peer } = run.asker();
    const { task_id, fence, approval } = routingOf(run);
    if (!approval) throw new AuroraError(4032);
    const { approval_id, action_hash } = approval;
    const effect_key = effectKeyOf(wished);
    const _meta = { handoff: { parent_id: task_id, fence } };
    const timeout_ms = run.work.due - clock.monotonic();
    const asked = { approval_id, action_hash, effect_key, effect_sha256: digestOf(wished), _meta };
    const granted = Granted.safeParse(await peer.request('approval/consume', asked, { stop, timeout_ms }));
    if (granted.data?.approval_id !== approval_id || granted.data.effect_key !== effect_key)
      throw new AuroraError(4031, { message: 'What was granted is another effect' });
    const { token } = granted.data;
    return {
      ...wished,
      effect_key,
      task_id,
      approval_id,
      fence,
      agent_id: deps.agent_id,
      at: toIso(clock.now()),
      ...(token !== undefined && { token }),
    };
  }

  function checkTime(run: Run, stop: Stop): void {
    if (stop.aborted) throw AuroraError.from(stop.reason);
    if (clock.monotonic() >= run.work.due) throw new AuroraError(5040);
  }
}

/** One effect that a run wishes, and how it is carried out. */
interface Wish {
  skill: SkillSpec;
  run: Run;
  stop: Stop;
  wished: EffectRequest;
  readonly carry: (order: EffectOrder, wished: EffectRequest) => Promise<EffectReceipt>;
}

/** In every mode: what would be refused in `active` is no answer to what would be done. */
const undeclared = ({ id }: SkillSpec, { kind }: EffectRequest): AuroraError =>
  new AuroraError(4030, {
    message: `${id} declares no effects of kind ${kind}: name it in the effect_kinds of the skill`,
  });

function ignore(): void {
  // Only that it is over counts here.
}

function routingOf(run: Run): Routing {
  const { routing } = run.asker();
  if (!routing) throw new AuroraError(4030, { message: 'Only handed-off work may act' });
  return routing;
}

/** Its token, where there is one, proves the grant to whoever carries the effect out (wire.md 4). */
const Granted = ApprovalUsed.extend({ token: z.string().max(4_096).optional() });
