/** An explanation of a rule, for people: each event with the lines that decided, its filters, and what correlations counted. */
import { colors } from '../boot/index.ts';
import type { CorrelationExplanation, RuleExplanation } from '../protocol/index.ts';
import { safe, wrap } from './text.ts';

type Told = RuleExplanation['events'][number];

/** The explanation as text for a terminal; what comes from rules and events is made harmless. */
export function toExplanationText(explained: RuleExplanation): string {
  const { rule, summary, events, more_events, correlations, not_checked } = explained;
  return [
    `${colors.bold(safe(rule.title))} (${safe(rule.level)})`,
    safe(summary),
    ...correlations.flatMap(toCorrelationLines),
    ...events.flatMap(toEventLines),
    ...(more_events > 0 ? [`\n${more_events} more events were tried and are not shown`] : []),
    ...not_checked.map(({ what, why }) => colors.dim(wrap(`not checked: ${safe(what)}: ${safe(why)}`, '  '))),
    '',
  ].join('\n');
}

function toEventLines({ locator, rule_id, matched, why, logsource, filters, ...detection }: Told): string[] {
  const of = rule_id === undefined ? '' : ` by ${safe(rule_id)}`;
  return [
    `\n${mark(matched)}  ${safe(locator)}${of}: ${safe(why)}`,
    `     log: ${mark(logsource.matched)} wants ${safe(logsource.wanted)}, is ${safe(logsource.event)}`,
    ...toDetectionLines(detection),
    ...filters.flatMap(({ title, suppresses, ...own }) => [
      `     filter: ${suppresses ? colors.yellow('takes it away') : 'lets it pass'} ${safe(title)}`,
      ...toDetectionLines(own),
    ]),
  ];
}

const toDetectionLines = ({ conditions, selections }: Pick<Told, 'conditions' | 'selections'>): string[] => [
  ...conditions.map(({ text, matched }) => `     condition: ${mark(matched)} ${safe(text)}`),
  ...selections.flatMap(({ name, matched, fields }) => [
    `     ${mark(matched)} ${safe(name)}`,
    ...fields.map(({ key, line, matched: fits, event_values, why }) => {
      const has = event_values.length === 0 ? '' : colors.dim(`  [${safe(event_values.join(' | '))}]`);
      return `        ${mark(fits)} ${safe(key)} (line ${line}): ${safe(why)}${has}`;
    }),
  ]),
];

function toCorrelationLines(told: CorrelationExplanation): string[] {
  const { title, level, fired, wants, rules, ungrouped, groups, more_groups } = told;
  return [
    `\n${mark(fired > 0)}  correlation ${colors.bold(safe(title))} (${safe(level)}) fired ${fired} times`,
    `     wants ${safe(wants)}`,
    ...rules.map((rule) => `     over ${safe(rule.title)}: ${rule.hits} hits`),
    ...(ungrouped > 0 ? [`     ${ungrouped} hits have not all group-by fields and do not count`] : []),
    ...groups.flatMap(({ fired: times, fired_at, why, locators }) => [
      `     ${mark(times > 0)} ${safe(why)}`,
      ...(times > 0 ? [`        fired at ${safe(fired_at.join(', '))}`] : []),
      colors.dim(`        ${safe(locators.join(', '))}`),
    ]),
    ...(more_groups > 0 ? [`     ${more_groups} more groups`] : []),
  ];
}

const mark = (matched: boolean): string => (matched ? colors.green('yes') : colors.red('no '));
