/** Threat hunter: runs Sigma rules over recorded events, searches them, and says what nobody would have seen. */
import { z } from 'zod';
import {
  explainRule,
  Hypothesis,
  huntHypothesis,
  huntWithRules,
  SearchResult,
  searchEvents,
  testRule,
} from '../analysis/hunt/index.ts';
import { analyzeThreat } from '../analysis/ioc/index.ts';
import { openRecording, type Recording } from '../analysis/recordings/index.ts';
import { compileRuleset, mountedRules, type Ruleset } from '../analysis/sigma/index.ts';
import { defineAgent } from '../mesh/index.ts';
import {
  AnalysisResult,
  AuroraError,
  RuleExplanation,
  RuleTrial,
  skill,
  Source,
  type SkillContext,
} from '../protocol/index.ts';
import { threatSkill } from './analyze-threat.ts';

const EXAMPLE_EVENT = JSON.stringify({
  '@timestamp': '2026-01-05T10:00:00Z',
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Hostname: 'WS-042',
  Image: 'C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
  CommandLine: 'powershell.exe -nop -w hidden -enc SQBFAFgA',
  ParentImage: 'C:\\Program Files\\Microsoft Office\\root\\Office16\\WINWORD.EXE',
});
const EXAMPLE_RULE = `title: Word starts PowerShell
id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01
description: A document that starts a shell runs a macro.
level: high
tags: [attack.t1059.001]
logsource: {category: process_creation, product: windows}
detection:
  selection:
    ParentImage|endswith: '\\winword.exe'
    Image|endswith: '\\powershell.exe'
  condition: selection
`;

const RuleText = z
  .string()
  .min(1)
  .max(131_072)
  .describe('Sigma rules as YAML; several documents may follow one another');
const Events = Source.describe('events as JSON or JSON lines, or an EVTX log; zipped or not');
const TechniqueId = z
  .string()
  .regex(/^(?:attack\.)?[Tt]\d{4}(?:\.\d{3})?$/, 'a technique like T1059.001')
  .describe('of any ATT&CK version');

const runSigma = skill({
  id: 'run_sigma',
  title: 'Run Sigma rules',
  description:
    'Runs the mounted Sigma rules, or given ones, over recorded events; one finding for a rule on a host, in a process tree, in an hour.',
  tags: ['sigma', 'events', 'hunting', 'windows'],
  effect: 'read',
  routable: true,
  concurrency: 2,
  examples: [{ events: { name: 'events.jsonl', text: EXAMPLE_EVENT } }],
  params: z.object({ events: Events, rules: RuleText.optional().describe('instead of the mounted ones') }),
  result: AnalysisResult,
});

const searchLogs = skill({
  id: 'search_logs',
  title: 'Search logs',
  description:
    'Searches recorded events by fields and words, newest first, and counts the values of a field, rarest first.',
  tags: ['events', 'search', 'hunting'],
  effect: 'read',
  routable: true,
  concurrency: 2,
  examples: [{ events: { name: 'events.jsonl', text: EXAMPLE_EVENT }, query: 'Image:*powershell.exe AND enc' }],
  params: z.object({
    events: Events,
    query: z
      .string()
      .max(4_096)
      .default('')
      .describe('words, "phrases", field:value with *, AND, OR, NOT, parentheses'),
    time_range: z
      .string()
      .regex(/^[1-9]\d{0,5}[smhd]$/, 'a number and s, m, h or d, like 15m')
      .optional()
      .describe('back from the newest event; all of them unless said'),
    source: z.string().max(256).optional().describe('product, service, category or channel'),
    max_results: z.number().int().min(1).max(1_000).default(100),
    stack_by: z.string().max(256).optional().describe('a field whose values are counted'),
  }),
  result: SearchResult,
});

const hunt = skill({
  id: 'hunt_hypothesis',
  title: 'Hunt for a technique',
  description:
    'Says which rules would see an ATT&CK technique, which logs that takes and what stays unseen; over events, also what they found.',
  tags: ['sigma', 'attack', 'hunting'],
  effect: 'read',
  routable: true,
  concurrency: 2,
  examples: [{ technique: 'T1059.001' }],
  params: z.object({ technique: TechniqueId, events: Events.optional() }),
  result: AnalysisResult.extend({ hypothesis: Hypothesis }),
});

const explainSkill = skill({
  id: 'explain_rule',
  title: 'Explain a rule',
  description:
    'Tries a rule on every event and says of the matches and the nearest misses which field decided, with which value and why.',
  tags: ['sigma', 'explain'],
  effect: 'read',
  routable: true,
  examples: [{ rule: EXAMPLE_RULE, events: { name: 'event.json', text: EXAMPLE_EVENT } }],
  params: z
    .object({ rule: RuleText.optional(), rule_id: z.string().max(256).optional(), events: Events })
    .refine(({ rule, rule_id }) => rule !== undefined || rule_id !== undefined, { message: 'give rule or rule_id' })
    .meta({ anyOf: [{ required: ['rule'] }, { required: ['rule_id'] }] }),
  result: RuleExplanation,
});

