/** What a W3C log shows of who asked for what, judged as the logs of other web servers are. */
import type { Gap, Grounds } from '../verdict/index.ts';
import { createLogPass } from '../web/index.ts';
import type { Left } from './losses.ts';
import type { TextLog, TextLogRecord } from './text-log.ts';

/** Grounds of a verdict, and the records that do not say who asked. */
export interface Traffic extends Pick<Grounds, 'techniques' | 'iocs' | 'recommendations'> {
  findings: Grounds['findings'];
  not_checked: readonly Gap[];
  anonymous: readonly TextLogRecord[];
}

/** Judges the records in their order, each under the header above it. What was judged in part is added to `left`. */
export function trafficIn(name: string, { records, directives }: TextLog, left: Left[]): Traffic {
  const pass = createLogPass(name);
  const anonymous: TextLogRecord[] = [];
  let next = 0;
  for (const record of records) {
    for (; (directives[next]?.line ?? Infinity) < record.line; next += 1)
      pass.note({ number: directives[next]?.line ?? 0, text: directives[next]?.text ?? '' });
    const seen = pass.note({ number: record.line, text: record.text });
    if (seen === 'unknown') anonymous.push(record);
    if (seen === 'in part') left.push({ what: `the middle of line ${record.line}`, why: 'it is too long', entries: 1 });
  }
  const { findings, techniques, iocs, recommendations, not_checked = [] } = pass.grounds();
  return {
    findings,
    ...(techniques && { techniques }),
    ...(iocs && { iocs }),
    ...(recommendations && { recommendations }),
    not_checked: [...pass.gaps(), ...not_checked, ...unjudgedOf(anonymous.length, records.length)],
    anonymous,
  };
}

const unjudgedOf = (anonymous: number, records: number): Gap[] =>
  anonymous === 0
    ? []
    : [
        {
          what: `who asked, and what they did over time, of ${anonymous} of ${records} records`,
          why: 'they do not name a client (c-ip) and what it asked for: only their request lines are judged',
          is_unjudged: true,
        },
      ];
