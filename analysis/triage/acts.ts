/** What was done, as an alert says it: its indicators, and the fields of its sensor that name a command, a file or a request. */
import type { TriagedAlert } from './alert.ts';

/** Each act once, in order. Ids, counters and times of a sensor are none: they differ from one repetition to the next. */
export function actsOf(alert: TriagedAlert): string[] {
  const acts = new Set(alert.iocs.map(({ type, value }) => JSON.stringify([type.toLowerCase(), value])));
  const visit = (value: unknown, name: string, depth: number): void => {
    if (acts.size >= ACTS_MAX) return;
    if (typeof value === 'object' && value !== null) {
      if (depth < DEPTH_MAX)
        for (const [key, inner] of Object.entries(value))
          visit(inner, Array.isArray(value) ? name : `${name}.${key}`, depth + 1);
    } else if (ACT.test(name) && !PASSING.test(name)) acts.add(JSON.stringify([name, value]));
  };
  for (const [field, value] of Object.entries(alert)) if (!TOLD.has(field)) visit(value, field, 0);
  return [...acts].sort();
}

/** Fields that are told by their entities, or that say when and how grave. */
const TOLD = new Set(['iocs', 'entities', 'process_guid', 'title', 'description', 'raw_log']);
const ACT =
  /command|cmd|\bargs?\b|script|payload|url|uri|path|file|image|process|registry|query|request|http|email|subject|domain|hash|sha\d|md5|action|method|dst_port|destination_port|dest_port|service|task/i;
const PASSING =
  /(?:^|[._])(?:p{0,2}id|guid|uuid|time|timestamp|date|count|src_port|source_port|entity_id)$|(?:Id|Guid|Time|At)$|_at$/;
const ACTS_MAX = 2_000;
const DEPTH_MAX = 4;
