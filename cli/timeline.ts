/** The record of a task, and of those below it, as lines in the order things happened. */
import { z } from 'zod';
import { colors } from '../boot/index.ts';
import type { RecordedEvent, Task } from '../protocol/index.ts';
import { nameOfCode, paintState, safe } from './text.ts';

/** One task for people: what it is, how it stands, and everything that happened. */
export function toTimelineText(task: Task, events: readonly RecordedEvent[]): string {
  const members = membersOf(events);
  const is_alone = members.size === 1;
  const lines = events.map((event, index) => {
    const { number = 1, depth = 0 } = members.get(event.task_id) ?? {};
    const who = is_alone ? '' : `${colors.dim(`#${number}`.padEnd(4))} ${'  '.repeat(depth)}`;
    const said = `${paintType(event.type)} ${safe(describe(event))}`.trimEnd();
    return `${dayBefore(events, index)}  ${colors.dim(event.at.slice(11, 23))}  ${who}${said}`;
  });
  return `${[...headOf(task), '', ...lines].join('\n')}\n`;
}

/** How it stands, with what people did about it since. */
export function standingOf({ state, outcome, simulated, resolved, redriven_as }: Task): string {
  const finer = outcome !== undefined && FINER.has(outcome) ? ` (${outcome})` : '';
  const looked =
    resolved === undefined ? '' : resolved.applied ? ', resolved: it took effect' : ', resolved: no effect';
  const preview = simulated ? ', simulated: nothing was done' : '';
  return `${paintState(state)}${finer}${preview}${looked}${redriven_as === undefined ? '' : ', redriven'}`;
}

function headOf(task: Task): string[] {
  const {
    task_id,
    agent_id,
    skill,
    reason,
    hop,
    created_at,
    deadline,
    priority,
    mode,
    error,
    late_result,
    redriven_as,
  } = task;
  return [
    `${colors.bold(task_id)}  ${standingOf(task)}  ${safe(`${agent_id} ${skill}`.trim())}  hop ${hop}`,
    ...(reason === undefined ? [] : [`  because: ${safe(reason)}`]),
    `  made ${created_at}, deadline ${deadline}, priority ${priority}, mode ${mode}`,
    ...(error ? [`  ${colors.red(nameOfCode(error.code))} ${safe(error.message)}`] : []),
    ...(late_result ? [`  answered after its end, ${late_result.at}${after(lateText(late_result))}`] : []),
    ...(redriven_as === undefined ? [] : [`  done once more as ${safe(redriven_as)}`]),
  ];
}

/** What came late, in a line. */
function lateText(late: unknown): string | undefined {
  const { error, result } = partsOf(late);
  const text = error ? `${error.code} ${error.message}` : result?.summary;
  return text === undefined ? undefined : safe(text);
}

/** Numbers in the order of acceptance, and how far below the first each is. */
function membersOf(events: readonly RecordedEvent[]): Map<string, { number: number; depth: number }> {
  const members = new Map<string, { number: number; depth: number }>();
  for (const { task_id, type, payload } of events) {
    if (members.has(task_id)) continue;
    const { parent_id } = type === 'accepted' ? partsOf(payload) : {};
    const above = members.get(parent_id ?? '');
    members.set(task_id, { number: members.size + 1, depth: above ? above.depth + 1 : 0 });
  }
  return members;
}

/** Work that waits for people may take days: another day has a line of its own. */
function dayBefore(events: readonly RecordedEvent[], index: number): string {
  const [before = '', day = ''] = events.slice(Math.max(0, index - 1), index + 1).map(({ at }) => at.slice(0, 10));
  return before === day || day === '' ? '' : `  ${day}\n`;
}

function describe({ task_id, type, fence, payload }: RecordedEvent): string {
  const said = partsOf(payload);
  switch (type) {
    case 'accepted':
      return `${said.skill ?? ''} asked by ${said.from ?? ''}${after(said.reason)}  ${task_id}`;
    case 'leased':
      return `attempt ${fence} on ${said.instance_id === said.agent_id ? '' : `${said.agent_id ?? ''} `}${said.instance_id ?? ''}`;
    case 'released':
      return `attempt ${fence} came to nothing: ${said.outcome ?? ''}${after(said.why)}`;
    case 'approval_asked':
      return `${said.approval_id ?? ''}: ${said.action_class ?? ''} on ${said.targets?.join(', ') ?? ''}, ${said.needed ?? 1} needed until ${said.expires_at ?? ''}`;
    case 'approval_voted':
      return `${said.vote?.by ?? ''}: ${said.vote?.decision ?? ''}${after(said.vote?.note)}`;
    case 'approval_granted':
      return said.approval_id ?? '';
    case 'approval_consumed':
      return `${said.effect_key ?? ''} by ${said.by ?? ''}`;
    case 'late_result':
      return `came too late, and changes no state${after(lateText(payload))}`;
    case 'audit':
      return describeNote(said);
    default:
      return said.error ? `${said.error.code} ${said.error.message}` : (said.name ?? '');
  }
}

function describeNote(said: Parts): string {
  const { kind, by = '', reason, note } = said;
  if (kind === 'redriven') return `redriven by ${by} as ${said.new_task_id ?? ''}${after(reason)}`;
  if (kind === 'resolved')
    return `resolved by ${by}: it ${said.applied ? 'took effect' : 'took no effect'}${after(note)}`;
  if (kind === 'approval_refused') return `refused ${by}${after(said.why)} (${said.code ?? ''})`;
  return kind ?? '';
}

const after = (text: string | undefined): string => (text === undefined ? '' : `: ${text}`);

function paintType(type: string): string {
  const padded = type.padEnd(TYPE_CHARS);
  if (type === 'succeeded') return colors.green(padded);
  return BAD.has(type) ? colors.red(padded) : type.startsWith('approval') ? colors.yellow(padded) : colors.cyan(padded);
}

/** What a line may tell of a payload; whatever is not as expected is left out. */
const Text = z.string().optional().catch(undefined);
const Parts = z.object({
  skill: Text,
  from: Text,
  reason: Text,
  parent_id: Text,
  agent_id: Text,
  instance_id: Text,
  outcome: Text,
  approval_id: Text,
  action_class: Text,
  targets: z.array(z.string()).optional().catch(undefined),
  needed: z.number().optional().catch(undefined),
  expires_at: Text,
  vote: z.object({ by: z.string(), decision: z.string(), note: z.string().optional() }).optional().catch(undefined),
  effect_key: Text,
  by: Text,
  kind: Text,
  new_task_id: Text,
  applied: z.boolean().optional().catch(undefined),
  note: Text,
  why: Text,
  code: z.number().optional().catch(undefined),
  name: Text,
  result: z.object({ summary: Text }).optional().catch(undefined),
  error: z.object({ code: z.number(), message: z.string() }).optional().catch(undefined),
});
type Parts = z.infer<typeof Parts>;

const partsOf = (payload: unknown): Partial<Parts> => Parts.safeParse(payload).data ?? {};

const FINER = new Set(['dead_lettered', 'unknown_effect', 'expired']);
const BAD = new Set(['failed', 'canceled', 'expired', 'denied', 'dead_lettered', 'unknown_effect', 'released']);
const TYPE_CHARS = 18;
