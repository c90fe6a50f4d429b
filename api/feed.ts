/** What the orchestrator tells, as the events of the streams: thoughts, tool calls, receipts, approvals. */
import { z } from 'zod';
import { stateAt, taskOf, type Ledger, type OnTold, type StreamEvent } from '../orchestrator/index.ts';
import { isFinal, streams, TaskState, type Alert, type Approval } from '../protocol/index.ts';
import { makeRoom, type Bus, type Clock, type Log } from '../seams/index.ts';
import type { AlertEvent } from '../soc/index.ts';
import { ANYBODY, taskShownTo } from './shown.ts';
import { durationOf, judgedIn, refsOf, requestIdOf, type TaskRow } from './task-facts.ts';
import { createWaiting, type Waiting } from './waiting.ts';

/** The link between what the orchestrator tells and whoever listens or waits at the API. */
export interface Feed extends Omit<Waiting, 'wake'> {
  /** To be given to the orchestrator. */
  onTold: OnTold;
  /** Watches the questions that earlier processes asked; call once, when the open tasks are there. */
  resume(): Promise<void>;
}

/** A feed that tells nothing yet; `onTold` publishes on the bus, and reads of the ledger what somebody waits for. */
export function createFeed(deps: { bus: Bus; clock: Clock; log: Log; ledger: Pick<Ledger, 'get' | 'list'> }): Feed {
  const { bus, clock, log, ledger } = deps;
  const { settled, wake, leave } = createWaiting(deps);
  const steps = new Map<string, number>();
  const asked = new Map<string, Approval>();

  return { onTold, resume, leave, settled };

  function onTold(task: TaskRow, event: StreamEvent): void {
    if (event.kind === 'thought') tellThought(task, event);
    if (event.kind === 'tool_call') tellToolCall(task, event);
    if (event.kind === 'status') tellStatus(task, event);
  }

  function tellThought(task: TaskRow, { kind, value }: StreamEvent): void {
    const text = TextOf.safeParse(value).data?.text ?? '';
    if (text === '') return;
    const step = (steps.get(task.task_id) ?? 0) + 1;
    if (step === 1) makeRoom(steps, STEPS_MAX, STEPS_MAX / 8);
    steps.set(task.task_id, step);
    const type = kind === 'thought' ? 'thought' : 'status';
    const { agent_id, skill } = task;
    const data = streams.agentThoughts.frame({
      agent_id: agent_id === '' ? 'orchestrator' : agent_id,
      investigation_id: task.root_id,
      task_id: task.task_id,
      skill,
      step,
      kind: type,
      text,
      alert_id: refsOf(task)['alert_id'] ?? null,
    });
    bus.publish(streams.agentThoughts.topic, { type, id: task.task_id, data });
  }

  function tellToolCall(task: TaskRow, { seq, at, value }: StreamEvent): void {
    const said = ToolCallOf.safeParse(value).data;
    if (!said) return;
    const data = streams.toolCalls.frame({
      call_id: `${task.task_id}:${seq}`,
      agent_id: task.agent_id,
      investigation_id: task.root_id,
      task_id: task.task_id,
      skill: task.skill,
      tool: said.tool,
      input_digest: said.input_sha256 ?? null,
      outcome: said.outcome,
      duration_ms: said.duration_ms ?? null,
      at,
    });
    bus.publish(toolCallTopic(task.agent_id), { type: 'tool_call', id: data.call_id, data });
  }

  function tellStatus(task: TaskRow, event: StreamEvent): void {
    const said = StatusOf.safeParse(event.value).data ?? {};
    if (said.text !== undefined) tellThought(task, event);
    if (said.approval_id !== undefined) tellApproval('approval.requested', task, said.approval_id);
    if (said.approval) tellApproval('approval.decided', task, said.approval.approval_id);
    if (said.state === undefined) return;
    if (isFinal(said.state)) {
      steps.delete(task.task_id);
      withdrawQuestions(task);
      if (task.parent_id === undefined) tellReceipt(task.task_id);
    }
    if (isFinal(said.state) || said.state === 'auth_required') wake(task.task_id);
  }

  /* ---- approvals ---- */

  function tellApproval(type: 'approval.requested' | 'approval.decided', task: TaskRow, approval_id: string): void {
    const approval = task.approvals?.find((one) => one.approval_id === approval_id);
    if (!approval) return;
    publish(type, approval);
    if (type === 'approval.decided') asked.delete(approval_id);
    else watch(approval);
  }

  async function resume(): Promise<void> {
    for (const { approvals = [] } of await ledger.list({ with_approvals: 'open', limit: ASKED_MAX })) {
      for (const approval of approvals) if (approval.state === 'pending') watch(approval);
    }
  }

  /** Nobody writes down that a question ran out: it is noticed here, for those who look. */
  function watch(approval: Approval): void {
    const { approval_id, expires_at } = approval;
    asked.set(approval_id, approval);
    const look = (): void => {
      const open = asked.get(approval_id);
      if (!open) return;
      const left_ms = Date.parse(expires_at) - clock.now();
      if (left_ms > 0) {
        clock.after(Math.min(left_ms, LOOK_MS_MAX), look);
        return;
      }
      asked.delete(approval_id);
      publish('approval.expired', open);
    };
    look();
  }

  function withdrawQuestions({ task_id, approvals = [] }: TaskRow): void {
    for (const approval of approvals) {
      if (asked.delete(approval.approval_id) && approval.task_id === task_id) {
        publish(stateAt(approval, clock.now()) === 'expired' ? 'approval.expired' : 'approval.decided', approval);
      }
    }
  }

  function publish(type: string, approval: Approval): void {
    const data = streams.approvals.frame({ ...approval, state: stateAt(approval, clock.now()) });
    bus.publish(streams.approvals.topic, { type, id: approval.approval_id, data });
  }

  /* ---- receipts ---- */

  function tellReceipt(task_id: string): void {
    receiptOf(task_id).then(
      (data) => bus.publish(streams.investigationReceipts.topic, { type: 'receipt', id: task_id, data }),
      (err: unknown) => log.error({ task_id, err }, 'a receipt could not be made'),
    );
  }

  async function receiptOf(task_id: string) {
    const task = taskShownTo(ANYBODY, await taskOf(ledger, task_id));
    const family = await ledger.list({ root_id: task_id, limit: FAMILY_MAX });
    const found = judgedIn(task.result);
    const refs = refsOf(task);
    const is_investigation = task.skill === 'investigate';
    return streams.investigationReceipts.frame({
      investigation_id: task.root_id,
      task_id,
      agent_id: task.agent_id,
      skill: task.skill,
      state: task.state,
      outcome: task.outcome ?? null,
      ...(task.simulated && { simulated: task.simulated }),
      verdict: found.verdict ?? null,
      severity: found.severity ?? null,
      confidence: found.confidence ?? null,
      summary: found.summary ?? null,
      error: task.error ? { code: task.error.code, message: task.error.message } : null,
      requested_by: task.actor.sub,
      alert_id: refs['alert_id'] ?? null,
      case_id: refs['case_id'] ?? null,
      attack_id: refs['attack_id'] ?? null,
      tasks: Math.max(0, family.length - 1),
      duration_ms: durationOf(task, clock.now()),
      result_path: is_investigation ? `/api/v1/investigations/${task_id}` : `/api/v1/orchestrator/tasks/${task_id}`,
      request_id: requestIdOf(task),
    });
  }
}

