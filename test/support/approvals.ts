/** Approvals over a real record, without a mesh: tasks that act, people who answer, and what stands on the record after it. */
import { afterEach } from 'vitest';
import { createApprovals, type Approvals } from '../../orchestrator/approvals.ts';
import { createConsumption, type Consumption } from '../../orchestrator/consumption.ts';
import { createEffectTokens } from '../../orchestrator/effect-token.ts';
import { createLedger } from '../../orchestrator/index.ts';
import type { Ledger, TaskRow } from '../../orchestrator/ledger.ts';
import type { NotifyWaiting } from '../../orchestrator/notices.ts';
import { createPolicy, PolicyRules, type Policy } from '../../orchestrator/policy.ts';
import { createTurns } from '../../orchestrator/turns.ts';
import type { Standing } from '../../orchestrator/standing.ts';
import type { Approval, Mode, SkillTraits } from '../../protocol/index.ts';
import { countingIds, countingMetrics, manualClock, memoryLog, toIso, type ManualClock } from '../../seams/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { settled } from './drive.ts';
import { identityOf } from './mesh.ts';

/** Who signs what is granted; its pin tells whoever looks. */
export const ORCHESTRATOR = identityOf('orchestrator', 'orchestrator');

/** Everything at hand. */
export interface Desk {
  clock: ManualClock;
  ledger: Ledger;
  approvals: Approvals;
  consumption: Consumption;
  store: Store;
  log: ReturnType<typeof memoryLog>;
  metrics: ReturnType<typeof countingMetrics>;
  /** Events told on streams. */
  told: { task_id: string; value: unknown }[];
}

/** What a skill that acts says of itself. */
export const acting = (more: Partial<SkillTraits> = {}): SkillTraits => ({
  effect: 'idempotent',
  action_class: 'high',
  routable: true,
  concurrency: 8,
  targets: ['/endpoint'],
  effect_kinds: ['isolate'],
  investigates: [],
  ...more,
});

/** Opens a desk on a file, or in memory. */
export async function openDesk(
  options: {
    rules?: Parameters<typeof PolicyRules.parse>[0];
    policy?: Policy;
    notify?: NotifyWaiting;
    file?: string;
    clock?: ManualClock;
    /** The mode in force: `active` unless said. */
    mode?: () => Mode;
    /** Who may still act: everybody unless said. */
    standing?: Standing;
  } = {},
): Promise<Desk> {
  const clock = options.clock ?? manualClock();
  const log = memoryLog();
  const metrics = countingMetrics();
  const endOfTurn = (run: () => void) => queueMicrotask(run);
  const store = await openStore({ file: options.file ?? ':memory:', durability: 'full', clock, log, endOfTurn });
  const ledger = createLedger(store, clock);
  const rules = PolicyRules.parse(options.rules ?? {});
  const policy = options.policy ?? createPolicy(rules, ['mesh-host']);
  const turns = createTurns(clock);
  const told: Desk['told'] = [];
  const telling = {
    tell: ({ task_id }: TaskRow, _kind: unknown, value: unknown) => void told.push({ task_id, value }),
  };
  const mode = options.mode ?? (() => 'active' as const);
  const standing = options.standing ?? (() => true);
  const shared = { clock, log, metrics, ledger, turns, policy, mode, standing };
  const signEffect = createEffectTokens({ self: ORCHESTRATOR.identity, clock, ids: countingIds() });
  const consumption = createConsumption({ ...shared, signEffect });
  const { refused } = consumption;
  const approvals = createApprovals({ ...shared, telling, rules, refused, notify: options.notify });
  return { clock, ledger, approvals, consumption, store, log, metrics, told };
}

/** Opens desks as `openDesk` does, for the tests of one file: after each of them its desks are closed. */
export function desksOfTests(): typeof openDesk {
  const open: Desk[] = [];
  afterEach(async () => {
    for (const { store } of open.splice(0)) await store.close();
  });
  return async (options) => {
    const desk = await openDesk(options);
    open.push(desk);
    return desk;
  };
}

/** Accepts a task of `operator:bob` that isolates `ws-7`. */
export async function acceptTask({ clock, ledger }: Desk, more: Partial<TaskRow> = {}): Promise<TaskRow> {
  const task_id = more.task_id ?? 'task_1';
  const row: TaskRow = {
    task_id,
    root_id: task_id,
    parent_id: undefined,
    from: 'operator:bob',
    agent_id: '',
    skill: 'contain_endpoint',
    params: { endpoint: 'ws-7' },
    reason: 'beacon',
    hop: 0,
    path: [],
    mode: 'active',
    priority: 5,
    actor: { sub: 'operator:bob', scopes: ['*'], tenant: 'default' },
    due: clock.monotonic() + 60_000,
    deadline: toIso(clock.now() + 60_000),
    traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`,
    created_at: toIso(clock.now()),
    updated_at: toIso(clock.now()),
    effect: 'idempotent',
    state: 'submitted',
    attempts: [],
    key: { scope: task_id, digest: 'd' },
    ...more,
  };
  await ledger.accept(row, { fan_out_max: 32, root_tasks_max: 256 });
  return row;
}

/** Asks for the task, as the dispatcher does before it hands it to the responder. */
export async function ask(desk: Desk, task: TaskRow, traits = acting()): Promise<Approval> {
  await desk.approvals.permit(task, { agent_id: 'responder', traits });
  return task.approvals!.at(-1)!;
}

/** Gives the task to the responder; answers the fence. */
export async function lease({ ledger }: Desk, task: TaskRow, agent_id = 'responder'): Promise<number> {
  const { hop, path, actor } = task;
  const to = { agent_id, instance_id: `${agent_id}-1`, hop, path, actor, effect: 'idempotent' } as const;
  return (await ledger.lease(task.task_id, to))!.fence;
}

/** One operator's yes or no. */
export const vote = (
  desk: Desk,
  { approval_id, action_hash }: Approval,
  by: string,
  decision: 'approve' | 'reject' = 'approve',
  note?: string,
): Promise<Approval> =>
  desk.approvals.decide(by, { approval_id, action_hash, decision, ...(note !== undefined && { note }) });

/** Uses an approval for `isolate:<target>`. */
export const use = (
  { consumption }: Desk,
  task: TaskRow,
  { approval_id, action_hash }: Pick<Approval, 'approval_id' | 'action_hash'>,
  {
    target = 'ws-7',
    fence = 1,
    agent_id = 'responder',
    kind = 'isolate',
    effect_sha256,
  }: { target?: string; fence?: number; agent_id?: string; kind?: string; effect_sha256?: string } = {},
) =>
  consumption.consume(
    task,
    { approval_id, action_hash, effect_key: `${kind}:${target}`, effect_sha256 },
    { agent_id, fence },
  );

/** What stands on the task's record about approvals: the kind of each row, and what an audit note says. */
export async function recordOf({ ledger }: Desk, task_id = 'task_1'): Promise<string[]> {
  const events = await ledger.history(task_id);
  return events
    .filter(({ type }) => type === 'audit' || type.startsWith('approval_'))
    .map(({ type, payload }) => {
      const { code, by, effect_key } = JSON.parse(payload) as { code?: number; by?: string; effect_key?: string };
      return type === 'audit' ? ['refused', code, by, effect_key].filter(Boolean).join(' ') : type;
    });
}

/** Whether a promise has ended, and how, without waiting for it. */
export async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  let outcome: unknown = 'waiting';
  promise.then(
    () => (outcome = 'granted'),
    (reason: unknown) => (outcome = reason),
  );
  await settled();
  return outcome;
}
