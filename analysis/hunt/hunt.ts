/** Rules over a recording: findings with the fields that matched, and a receipt that a clean answer can rest on. */
import type { AnalysisResult, NotChecked, Severity } from '../../protocol/index.ts';
import { whyLost } from '../../seams/index.ts';
import { evidence } from '../evidence/index.ts';
import type { LogEvent, ZoneSkew } from '../events/index.ts';
import { compareText } from '../order/index.ts';
import type { Recording } from '../recordings/index.ts';
import {
  createCorrelator,
  createEngine,
  explain,
  Work,
  type CorrelationAlert,
  type Engine,
  type Level,
  type Ruleset,
  type SigmaRule,
} from '../sigma/index.ts';
import { conclude, WEIGHT, type WeighedFinding } from '../verdict/index.ts';
import { controlEvent, CONTROL_RULE } from './control.ts';
import { createCoverage } from './coverage.ts';
import { createHitGroups, type HitGroup } from './hit-groups.ts';
import { clockGaps, createClocks, hourInWords } from './hour.ts';

/** What is hunted in. */
export interface HuntInput {
  name: string;
  recording: Recording;
  ruleset: Ruleset;
  /** Told now and then how many events were read. */
  onProgress?: (events: number) => void;
}

/** Runs all rules over all events, in bounded memory. The same recording and rules give the same result. */
export async function huntWithRules(input: HuntInput): Promise<AnalysisResult> {
  const { name, recording, ruleset, onProgress } = input;
  const work = new Work();
  const engine = createEngine([...ruleset.rules, CONTROL_RULE], ruleset.filters, work);
  const correlator = createCorrelator(ruleset.correlations, ruleset.rules);
  const groups = createHitGroups<SigmaRule>();
  const coverage = createCoverage();
  const clocks = createClocks();
  let events = 0;
  let told = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      const before = engine.counts.covered;
      groups.note(event);
      clocks.note(event);
      const hits = engine.matchInTurns(event);
      for (const rule of hits instanceof Promise ? await hits : hits) {
        correlator.observe(rule, event);
        if (!correlator.isSilent(rule)) groups.add(rule, event);
      }
      coverage.note(event, engine.counts.covered > before);
    }
    events += batch.length;
    if (events - told < EVENTS_A_WORD) continue;
    told = events;
    onProgress?.(events);
  }
  const found_control = engine.match(controlEvent()).includes(CONTROL_RULE);
  const alerts = correlator.finish();
  const report = recording.report();
  const zone = clocks.zone();
  const seen: WeighedFinding[] = [];
  for (const group of groups.all()) {
    seen.push(toFinding(group, { name, zone }, work));
    if (work.is_due) await work.turn();
  }
  const findings = [...seen, ...alerts.map((alert, index) => toCorrelationFinding(alert, index, { name, zone }))].sort(
    byGravity,
  );
  const shown = findings.slice(0, FINDINGS_MAX);

  return conclude({
    subject: name,
    findings: shown,
    checked: [
      {
        question: `Does one of ${engine.rules.length - 1 + ruleset.correlations.length} Sigma rules match an event?`,
        corpus: {
          sha256: report.sha256,
          items: report.items,
          items_read: report.items_read,
          ...(coverage.judged() < events && { items_judged: Math.min(coverage.judged(), report.items_read) }),
        },
        ...(found_control && { control: 'a planted event was found by the same run' }),
      },
    ],
    not_checked: [
      ...(found_control
        ? []
        : [{ what: 'whether rules match at all', why: 'a planted event was not found', mandatory: true }]),
      ...report.unread.map(({ what, why }) => ({ what, why, mandatory: true })),
      ...(report.unread_count > report.unread.length
        ? [{ what: `${report.unread_count - report.unread.length} further parts`, why: UNREAD, mandatory: true }]
        : []),
      ...coverage.gaps(),
      ...rulesetGaps(ruleset, engine),
      ...clockGaps(zone),
      ...correlator.gaps(),
      ...boundGaps(engine, findings.length - shown.length, groups.dropped()),
    ],
    data_versions: { sigma: ruleset.version },
  });
}

/** What is hunted in, and the zone that its collector took for UTC. */
interface Told {
  name: string;
  zone: ZoneSkew | undefined;
}

