/** `approval/*`: what operators see and decide, what agents ask for and use (wire.md 8). */
import type { Call, MethodHandler } from '../mesh/index.ts';
import {
  ApprovalDecision,
  ApprovalQuery,
  ApprovalRequest,
  ApprovalUse,
  AuroraError,
  invalidParams,
  type Approval,
  type ApprovalPage,
  type ApprovalTicket,
  type ApprovalUsed,
  type RpcParams,
  type SkillTraits,
} from '../protocol/index.ts';
import type { Clock } from '../seams/index.ts';
import { stateAt, taskIdIn } from './approval.ts';
import type { Approvals } from './approvals.ts';
import type { Callers } from './callers.ts';
import type { Consumption, Holder } from './consumption.ts';
import { bytesOf } from './events.ts';
import type { Ledger, TaskRow } from './ledger.ts';
import type { Asked } from './one-target.ts';
import { assertCursor, metaOf, parse, withoutMeta } from './params.ts';
import type { Registry } from './registry.ts';
import { allows } from './routing.ts';

/** What the methods work on. */
export interface ApprovalMethodDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'get' | 'page'>;
  registry: Pick<Registry, 'instances'>;
  approvals: Approvals;
  consumption: Pick<Consumption, 'refused'> & {
    /** In its turn on the target, as long as the asker listens. */
    consume(task: TaskRow, use: ApprovalUse, asked: Holder & Asked): Promise<ApprovalUsed>;
  };
  operator: Callers['operator'];
  held: Callers['held'];
}

/** Makes the methods `approval/...`, each with its name. */
export function createApprovalMethods(deps: ApprovalMethodDeps): [string, MethodHandler][] {
  const { clock, ledger, approvals, consumption } = deps;
  return [
    ['approval/list', list],
    ['approval/decide', decide],
    ['approval/request', request],
    ['approval/consume', consume],
  ];

  /**
   * Those of the newest task first, of one task the newest question first. A page has at most `limit` approvals and 1 MiB; a page may
   * be short, only a missing cursor is the end.
   */
  async function list(params: RpcParams | undefined, call: Call): Promise<ApprovalPage> {
    await deps.operator(call);
    const { state, limit, cursor } = parse(ApprovalQuery, params ?? {});
    const { begun, ...place } = await placeOf(cursor);
    const with_approvals = state === 'pending' ? 'open' : 'any';
    const query = { with_approvals, limit: TASKS_PER_PAGE, bytes_max: PAGE_BYTES_MAX, ...place } as const;
    const { rows, next } = await ledger.page(query);
    const items: Approval[] = [];
    let bytes = 0;
    for (const approval of [...begun, ...rows.flatMap(newestFirst)].map(asOfNow)) {
      if (state && approval.state !== state) continue;
      bytes += bytesOf(approval);
      const last = items.at(-1);
      if (last && (items.length === limit || bytes > PAGE_BYTES_MAX)) return { items, next_cursor: last.approval_id };
      items.push(approval);
    }
    return { items, next_cursor: next };
  }

  /** Behind an approval the rest of its task comes first, then older tasks; behind a task only these. Throws -32602. */
  async function placeOf(cursor: string | undefined): Promise<{ begun: Approval[]; before?: string }> {
    const task = cursor === undefined ? undefined : await ledger.get(taskIdIn(cursor));
    const own = task ? newestFirst(task) : [];
    const at = own.findIndex(({ approval_id }) => approval_id === cursor);
    if (task && at !== -1) return { begun: own.slice(at + 1), before: task.task_id };
    await assertCursor(ledger, cursor);
    return { begun: [], ...(cursor !== undefined && { before: cursor }) };
  }

  async function decide(params: RpcParams | undefined, call: Call): Promise<Approval> {
    const { id } = await deps.operator(call);
    return approvals.decide(id, parse(ApprovalDecision, withoutMeta(params)));
  }

  async function request(params: RpcParams | undefined, call: Call): Promise<ApprovalTicket> {
    const asked = parse(ApprovalRequest, withoutMeta(params));
    const { task, by, fence, is_holder } = await deps.held(metaOf(params), call);
    if (!task || !is_holder) throw notHeld();
    const skill = asked.skill ?? task.skill;
    const traits = traitsOf(by, skill);
    if (skill !== task.skill && !allows(task.actor.scopes, { id: skill, effect: traits.effect })) {
      throw new AuroraError(4030, { message: `${by} may not use ${skill}`, detail: { skill } });
    }
    const approval = await approvals.request(task, { ...asked, fence, agent_id: by, traits });
    const { approval_id } = approval;
    return toTicket(asked.wait ? await approvals.granted(task, approval_id, call.stop.signal) : asOfNow(approval));
  }

  async function consume(params: RpcParams | undefined, call: Call): Promise<ApprovalUsed> {
    const use = parse(ApprovalUse, withoutMeta(params));
    const { task, by, fence, is_holder } = await deps.held(metaOf(params), call);
    if (task && is_holder) return consumption.consume(task, use, { agent_id: by, fence, stop: call.stop });
    const { approval_id, effect_key } = use;
    if (task) await consumption.refused(task, { by, approval_id, effect_key, error: notHeld() });
    throw notHeld();
  }

  function traitsOf(agent_id: string, skill: string): SkillTraits {
    const own = deps.registry.instances().find((instance) => instance.agent_id === agent_id);
    const traits = own?.card.skills.get(skill);
    if (!traits) throw invalidParams([{ path: '/skill', message: `${agent_id} has no such skill` }]);
    return traits;
  }

  function asOfNow(approval: Approval): Approval {
    return { ...approval, state: stateAt(approval, clock.now()) };
  }
}

/** What somebody who cannot wait comes back with. */
export const toTicket = (approval: Approval): ApprovalTicket => {
  const { approval_id, task_id, action_hash, state, expires_at } = approval;
  return { approval_id, task_id, action_hash, state, expires_at };
};

const newestFirst = ({ approvals = [] }: TaskRow): Approval[] => [...approvals].reverse();

const notHeld = (): AuroraError =>
  new AuroraError(4030, { message: 'An agent may only ask and act for a task that it holds' });

const TASKS_PER_PAGE = 200;
const PAGE_BYTES_MAX = 1_048_576;
