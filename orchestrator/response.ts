/** The response to what was found: whoever plans it is asked once there are findings of weight, and the verdict recommends in that order. */
import { z } from 'zod';
import { neutralize } from '../analysis/evidence/index.ts';
import { Recommendation, severityRank, type AnalysisResult, type Finding } from '../protocol/index.ts';
import type { Step } from './plan.ts';

/** Recommendations that go to a plan, and that one may answer. */
const RECOMMENDATIONS_MAX = 300;
/** What of a plan is told on; its steps in full are on the task that made it. */
const Planned = z.object({ recommendations: z.array(Recommendation).max(RECOMMENDATIONS_MAX) });

/** Asks for a plan; nothing when nothing of weight was found, or nobody here plans. */
export function responseStep(result: AnalysisResult, offers?: (skill: string) => boolean): Step | undefined {
  const { verdict, findings, techniques, iocs, recommendations } = result;
  const weighty = findings.filter(isWeighty);
  if (!GRAVE.has(verdict) || weighty.length === 0 || offers?.(PLAN_SKILL) !== true) return undefined;
  return {
    step: RESPONSE_STEP,
    skill: PLAN_SKILL,
    patience_ms: PATIENCE_MS,
    params: {
      investigation: {
        verdict,
        findings: weighty.slice(0, FINDINGS_MAX).map(shortened),
        techniques: techniques.slice(0, FINDINGS_MAX).map(shortened),
        iocs: iocs.slice(0, IOCS_MAX),
        recommendations: recommendations.slice(0, RECOMMENDATIONS_MAX),
      },
    },
    reason: `${weighty.length} finding${weighty.length === 1 ? '' : 's'} of weight: what to do about them, and in which order`,
  };
}

/**
 * The recommendations in the order of the plan, with what it adds, made harmless; what it leaves out keeps its place behind. A plan moves
 * what specialists recommend and changes nothing of it, neither its class nor its reason: whoever plans may be anybody's agent.
 */
export function inOrderOf(answer: unknown, given: AnalysisResult['recommendations']): Recommendation[] | undefined {
  const planned = Planned.safeParse(answer).data?.recommendations;
  if (!planned) return undefined;
  const own = new Map<string, Recommendation[]>();
  for (const each of given) {
    const same = own.get(keyOf(each));
    if (same) same.push(each);
    else own.set(keyOf(each), [each]);
  }
  const ordered = planned.map((each): [string, Recommendation[]] => [keyOf(each), [harmless(each)]]);
  // What is on both sides keeps the place of the plan and the words of the specialist.
  return [...new Map([...ordered, ...own]).values()].flat();
}

/** As a plan shows it, whoever made it: the same words about the same name. */
const keyOf = (each: Recommendation): string => {
  const { action, target } = harmless(each);
  return JSON.stringify([action, target.toLowerCase()]);
};
const harmless = ({ action, action_class, target, reason }: Recommendation): Recommendation => ({
  action: neutralize(action, TEXT_CHARS_MAX),
  action_class,
  target: neutralize(target, TEXT_CHARS_MAX),
  reason: neutralize(reason, TEXT_CHARS_MAX),
});
const isWeighty = ({ severity }: Finding): boolean => severityRank(severity) >= severityRank('medium');
const shortened = <T extends Pick<Finding, 'evidence'>>(cited: T): T => ({
  ...cited,
  evidence: cited.evidence.slice(0, EVIDENCE_MAX),
});

const PLAN_SKILL = 'plan_response';
const RESPONSE_STEP = 'response';
const GRAVE: ReadonlySet<string> = new Set(['malicious', 'suspicious']);
/** What is sent stays far below what a frame may hold. */
const FINDINGS_MAX = 100;
const EVIDENCE_MAX = 3;
const IOCS_MAX = 200;
/** Of each text of a recommendation, as plans bound it. */
const TEXT_CHARS_MAX = 1_000;
/** A plan takes milliseconds, and a verdict does not hang on it. */
const PATIENCE_MS = 10_000;