function toFinding(group: HitGroup<SigmaRule>, { name, zone }: Told, work: Work): WeighedFinding {
  const { id, rule, host, hour, count, samples } = group;
  const where = [host === '' ? '' : ` on ${host}`, hourInWords(hour, samples[0], zone)].join('');
  return {
    id,
    title: `${rule.title}${where}${count > 1 ? `, ${count} events` : ''}`,
    severity: severityOf(rule.level),
    rule: rule.id,
    weight: weightOf(rule.level),
    basis: rule.id,
    evidence: samples.map((event) => ({
      ...evidence({ source: name, locator: event.locator, text: whatMatched(rule, event, work) }),
    })),
    ...(rule.techniques.length > 0 && { techniques: [...rule.techniques] }),
  };
}

function toCorrelationFinding(alert: CorrelationAlert, index: number, { name, zone }: Told): WeighedFinding {
  const { rule, group, locators, events, first_ms, last_ms } = alert;
  const grouped = Object.entries(group)
    .map(([field, value]) => `${field}=${value}`)
    .join(', ');
  const shift_ms = zone?.clock === alert.clock ? (zone?.skew_ms ?? 0) : 0;
  const [from, to] = [first_ms, last_ms].map((at_ms) => new Date(at_ms - shift_ms).toISOString());
  const span = `${from} to ${to}`;
  return {
    id: `${rule.id}/${index}`,
    title: `${rule.title}: ${events} events from ${span}`,
    severity: severityOf(rule.level),
    rule: rule.id,
    weight: weightOf(rule.level),
    basis: rule.id,
    evidence: [
      evidence({
        source: name,
        locator: locators.slice(0, LOCATORS_SHOWN).join(', '),
        text: grouped === '' ? span : grouped,
      }),
    ],
    ...(rule.techniques.length > 0 && { techniques: [...rule.techniques] }),
  };
}

/** The fields that decided, as the event has them: what an analyst opens the event to see. */
function whatMatched(rule: SigmaRule, event: LogEvent, work: Work): string {
  const { selections } = explain(rule, event, [], work);
  const lines = selections
    .filter(({ matched }) => matched)
    .flatMap(({ fields }) => fields.filter((field) => field.matched && field.matched_values.length > 0));
  const named = new Map(
    lines.map(({ key, event_values, matched_values }) => [
      key.split('|', 1)[0] ?? key,
      event_values[0] ?? matched_values[0] ?? '',
    ]),
  );
  return (
    [...named].map(([field, value]) => `${field}: ${value}`).join(' · ') || `EventID ${event.origin.event_id ?? ''}`
  );
}

function rulesetGaps({ refused, is_starter_only, lost = [] }: Ruleset, { not_evaluable }: Engine): NotChecked[] {
  const [first] = refused;
  const [undecided] = not_evaluable;
  return [
    ...lost.map((pack) => ({ what: `the rules of the pack ${pack.name}`, why: whyLost(pack) })),
    ...(is_starter_only
      ? [
          {
            what: 'what a full rule pack knows',
            why: 'none is mounted: only the starter pack ran; see aurora content add',
          },
        ]
      : []),
    ...(first
      ? [{ what: `${refused.length} rule files`, why: `they do not compile, first ${first.path}: ${first.why}` }]
      : []),
    ...(undecided
      ? [
          {
            what: `${not_evaluable.length} rules`,
            why: `they cannot be decided here, first ${undecided.title}: ${undecided.not_evaluable.join(', ')}`,
          },
        ]
      : []),
  ];
}

function boundGaps(
  { counts, rules }: Engine,
  unlisted: number,
  dropped: number,
): (NotChecked & { mandatory?: boolean })[] {
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  return [
    ...[...counts.bounded].map(([id, events]) => ({
      what: `the rule ${titles.get(id) ?? id} on ${events} events`,
      why: 'it ran into the bound of work and was given up there',
      mandatory: true,
    })),
    ...(unlisted > 0
      ? [{ what: `${unlisted} of the findings`, why: `only the ${FINDINGS_MAX} gravest are listed` }]
      : []),
    ...(dropped > 0
      ? [{ what: `${dropped} hits`, why: 'there were too many different ones to keep', mandatory: true }]
      : []),
  ];
}

const severityOf = (level: Level): Severity => (level === 'informational' ? 'info' : level);
const weightOf = (level: Level): number => (level === 'informational' ? 0 : WEIGHT[level]);
const byGravity = (left: WeighedFinding, right: WeighedFinding): number =>
  right.weight - left.weight || compareText(left.id, right.id);

const UNREAD = 'they could not be read';
const EVENTS_A_WORD = 5_000;
const FINDINGS_MAX = 300;
const LOCATORS_SHOWN = 5;
