/** What several specialists say alike of one record, as one finding that names them. */
import type { Finding } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { recordsOf } from './records.ts';

/** A finding with whoever says it. */
export interface Said {
  agent_id: string;
  finding: Finding;
}

/**
 * The same title and severity on the same records is one observation, whoever makes it: the first one's finding stands for all. What
 * it weighs is told by the records already (`independentShares`), so nothing of the arithmetic hangs on it.
 */
export function collapse(said: readonly Said[]): Finding[] {
  const groups = new Map<string, { first: Said; agents: Set<string>; techniques: Set<string> }>();
  for (const each of said) {
    const { title, severity, techniques = [] } = each.finding;
    const key = JSON.stringify([title, severity, [...new Set(recordsOf(each.finding))].sort()]);
    const group = groups.get(key) ?? { first: each, agents: new Set<string>(), techniques: new Set<string>() };
    group.agents.add(each.agent_id);
    for (const technique of techniques) group.techniques.add(technique);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first: { agent_id, finding }, agents, techniques }) => ({
    ...finding,
    id: `${agent_id}/${finding.id}`,
    title: `${finding.title}${namesOf(agents)}`,
    ...(techniques.size > 0 && { techniques: [...techniques] }),
  }));
}

function namesOf(agents: ReadonlySet<string>): string {
  if (agents.size < 2) return '';
  const names = [...agents].slice(0, NAMES_SHOWN_MAX).map((name) => neutralize(name, NAME_CHARS_MAX));
  const more = agents.size > names.length ? ` and ${agents.size - names.length} more` : '';
  return ` (told by ${names.join(', ')}${more})`;
}

const NAMES_SHOWN_MAX = 5;
const NAME_CHARS_MAX = 200;
