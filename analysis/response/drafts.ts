/** Which steps the findings ask for: what specialists recommend, what techniques and indicators call for, and what these bring along. */
import { ActionClass, severityRank, type Ioc, type Recommendation } from '../../protocol/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import { actionKind, ACTIONS, kindSaid, type ActionKind, type Subject } from './actions.ts';
import { createAssets, type Asset } from './assets.ts';
import { blockOf } from './blocks.ts';
import type { Ground } from './grounds.ts';
import type { Orderable } from './order.ts';

/** A step before it has its place. */
export interface Draft extends Orderable {
  /** Single names; empty for what concerns the whole case. */
  targets: readonly string[];
  action: string;
  /** That of its kind, or a graver one that somebody recommends. */
  action_class: ActionClass;
  reason: string;
  /** A finding names its targets, and nobody recommends anything about them. */
  is_only_named?: boolean;
  /** Ids of findings, at least one. */
  justified_by: readonly string[];
}

/** What is asked for, and what no finding speaks for. */
export interface Drafts {
  drafts: Draft[];
  left_out: { what: string; why: string }[];
}

/** What there is to plan for. */
export interface Asked {
  grounds: readonly Ground[];
  recommendations: readonly Recommendation[];
  iocs: readonly Ioc[];
  assets: readonly Asset[];
}

/** Every step once, each with the findings that justify it. */
export function draftSteps(asked: Asked): Drafts {
  const { drafts: recommended, left_out } = fromRecommendations(asked);
  const derived = fromTechniques(asked, recommended);
  const found = fromIndicators(asked, recommended);
  const drafts = mergeSame(inOneSpelling([...recommended, ...derived.drafts, ...found.drafts]));
  const whole = mergeSame([...drafts, ...drafts.flatMap(broughtBy)]);
  return {
    drafts: whole.length === 0 ? [] : [...whole, ...closingSteps(asked.grounds)],
    left_out: [...left_out, ...derived.left_out, ...found.left_out],
  };
}

function fromRecommendations({ recommendations, grounds }: Asked): Drafts {
  const left_out: Drafts['left_out'] = [];
  const beyond = recommendations.length - RECOMMENDATIONS_MAX;
  if (beyond > 0) left_out.push({ what: `the last ${beyond} recommendations`, why: `${RECOMMENDATIONS_MAX} are read` });
  // Of two that say the same the words of one are taken: always of the same one.
  const read = recommendations.slice(0, RECOMMENDATIONS_MAX).sort(byText);
  const drafts = read.flatMap(({ action, action_class, target, reason }): Draft[] => {
    const kind = kindSaid(action);
    const targets = target.split(', ', TARGETS_MAX).map((each) => neutralize(each, NAME_CHARS_MAX));
    const justified_by = kind ? justifying(kind, targets, grounds) : [];
    const what = `${neutralize(action, TEXT_CHARS_MAX)}: ${neutralize(target, TEXT_CHARS_MAX)}`;
    if (!kind) left_out.push({ what, why: 'no step is known for these words: a person has to place it' });
    else if (justified_by.length === 0) left_out.push({ what, why: 'no finding of weight speaks for it' });
    if (!kind || justified_by.length === 0) return [];
    const own = { action: neutralize(action, TEXT_CHARS_MAX), reason: neutralize(reason, TEXT_CHARS_MAX) };
    const whole = neutralize(target, TEXT_CHARS_MAX);
    return [
      { kind, targets, target: whole, ...own, action_class: graver(kind.action_class, action_class), justified_by },
    ];
  });
  return { drafts, left_out };
}

/** Findings that name a target; where none does, those that bear a technique which the step answers, but for a host: it may have been another one. */
function justifying({ answers, about }: ActionKind, targets: readonly string[], grounds: readonly Ground[]): string[] {
  const isAnswered = ({ techniques }: Ground) => techniques.some((id) => answers?.test(id));
  const naming = grounds.filter(({ speaksOf }) => targets.some(speaksOf));
  const all = naming.length > 0 || about === 'host' ? naming : grounds.filter(isAnswered);
  const answered = all.filter(isAnswered);
  return (answered.length > 0 ? answered : all).map(({ id }) => id);
}

