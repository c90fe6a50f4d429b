/** An action as a person sees it before they answer: what will be done, to what, for whom; nothing hidden, nothing obeyed (ATK-F3, F6). */
import { colors } from '../boot/index.ts';
import type { Approval } from '../protocol/index.ts';
import { safe, toSpan, wrap } from './text.ts';

/** Everything that the answer binds, and apart from it what the requester says. */
export function toApprovalText(approval: Approval, now: number): string {
  const { approval_id, action_class, skill, agent_id, effects, targets, requester, needed, votes, warnings } =
    toParts(approval);
  const { state, expires_at, because, reason, params, action_hash, task_id } = approval;
  const rest_ms = Date.parse(expires_at) - now;
  const field = (name: string, text: string) => `  ${name.padEnd(11)} ${text}`;
  return `${[
    `${colors.bold(approval_id)}  ${state}`,
    field('does', `${colors.bold(skill)} on ${agent_id}, class ${paintClass(action_class)}`),
    ...(effects === '' ? [] : [field('effects', effects)]),
    field('to', colors.bold(targets)),
    field('with', paramsOf(params)),
    field('asked by', requester),
    ...(reason === undefined ? [] : [field('they say', colors.dim(`“${safe(reason)}” (their words, not checked)`))]),
    field('asked why', safe(because)),
    field('answers', `${needed} needed${votes === '' ? '' : `, so far ${votes}`}`),
    field('expires', `${expires_at}${state === 'pending' ? `, in ${toSpan(rest_ms)}` : ''}`),
    field('task', safe(task_id)),
    field('action hash', action_hash),
    ...warnings,
  ].join('\n')}\n`;
}

/** What the vote came to. */
export function toOutcomeText({ approval_id, state, votes, needed, task_id }: Approval): string {
  const yes = votes.filter(({ decision }) => decision === 'approve').length;
  if (state === 'pending')
    return `${safe(approval_id)}: ${yes} of ${needed} approvals; somebody else has to approve too`;
  const next = state === 'granted' ? `the work goes on: aurora task ${safe(task_id)}` : 'nothing is done';
  return `${safe(approval_id)} is ${state}: ${next}`;
}

function toParts(approval: Approval) {
  const { approval_id, action_class, skill, agent_id, targets, effect_kinds, requester, needed, votes } = approval;
  const cast = votes.map(({ by, decision, note }) => `${by} ${decision}${note === undefined ? '' : ` (${note})`}`);
  return {
    approval_id: safe(approval_id),
    action_class,
    skill: safe(skill),
    agent_id: safe(agent_id),
    effects: effect_kinds.map(safe).join(', '),
    targets: targets.length === 0 ? 'nothing that it names' : targets.map(safe).join(', '),
    requester: requester.map(safe).join(', '),
    needed,
    votes: safe(cast.join(', ')),
    warnings: targets.some(hasForeignLetters)
      ? [wrap('There are letters beyond ASCII in the targets: they may look like others', '  ')]
      : [],
  };
}

/** The params in their canonical order, as they will be used: every string whole, every hidden character visible. */
function paramsOf(params: unknown): string {
  const [first = '', ...rest] = JSON.stringify(sorted(params), null, 2).split('\n').map(safe);
  return [first, ...rest.map((line) => `${' '.repeat(14)}${line}`)].join('\n');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, item]: [string, unknown]): [string, unknown] => [
    name,
    sorted(item),
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const hasForeignLetters = (text: string): boolean => /[^\u0020-\u007e]/.test(text);

const paintClass = (action_class: Approval['action_class']): string =>
  action_class === 'high' || action_class === 'irreversible' ? colors.red(action_class) : action_class;
