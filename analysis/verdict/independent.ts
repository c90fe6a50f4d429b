/** What several specialists are worth together: evidence that cites the same record counts once, whoever cites it. */
import type { AnalysisResult } from '../../protocol/index.ts';
import { compareText } from '../order/index.ts';
import type { Part } from './merge.ts';
import { recordsOf } from './records.ts';
import { WEIGHT } from './weight.ts';

/** What one specialist adds to the others. */
export interface Share {
  agent_id: string;
  /** 0 when everything it found rests on records that others cite already. */
  worth: number;
  /** Part of what it found counts already. */
  is_partial: boolean;
}

/**
 * The worth of each specialist, the weightiest first; one specialist counts once. A specialist brings its own confidence as long as
 * nobody before it cites a record that it cites too. Else it brings what its gravest finding on other records weighs, and
 * nothing when there is none. Neither the order of the parts nor the names of those who answered change what comes out.
 */
export function independentShares(parts: readonly Part[]): Share[] {
  const open = parts.filter(({ result }) => result.confidence > 0).map((part) => candidateOf(part, parts));
  const cited = new Set<string>();
  const shares = new Map<string, Share>();
  for (;;) {
    const [best] = open
      .filter(({ agent_id }) => !shares.has(agent_id))
      .map((candidate) => ({ ...candidate, ...worthOf(candidate, cited) }))
      .sort(byWorth);
    if (!best || best.worth === 0) break;
    shares.set(best.agent_id, { agent_id: best.agent_id, worth: best.worth, is_partial: best.is_partial });
    // All that this specialist stands on is told by it, though it counts once.
    const told = open.filter(({ agent_id }) => agent_id === best.agent_id);
    for (const record of told.flatMap(({ records }) => records)) cited.add(record);
  }
  const silent = [...new Set(open.map(({ agent_id }) => agent_id))].filter((agent_id) => !shares.has(agent_id));
  return [
    ...shares.values(),
    ...silent.sort(compareText).map((agent_id) => ({ agent_id, worth: 0, is_partial: true })),
  ];
}

/** A part that may count. */
interface Candidate {
  agent_id: string;
  confidence: number;
  findings: AnalysisResult['findings'];
  /** What all of them stand on; never empty. */
  records: readonly string[];
  /** Parts that its specialist has. */
  siblings: number;
  /** What it says, whoever says it: among equals this decides, so that names do not. */
  content: string;
}

const candidateOf = ({ agent_id, result }: Part, parts: readonly Part[]): Candidate => ({
  records: result.findings.length === 0 ? [NO_RECORD] : result.findings.flatMap(recordsOf),
  agent_id,
  confidence: result.confidence,
  findings: result.findings,
  siblings: parts.filter((part) => part.agent_id === agent_id).length,
  content: JSON.stringify(result.findings.map((finding) => [finding.severity, recordsOf(finding)])),
});

function worthOf({ confidence, findings }: Candidate, cited: ReadonlySet<string>) {
  const fresh = findings.filter((finding) => !recordsOf(finding).some((record) => cited.has(record)));
  // A confidence that no finding carries is one piece of evidence too: the same silence is not believed twice.
  const is_partial = fresh.length < findings.length || (findings.length === 0 && cited.has(NO_RECORD));
  const beyond = fresh.reduce((most, { severity }) => Math.max(most, severity === 'info' ? 0 : WEIGHT[severity]), 0);
  return { worth: is_partial ? Math.min(confidence, beyond) : confidence, is_partial };
}

/** Of two who say the same, the one who says more besides counts for it: its other parts are no second voice then. */
const byWorth = (left: Candidate & { worth: number }, right: Candidate & { worth: number }): number =>
  right.worth - left.worth ||
  compareText(left.content, right.content) ||
  right.siblings - left.siblings ||
  compareText(left.agent_id, right.agent_id);

const NO_RECORD = 'no record';
