/** A plan of response: ordered steps, each with what it takes, what it costs and the findings that justify it; it proposes only. */
import { z } from 'zod';
import { ActionClass, Finding, Ioc, NotChecked, Recommendation, Technique, Verdict } from '../../protocol/index.ts';
import { ATTACK_VERSION } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import { STAGES, type ReactAction } from './actions.ts';
import { createAssets, type Asset, type Assets } from './assets.ts';
import { draftSteps, type Draft } from './drafts.ts';
import { groundsOf, type Ground } from './grounds.ts';
import { orderSteps, STEPS_MAX, type Placed } from './order.ts';

/** What a plan is made of: the result of an investigation, or of one specialist, or findings alone. */
export const PlannedInvestigation = z.object({
  verdict: Verdict.optional(),
  findings: z.array(Finding).max(1_000).default([]),
  techniques: z.array(Technique).max(1_000).default([]),
  iocs: z.array(Ioc).max(1_000).default([]),
  recommendations: z.array(Recommendation).max(1_000).default([]),
  not_checked: z.array(NotChecked).max(1_000).default([]),
});
export type PlannedInvestigation = z.output<typeof PlannedInvestigation>;

/** One step of a plan. */
const ResponseStep = z.object({
  step: z.string().describe('its name in the plan: S1, S2 …'),
  stage: z.enum(STAGES),
  react: z.object({ id: z.string(), name: z.string() }).describe('the RE&CT action, the nearest one where it has none'),
  action: z.string(),
  action_class: ActionClass,
  target: z.string(),
  reason: z.string(),
  preconditions: z.array(z.string()),
  rollback: z.string(),
  blast_radius: z.object({
    number: z.number().int().nonnegative().nullable().describe('null: what was found does not tell'),
    what: z.string(),
  }),
  decided_by: z.enum(['policy', 'person']).describe('person: whatever the policy allows'),
  decided_because: z.array(z.string()),
  after: z.array(z.string()).describe('steps that have to be done before; the others may run side by side'),
  together_with: z.array(z.string()).describe('steps that are done in one go with it'),
  justified_by: z.array(z.string()).min(1).describe('ids of findings'),
});
type ResponseStep = z.infer<typeof ResponseStep>;

/** The plan. `recommendations` are its steps in the shape of a verdict's. */
export const ResponsePlan = z.object({
  verdict: Verdict,
  summary: z.string(),
  steps: z.array(ResponseStep),
  left_out: z.array(z.object({ what: z.string(), why: z.string() })),
  recommendations: z.array(Recommendation),
  not_checked: z.array(NotChecked),
  data_versions: z.record(z.string(), z.string()),
});
export type ResponsePlan = z.infer<typeof ResponsePlan>;

/** Plans the response. Deterministic: the same input gives the same bytes; no step without a finding of weight. */
export function planResponse(investigation: PlannedInvestigation, assets: readonly Asset[]): ResponsePlan {
  const { verdict = 'inconclusive', recommendations, iocs } = investigation;
  const { grounds, left } = groundsOf(investigation, WEIGHTY_FROM);
  const justifying = verdict === 'benign' ? [] : grounds;
  const { drafts, left_out } = draftSteps({ grounds: justifying, recommendations, iocs, assets });
  const { steps: placed, beyond } = orderSteps(drafts);
  const known = createAssets(assets);
  const steps = placed.map((step, nth) => toStep(step, { nth, placed, grounds, known }));
  return {
    verdict,
    summary: summaryOf(verdict, steps, left_out.length),
    steps,
    left_out: [
      ...left_out.slice(0, LEFT_OUT_MAX),
      ...(left_out.length > LEFT_OUT_MAX
        ? [{ what: `${left_out.length - LEFT_OUT_MAX} more recommendations`, why: `${LEFT_OUT_MAX} are listed` }]
        : []),
      ...(beyond > 0 ? [{ what: `the last ${beyond} steps`, why: `a plan has at most ${STEPS_MAX}` }] : []),
    ],
    recommendations: steps.map(({ action, action_class, target, reason }) => ({
      action,
      action_class,
      target,
      reason,
    })),
    not_checked: gapsOf(investigation, { steps, assets, left }),
    data_versions: { react: REACT_VERSION, attack: ATTACK_VERSION },
  };
}

function toStep(
  { kind, targets, target, action, action_class, reason, is_only_named, after, justified_by }: Placed<Draft>,
  {
    nth,
    placed,
    grounds,
    known,
  }: { nth: number; placed: readonly Placed<Draft>[]; grounds: readonly Ground[]; known: Assets },
): ResponseStep {
  const { stage, preconditions, rollback, together } = kind;
  const because = reasonsForPerson({ action_class, targets, is_only_named, justified_by }, grounds, known);
  const is_ot = known.named(targets).some((asset) => asset.is_ot);
  const partners = placed.flatMap((other, place) =>
    together !== undefined && place !== nth && other.kind.together === together && other.target === target
      ? [place]
      : [],
  );
  return {
    step: nameOf(nth),
    stage,
    react: reactOf(kind, targets),
    action,
    action_class,
    target,
    reason,
    preconditions: [
      ...(is_ot ? ['whoever runs the process agrees, and says what state it has to be in'] : []),
      ...preconditions,
    ],
    rollback,
    blast_radius: { number: radiusOf(kind, targets, known), what: kind.breaks },
    decided_by: because.length > 0 ? 'person' : 'policy',
    decided_because: because,
    after: after.map(nameOf),
    together_with: partners.map(nameOf),
    justified_by: justified_by.slice(0, JUSTIFIED_MAX),
  };
}

