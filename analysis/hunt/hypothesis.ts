/** A hypothesis: this technique was used here. Which rules would tell, which logs they need, and what nobody would see. */
import { z } from 'zod';
import { crosswalk, isSameTechnique } from '../attack/index.ts';
import { nameOfSource, type Ruleset, type SigmaRule } from '../sigma/index.ts';

/** What there is to look for a technique with. */
export const Hypothesis = z.object({
  technique: z
    .object({ id: z.string(), name: z.string(), attack_version: z.string(), asked_as: z.string() })
    .optional(),
  rules: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      level: z.string(),
      logsource: z.string(),
      technique: z.string(),
      match: z.enum(['exact', 'same family']),
      query: z.string().describe('the condition of the rule'),
    }),
  ),
  logs: z
    .array(z.object({ logsource: z.string(), rules: z.number().int() }))
    .describe('the logs it takes, by how many rules speak about them'),
  gaps: z.array(z.string()),
});
export type Hypothesis = z.infer<typeof Hypothesis>;

/** Answers for a technique id of any ATT&CK version; `rules` are those of the hypothesis, to run them. */
export function huntHypothesis(
  asked: string,
  ruleset: Ruleset | undefined,
): { hypothesis: Hypothesis; rules: readonly SigmaRule[] } {
  const technique = crosswalk(asked)?.technique;
  const id = technique?.id ?? asked.toUpperCase();
  const rules = (ruleset?.rules ?? []).filter((rule) =>
    rule.techniques.some((own) => isSameTechnique(own, id, 'parent')),
  );
  const listed = rules.map((rule) => {
    const exact = rule.techniques.find((own) => isSameTechnique(own, id));
    return {
      id: rule.id,
      title: rule.title,
      level: rule.level,
      logsource: nameOfSource(rule.logsource),
      technique: exact ?? rule.techniques.find((own) => isSameTechnique(own, id, 'parent')) ?? id,
      match: exact === undefined ? ('same family' as const) : ('exact' as const),
      query: rule.conditions.map(({ text }) => text).join(' or '),
    };
  });
  const logs = new Map<string, number>();
  for (const { logsource } of listed) logs.set(logsource, (logs.get(logsource) ?? 0) + 1);
  const undecided = rules.filter(({ not_evaluable }) => not_evaluable.length > 0);
  return {
    rules,
    hypothesis: {
      ...(technique && {
        technique: { id, name: technique.name, attack_version: technique.attack_version, asked_as: asked },
      }),
      rules: listed
        .sort((left, right) =>
          left.match === right.match ? (left.id < right.id ? -1 : 1) : left.match === 'exact' ? -1 : 1,
        )
        .slice(0, RULES_MAX),
      logs: [...logs]
        .map(([logsource, count]) => ({ logsource, rules: count }))
        .sort((left, right) => right.rules - left.rules || (left.logsource < right.logsource ? -1 : 1)),
      gaps: [
        ...(technique ? [] : [`ATT&CK knows no ${asked}`]),
        ...(rules.length === 0 ? [`no rule covers ${id}`] : []),
        ...(rules.length > 0 && listed.every(({ match }) => match !== 'exact')
          ? [`no rule names ${id} itself, only its family`]
          : []),
        ...undecided.map(({ title, not_evaluable }) => `${title} cannot be decided here: ${not_evaluable.join(', ')}`),
        ...(listed.length > RULES_MAX ? [`${listed.length - RULES_MAX} more rules are not listed`] : []),
      ],
    },
  };
}

const RULES_MAX = 200;