/** Tells what happened to an alert; what is long in it is read from the alert itself. */
export const tellAlertOn =
  (bus: Bus) =>
  (type: AlertEvent, alert: Alert): void => {
    const data = streams.alerts.frame({ ...alert, iocs: alert.iocs.slice(0, IOCS_SHOWN) });
    bus.publish(streams.alerts.topic, { type, id: alert.alert_id, data });
  };

/** The topic of one agent's steps. */
export const toolCallTopic = (agent_id: string): string => streams.toolCalls.topic.replace('{agent_id}', agent_id);

const TextOf = z.object({ text: z.string() });
const ToolCallOf = z.object({
  tool: z.string(),
  input_sha256: z.string().optional(),
  outcome: z.string(),
  duration_ms: z.number().nonnegative().optional(),
});
const StatusOf = z.object({
  state: TaskState.optional().catch(undefined), // what is no state of ours is none
  text: z.string().optional(),
  approval_id: z.string().optional(),
  approval: z.object({ approval_id: z.string() }).optional(),
});

/** Indicators of an alert that its stream shows. */
const IOCS_SHOWN = 50;
/** Tasks whose thoughts are counted. */
const STEPS_MAX = 20_000;
/** More than an investigation may have (wire.md 5). */
const FAMILY_MAX = 300;
/** Tasks whose questions are watched after a start: as many as may be open (wire.md 10). */
const ASKED_MAX = 10_000;
/** The wall may be set while a timer runs. */
const LOOK_MS_MAX = 60_000;
