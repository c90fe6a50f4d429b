/** `analyze_threat` as every specialist offers it: the same question of each trade, so that their answers can be compared. */
import { z } from 'zod';
import { INDICATORS_MAX } from '../analysis/ioc/index.ts';
import { AnalysisResult, Ioc, skill } from '../protocol/index.ts';

/** A place that a finding cites. */
export const Origin = z.object({ source: z.string().max(255), locator: z.string().max(255) });

/** The indicators of one alert. */
export const ThreatParams = z.object({
  alert_id: z.string().min(1).max(256),
  iocs: z.array(Ioc).min(1).max(INDICATORS_MAX),
});

/** What differs from trade to trade. */
interface OwnView {
  description: string;
  tags: string[];
  /** An indicator of the kind that this trade judges. */
  example: Ioc;
}

/** The skill of a specialist that is asked by name: undirected calls go to threat intelligence, which states its own. */
export const threatSkill = ({ description, tags, example }: OwnView) =>
  skill({
    id: 'analyze_threat',
    title: 'Analyze a threat',
    description,
    tags,
    effect: 'read',
    routable: false,
    examples: [{ alert_id: 'alert-1', iocs: [example] }],
    params: ThreatParams,
    result: AnalysisResult,
  });