/** What only looks asks nobody, whatever it looks at; what cannot be taken back asks a person, whatever the policy allows. */
function reasonsForPerson(
  {
    action_class,
    targets,
    is_only_named = false,
    justified_by,
  }: Pick<Draft, 'action_class' | 'targets' | 'justified_by'> & { is_only_named?: boolean | undefined },
  grounds: readonly Ground[],
  known: Assets,
): string[] {
  if (action_class === 'read') return [];
  const is_industrial = grounds.some(
    ({ id, techniques }) => justified_by.includes(id) && techniques.some((technique) => INDUSTRIAL.test(technique)),
  );
  return [
    ...known.whyPerson(targets),
    ...(is_industrial ? ['it answers what happens to an industrial process'] : []),
    ...(is_only_named ? ['a finding names it, and nobody vouches for its being hostile'] : []),
    ...(action_class === 'irreversible' ? ['it cannot be taken back'] : []),
  ];
}

/** How much stands still or changes: the targets themselves and what depends on them, where each of them is named. */
function radiusOf(
  { action_class, is_uncounted }: Draft['kind'],
  targets: readonly string[],
  known: Assets,
): number | null {
  if (action_class === 'read') return 0;
  if (is_uncounted === true) return null;
  return known.named(targets).reduce((sum, { dependents }) => sum + dependents, targets.length);
}

function reactOf({ react, react_of }: Draft['kind'], [target = '']: readonly string[]): ReactAction {
  const type = TYPES.find(([, shape]) => shape.test(target))?.[0];
  return (type === undefined ? undefined : react_of?.[type]) ?? react;
}

function summaryOf(verdict: Verdict, steps: readonly ResponseStep[], left_out: number): string {
  if (verdict === 'benign') return 'No steps: the verdict is benign.';
  if (steps.length === 0 && left_out > 0) return 'No steps: what was asked for is left out, each with the reason.';
  if (steps.length === 0)
    return 'No steps: no finding of weight asks for one. That is not to say that nothing is wrong.';
  const people = steps.filter(({ decided_by }) => decided_by === 'person').length;
  const counted = STAGES.flatMap((stage) => {
    const count = steps.filter((step) => step.stage === stage).length;
    return count > 0 ? [`${stage.replace('_', ' ')} ${count}`] : [];
  });
  return `${steps.length} steps: ${counted.join(', ')}; a person decides about ${people} of them. Nothing was done.`;
}

/** What the plan does not know, and what whoever investigated did not look at. */
function gapsOf(
  { not_checked, findings, verdict }: PlannedInvestigation,
  { steps, assets, left }: { steps: readonly ResponseStep[]; assets: readonly Asset[]; left: number },
): NotChecked[] {
  return [
    ...(findings.length === 0 ? [{ what: 'what happened', why: 'no findings were given' }] : []),
    ...(verdict === undefined ? [{ what: 'how bad it is as a whole', why: 'no verdict was given' }] : []),
    ...(left > 0 ? [{ what: `${left} further findings`, why: 'the gravest are planned for' }] : []),
    ...(steps.length > 0 && assets.length === 0
      ? [{ what: 'what the targets are worth, and what depends on them', why: 'no assets were given' }]
      : []),
    ...(steps.length > 0
      ? [{ what: 'whether a step is possible here', why: 'nothing was asked and nothing was done' }]
      : []),
    ...not_checked.slice(0, GAPS_MAX).map(({ what, why }) => ({
      what: neutralize(what, TEXT_CHARS_MAX),
      why: neutralize(why, TEXT_CHARS_MAX),
    })),
    ...(not_checked.length > GAPS_MAX
      ? [{ what: `${not_checked.length - GAPS_MAX} more parts`, why: 'whoever investigated did not look at them' }]
      : []),
  ];
}

const nameOf = (nth: number): string => `S${nth + 1}`;

/** What asks for a step: less is noted, and nothing is done about it. */
const WEIGHTY_FROM = 'medium';
/** Techniques against industrial control systems. */
const INDUSTRIAL = /^T0\d{3}/;
const TYPES: readonly (readonly [string, RegExp])[] = [
  ['hash', /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i],
  ['ip', /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})$/i],
  ['url', /^[a-z][a-z0-9+.-]{1,20}:\/\//i],
  ['email', /^[^@\s]{1,64}@[^@\s]{1,255}$/],
];
/** The vocabulary that ids and names are of: atc-project/atc-react at that commit. */
const REACT_VERSION = '323c3274';
const LEFT_OUT_MAX = 100;
const JUSTIFIED_MAX = 50;
const GAPS_MAX = 50;
const TEXT_CHARS_MAX = 1_000;