const test = skill({
  id: 'test_rule',
  title: 'Test a rule',
  description: 'Validates and lints a Sigma rule, every problem with line and column, and replays it over events.',
  tags: ['sigma', 'lint'],
  effect: 'read',
  routable: true,
  examples: [{ rule: EXAMPLE_RULE, events: { name: 'event.json', text: EXAMPLE_EVENT } }],
  params: z.object({ rule: RuleText, events: Events.optional() }),
  result: RuleTrial,
});

const threat = threatSkill({
  description: 'Judges indicators by their form and by mounted intelligence.',
  tags: ['ioc', 'hunting'],
  example: { type: 'url', value: 'http://198.51.100.7:4444/update.exe' },
});

/** Runs Sigma rules over recorded events, and searches them. */
export const threatHunter = defineAgent({
  id: 'threat-hunter',
  name: 'Threat hunter',
  description: 'Runs Sigma rules over recorded events, searches them, and says what nobody would have seen.',
  skills: [
    runSigma.implement(async ({ events, rules }, ctx) => {
      const ruleset = rules === undefined ? await mounted(ctx) : await given(rules, ctx);
      return huntOver(events, ruleset, ctx);
    }),
    searchLogs.implement(({ events, time_range, max_results, ...search }, ctx) =>
      ctx.progress.tool('search events', { name: events.name, ...search }, () =>
        searchEvents(open(events, ctx), { ...search, range_ms: toMs(time_range), results_max: max_results }),
      ),
    ),
    hunt.implement(async ({ technique, events }, ctx) => {
      const ruleset = await mounted(ctx);
      const { hypothesis, rules } = huntHypothesis(technique, ruleset);
      const result = await huntOver(events, { ...ruleset, rules, correlations: [] }, ctx);
      const gaps = hypothesis.gaps.map((gap) => ({
        what: `${technique}: ${gap}`,
        why: 'of the rules that are mounted',
      }));
      return { ...result, not_checked: [...gaps, ...result.not_checked], hypothesis };
    }),
    explainSkill.implement(async ({ rule, rule_id, events }, ctx) => {
      const ruleset = rule === undefined ? await mounted(ctx) : undefined;
      return ctx.progress.tool('explain rule', { rule_id, name: events.name }, () =>
        explainRule({ text: rule, id: rule_id }, open(events, ctx), ruleset),
      );
    }),
    test.implement(({ rule, events }, ctx) =>
      ctx.progress.tool('test rule', { rule, name: events?.name }, () => testRule(rule, events && open(events, ctx))),
    ),
    threat.implement((params, ctx) =>
      ctx.progress.tool('assess indicators', params.iocs, () => analyzeThreat(params, ctx.content)),
    ),
  ],
});

const mounted = async (ctx: SkillContext): Promise<Ruleset> => {
  const ruleset = await ctx.progress.tool('compile rules', {}, () => mountedRules(ctx.content, ctx.signal));
  if (ruleset) return ruleset;
  return { version: 'none', rules: [], correlations: [], filters: [], refused: [], is_starter_only: false };
};

/** Rules that came with the call: one that does not compile is the caller's mistake. */
async function given(text: string, ctx: SkillContext): Promise<Ruleset> {
  const ruleset = await ctx.progress.tool('compile rules', { text }, () =>
    compileRuleset([{ path: 'params', text }], 'given with the call', { signal: ctx.signal }),
  );
  const [refused] = ruleset.refused;
  if (refused) throw new AuroraError(4222, { message: refused.why, detail: { path: '/rules' } });
  return ruleset;
}

const open = (events: Source, { blobs, workers, signal }: SkillContext): Recording =>
  openRecording({ name: events.name, bytes: blobs.open(events) }, { workers, signal });

const huntOver = (events: Source | undefined, ruleset: Ruleset, ctx: SkillContext): Promise<AnalysisResult> => {
  const input = events ?? { name: 'no events', text: '' };
  const about = { name: input.name, rules: ruleset.rules.length, version: ruleset.version };
  return ctx.progress.tool('hunt with rules', about, () =>
    huntWithRules({
      name: input.name,
      recording: open(input, ctx),
      ruleset,
      onProgress: (count) => ctx.progress.status(`${count} events read`),
    }),
  );
};

function toMs(range: string | undefined): number | undefined {
  if (range === undefined) return undefined;
  return Number(range.slice(0, -1)) * (UNIT_MS[range.slice(-1)] ?? 0);
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
