/** What a plan rests on: the findings of weight, what each speaks of, and which techniques its evidence bears. */
import { severityRank, type AnalysisResult, type Finding, type Severity } from '../../protocol/index.ts';
import { crosswalk } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import { recordsOf } from '../verdict/index.ts';

/** One finding that may justify a step. */
export interface Ground {
  id: string;
  severity: Severity;
  /** Current ids, its own and those of techniques that cite the same record. */
  techniques: readonly string[];
  /** Where it was found, for people who have to look there. */
  place: string;
  /** Whether it names a host, an address, a file: the name as a whole, whatever its case. */
  readonly speaksOf: (name: string) => boolean;
}

/** The findings of at least that severity, gravest first; `left` are those beyond the bound. */
export function groundsOf(
  { findings, techniques }: Pick<AnalysisResult, 'findings' | 'techniques'>,
  severity_min: Severity,
): { grounds: Ground[]; left: number } {
  const cited = new Map<string, Set<string>>();
  for (const { id, evidence } of techniques)
    for (const record of recordsOf({ evidence })) cited.set(record, (cited.get(record) ?? new Set()).add(id));
  const grave = findings
    .filter(({ severity }) => severityRank(severity) >= severityRank(severity_min))
    .sort(
      (left, right) =>
        severityRank(right.severity) - severityRank(left.severity) ||
        compareText(left.id, right.id) ||
        compareText(left.title, right.title),
    );
  const grounds = grave.slice(0, GROUNDS_MAX).map((finding) => toGround(finding, cited));
  return { grounds, left: grave.length - grounds.length };
}

function toGround(finding: Finding, cited: ReadonlyMap<string, ReadonlySet<string>>): Ground {
  const { id, title, severity, evidence, techniques = [] } = finding;
  const borne = [...techniques, ...recordsOf(finding).flatMap((record) => [...(cited.get(record) ?? [])])];
  const told = [title, ...evidence.flatMap(({ source, excerpt }) => [source, excerpt])].join('\n');
  const text = told.slice(0, TEXT_CHARS_MAX).toLowerCase();
  const [first] = evidence;
  return {
    id: neutralize(id, ID_CHARS_MAX),
    severity,
    techniques: [...new Set(borne.map((each) => crosswalk(each)?.technique.id ?? each))].sort(compareText),
    place: first ? `${neutralize(first.source, PLACE_CHARS_MAX)}, ${neutralize(first.locator, PLACE_CHARS_MAX)}` : '',
    speaksOf: (name) => holdsWhole(text, name.toLowerCase()),
  };
}

/** `10.0.0.1` is not in `10.0.0.12`, and `ws-1` is not in `ws-12`. */
function holdsWhole(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + name.length]];
    if (!WORD.test(before) && !WORD.test(after)) return true;
  }
  return false;
}

const WORD = /[\p{L}\p{N}_-]/u;
/** Findings that a plan looks at: more are said, not read. */
const GROUNDS_MAX = 200;
/** Of title and evidence of one finding, in characters. */
const TEXT_CHARS_MAX = 2_048;
const ID_CHARS_MAX = 256;
const PLACE_CHARS_MAX = 120;