function fromTechniques({ grounds, assets }: Asked, recommended: readonly Draft[]): Drafts {
  const left_out: Drafts['left_out'] = [];
  const known = new Map<Subject, Set<string>>([['host', new Set(assets.map(({ name }) => name))]]);
  for (const { kind, targets } of recommended)
    known.set(kind.about, new Set([...(known.get(kind.about) ?? []), ...targets]));
  const naming = rememberingNames(known);
  const drafts = ACTIONS.flatMap((kind) => {
    const asking = grounds.filter((ground) => isAsking(ground, kind));
    const placed = asking.map((ground) => ({ ground, names: naming(ground, kind.about) }));
    const named = placed.flatMap(({ ground, names: targets }) =>
      targets.map((target) => toDraft(kind, [ground], { target, targets: [target] })),
    );
    const unnamed = placed.filter(({ names: none }) => none.length === 0).map(({ ground }) => ground);
    if (unnamed.length > 0) left_out.push({ what: kind.action, why: whyUnnamed(unnamed, kind.about) });
    return named;
  });
  const isNew = ({ kind, target }: Draft) =>
    !recommended.some((one) => one.kind === kind && sameName(one.target, target));
  return { drafts: drafts.filter(isNew), left_out };
}

const isAsking = ({ techniques, severity }: Ground, { derived, derived_from = 'medium' }: ActionKind): boolean =>
  derived !== undefined &&
  severityRank(severity) >= severityRank(derived_from) &&
  techniques.some((id) => derived.test(id));

/** Those that a finding names; each finding is read once for all kinds. */
function rememberingNames(known: ReadonlyMap<Subject, ReadonlySet<string>>) {
  const read = new Map<Subject, Map<Ground, readonly string[]>>();
  return (ground: Ground, about: Subject): readonly string[] => {
    const of_subject = read.get(about) ?? new Map<Ground, readonly string[]>();
    const names = of_subject.get(ground) ?? namesIn(ground, about, [...(known.get(about) ?? [])]);
    read.set(about, of_subject.set(ground, names));
    return names;
  };
}

/** A mail has no name that its findings could tell: it is the only one there is. Of hosts the only known one may be another one. */
function namesIn(ground: Ground, about: Subject, known: readonly string[]): string[] {
  const distinct = [...new Map(known.map((name) => [name.toLowerCase(), name])).values()];
  const named = distinct.filter((name) => ground.speaksOf(name));
  return named.length === 0 && about !== 'host' && distinct.length === 1 ? distinct : named;
}

/** Where to look for what findings do not name: at the gravest of them. */
function whyUnnamed([first, ...others]: readonly Ground[], about: Subject): string {
  const more = others.length > 0 ? `, and at ${others.length} more places` : '';
  return `it is not known which ${about} is meant: look at ${first?.place ?? ''}${more}`;
}

const toDraft = (
  kind: ActionKind,
  grounds: readonly Ground[],
  { target, targets }: Pick<Draft, 'target' | 'targets'>,
): Draft => {
  const { action, action_class, reason } = kind;
  return { kind, target, targets, action, action_class, reason, justified_by: grounds.map(({ id }) => id) };
};

/** Indicators that a finding of weight names, and nobody recommends anything about yet: blocked, and looked for, unless that would hurt the own side. */
function fromIndicators({ iocs, grounds, assets }: Asked, recommended: readonly Draft[]): Drafts {
  const left_out: Drafts['left_out'] = [];
  const own = createAssets(assets);
  const spoken = new Set(
    recommended.filter(({ kind }) => ABOUT_INDICATORS.has(kind.about)).flatMap(({ targets }) => targets),
  );
  const groups = new Map<string, { targets: Set<string>; justified_by: Set<string> }>();
  const add = (kind_id: string, value: string, ids: readonly string[]) => {
    const group = groups.get(kind_id) ?? { targets: new Set(), justified_by: new Set() };
    group.targets.add(value);
    ids.forEach((id) => group.justified_by.add(id));
    groups.set(kind_id, group);
  };
  const is_searched = recommended.some(({ kind }) => kind.id === 'search_contacts');
  for (const ioc of sortedIocs(iocs)) {
    const { value } = ioc;
    const block = blockOf(ioc, own);
    const naming = grounds.filter(({ speaksOf }) => speaksOf(value)).map(({ id }) => id);
    const name = neutralize(value, NAME_CHARS_MAX);
    if (block === undefined || naming.length === 0 || spoken.has(name)) continue;
    if ('why' in block) {
      left_out.push({ what: `Block ${name}`, why: neutralize(block.why, NAME_CHARS_MAX) });
      continue;
    }
    const { kind_id } = block;
    add(kind_id, name, naming);
    if (!is_searched && SEARCHED.has(kind_id)) add('search_contacts', name, naming);
  }
  const drafts = [...groups].map(([kind_id, group]) => {
    const kind = actionKind(kind_id);
    const targets = [...group.targets].slice(0, TARGETS_MAX);
    const bound = group.targets.size > targets.length ? `; ${TARGETS_MAX} of ${group.targets.size} are named` : '';
    const justified_by = [...group.justified_by];
    return {
      kind,
      targets,
      target: targets.join(', '),
      action: kind.action,
      action_class: kind.action_class,
      reason: `${kind.reason}${bound}`,
      is_only_named: true,
      justified_by,
    };
  });
  return { drafts, left_out };
}

const sortedIocs = (iocs: readonly Ioc[]): Ioc[] =>
  [...iocs]
    .sort((left, right) => compareText(left.type, right.type) || compareText(left.value, right.value))
    .slice(0, IOCS_MAX);

/** What else has to be done with a step, all the way down; on the same target, for the same reasons. */
function broughtBy(draft: Draft): Draft[] {
  const { kind, target, targets, justified_by } = draft;
  return (kind.brings ?? []).flatMap((kind_id) => {
    const brought = actionKind(kind_id);
    const { action, action_class, reason } = brought;
    const one: Draft = { kind: brought, target, targets, action, action_class, reason, justified_by };
    return [one, ...broughtBy(one)];
  });
}

/** Whatever was done is told, and learned from. */
const closingSteps = (grounds: readonly Ground[]): Draft[] =>
  ['write_report', 'learn_lessons'].map((kind_id) => {
    return toDraft(actionKind(kind_id), grounds, { target: 'this incident', targets: [] });
  });

/** Each target as it is spelled first: the order compares them, and `WS-1` is `ws-1`. */
function inOneSpelling(drafts: readonly Draft[]): Draft[] {
  const spelled = new Map<string, string>();
  return drafts.map((draft) => {
    const folded = draft.target.toLowerCase();
    const target = spelled.get(folded) ?? draft.target;
    spelled.set(folded, target);
    return { ...draft, target };
  });
}

/** One step for the same kind and target: the first one's words, everybody's reasons. */
function mergeSame(drafts: readonly Draft[]): Draft[] {
  const merged = new Map<string, Draft>();
  for (const draft of drafts) {
    // Of credentials different sets may have to be reset on one host; all else is the same whoever says it.
    const said = draft.kind.id === 'reset_credentials' ? draft.action : '';
    const key = JSON.stringify([draft.kind.id, draft.target, said]);
    const known = merged.get(key);
    const justified_by = [...new Set([...(known?.justified_by ?? []), ...draft.justified_by])];
    const action_class = graver(draft.action_class, known?.action_class ?? 'read');
    merged.set(key, { ...(known ?? draft), action_class, justified_by });
  }
  return [...merged.values()];
}

const graver = (one: ActionClass, other: ActionClass): ActionClass =>
  ActionClass.options.indexOf(other) > ActionClass.options.indexOf(one) ? other : one;

const byText = (left: Recommendation, right: Recommendation): number =>
  compareText(left.action, right.action) ||
  compareText(left.target, right.target) ||
  compareText(left.reason, right.reason);
const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

const ABOUT_INDICATORS: ReadonlySet<Subject> = new Set(['address', 'indicator']);
const SEARCHED: ReadonlySet<string> = new Set(['block_address', 'block_domain', 'block_url']);
/** Recommendations that one plan reads. */
const RECOMMENDATIONS_MAX = 200;
/** Indicators that one plan looks at, and names in one step. */
const IOCS_MAX = 200;
const TARGETS_MAX = 20;
const NAME_CHARS_MAX = 500;
/** As verdicts bound what they recommend, so that both say the same. */
const TEXT_CHARS_MAX = 1_000;
