/** Names the ATT&CK techniques that a text speaks of: by their id, by their name, and by sentences that analysts labelled before. */
import { createHash } from 'node:crypto';
import type { AnalysisResult, Evidence } from '../../protocol/index.ts';
import { whyAbsent, type Content } from '../../seams/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { oncePerPack } from '../memory/index.ts';
import { conclude, WEIGHT, type WeighedFinding } from '../verdict/index.ts';
import { labelledOf } from './labelled.ts';
import { learn, type Model } from './model.ts';
import { namedIn } from './names.ts';
import { likenesses, profilesOf, type Likeness } from './profiles.ts';
import { sentencesOf, SENTENCES_MAX, type Sentence } from './sentences.ts';

/** One place of the text that speaks of a technique. */
export interface MappedPlace {
  technique: string;
  how: 'id' | 'name' | 'sentence';
  offset: number;
  length: number;
  line: number;
  /** For `sentence`: how like the nearest labelled sentence (0 to 1), and by how much the first candidate leads. */
  similarity?: number;
  lead?: number;
  candidates?: string[];
  nearest?: { text: string; doc: string };
  terms?: string[];
}

/** A result with every mapped place. */
export interface TextMapping extends AnalysisResult {
  mapped: MappedPlace[];
  /** Groups and software known for like techniques; never an attribution. */
  consistent_with: Likeness[];
}

/** Maps a text. Without mounted labelled sentences only ids and names are found, and that is said. */
export function mapText(text: string, { source, content }: { source: string; content: Content }): TextMapping {
  const pack = content.get('attack-text');
  const model = pack && modelOf(pack.data);
  const { sentences, cut } = sentencesOf(text.slice(0, TEXT_LENGTH_MAX));
  // The first bound that was met: the sentences are counted within the characters.
  const bound = cut
    ? `${SENTENCES_MAX} sentences`
    : text.length > TEXT_LENGTH_MAX
      ? `${TEXT_LENGTH_MAX} characters`
      : undefined;
  const found = sentences.flatMap((sentence) => placesIn(sentence, model));
  const mapped = found.slice(0, PLACES_MAX);
  const citing = (place: MappedPlace): Evidence =>
    evidence({
      source,
      locator: `line ${place.line}, offset ${place.offset}-${place.offset + place.length}`,
      text: text.slice(place.offset, place.offset + place.length),
    });
  const known = mapped.filter(({ technique }) => techniqueOf(technique));
  const unknown = [...new Set(mapped.map(({ technique }) => technique))].filter((id) => !techniqueOf(id)).sort();

  const profile_pack = content.get('attack-profiles');
  const profiles = profile_pack && profilesOf(profile_pack.data);
  const like = likenesses([...new Set(known.map(({ technique }) => technique))], profiles ?? []);

  const result = conclude({
    subject: `${neutralize(source, SHOWN_LENGTH)}: ${sentences.length} sentence${sentences.length === 1 ? '' : 's'}`,
    findings: [...findingsOf(mapped, citing), ...likenessFindings(like, known, citing)],
    techniques: known.map((place) => ({ id: place.technique, evidence: [citing(place)] })),
    checked: [receiptOf(text, sentences, { is_cut: bound !== undefined, model })],
    not_checked: [
      { what: 'whether any of it happened here', why: 'a text tells what somebody did somewhere', mandatory: true },
      ...(model
        ? []
        : [
            {
              what: 'what the sentences mean',
              why: pack
                ? 'the mounted content "attack-text" has another shape'
                : whyAbsent(content, 'attack-text', 'no content "attack-text" of labelled sentences is mounted'),
              mandatory: true,
            },
          ]),
      ...(profiles
        ? []
        : [
            {
              what: 'whose known techniques these are like',
              why: profile_pack
                ? 'the mounted content "attack-profiles" has another shape'
                : whyAbsent(content, 'attack-profiles'),
            },
          ]),
      ...(bound === undefined
        ? []
        : [{ what: 'the rest of the text', why: `${bound} are read at once`, mandatory: true }]),
      ...(found.length > mapped.length
        ? [{ what: `${found.length - mapped.length} further places`, why: `${PLACES_MAX} are listed` }]
        : []),
      ...(unknown.length > 0
        ? [
            {
              what: `names and tactics of ${unknown.join(', ').slice(0, IDS_LENGTH)}`,
              why: 'our ATT&CK table does not hold them',
            },
          ]
        : []),
    ],
    data_versions: {
      ...(pack && { 'attack-text': pack.version }),
      ...(profile_pack && { 'attack-profiles': profile_pack.version }),
    },
  });
  return { ...result, mapped, consistent_with: like };
}

/** Told beside the verdict, and weighing nothing: many use the same techniques. */
function likenessFindings(
  like: readonly Likeness[],
  known: readonly MappedPlace[],
  citing: (place: MappedPlace) => Evidence,
): WeighedFinding[] {
  return like.map(({ id, name, type, shared, known: size, jaccard, by_chance, base_rate }) => ({
    id: `consistent-with-${id}`,
    title:
      `Consistent with the ${type} ${name}: ${shared.length} of its ${size} known techniques (Jaccard ${jaccard}; ` +
      `${by_chance} would be shared by chance, ${rounded(base_rate * 100)} % of all profiles share as many). This is no attribution`,
    severity: 'info',
    rule: 'consistent-with',
    weight: 0,
    basis: 'consistent-with',
    evidence: known
      .filter(({ technique }) => shared.includes(technique))
      .slice(0, EVIDENCE_MAX)
      .map(citing),
  }));
}

function placesIn(sentence: Sentence, model: Model | undefined): MappedPlace[] {
  const named = namedIn(sentence.text).map(({ technique, how, offset, length }) => ({
    technique,
    how,
    offset: sentence.offset + offset,
    length,
    line: sentence.line + (sentence.text.slice(0, offset).match(/\n/g)?.length ?? 0),
  }));
  const ranking = model?.rank(sentence.text);
  const [first, second, third] = ranking?.candidates ?? [];
  if (!ranking || !first) return named;
  const lead = first.score - (second?.score ?? 0);
  // Most sentences of a report speak of no technique: to keep silent is an answer.
  if (ranking.similarity < SIMILARITY_FROM || lead < LEAD_FROM) return named;
  if (named.some(({ technique }) => technique === first.technique)) return named;
  return [
    ...named,
    {
      technique: first.technique,
      how: 'sentence',
      offset: sentence.offset,
      length: sentence.text.length,
      line: sentence.line,
      similarity: rounded(ranking.similarity),
      lead: rounded(lead),
      candidates: [first, second, third].flatMap((candidate) => candidate?.technique ?? []),
      nearest: { text: neutralize(ranking.nearest.text), doc: neutralize(ranking.nearest.doc, SHOWN_LENGTH) },
      terms: ranking.terms.map((term) => neutralize(term, TERM_LENGTH)),
    },
  ];
}

function findingsOf(mapped: readonly MappedPlace[], citing: (place: MappedPlace) => Evidence): WeighedFinding[] {
  const by_technique = new Map<string, MappedPlace[]>();
  for (const place of mapped) by_technique.set(place.technique, [...(by_technique.get(place.technique) ?? []), place]);
  return [...by_technique].map(([id, places]) => ({
    id: `text-${id}`,
    title: `The text speaks of ${[id, techniqueOf(id)?.name ?? ''].join(' ').trim()}${reasonOf(places)}`,
    severity: 'info',
    rule: 'attack-text',
    // One text is one witness, however many techniques it names.
    weight: WEIGHT.text,
    basis: 'attack-text',
    evidence: places.slice(0, EVIDENCE_MAX).map(citing),
  }));
}

function reasonOf(places: readonly MappedPlace[]): string {
  const best = [...places].sort((left, right) => (right.similarity ?? 2) - (left.similarity ?? 2))[0];
  if (!best?.nearest) return ', by its id or name';
  return `, as in "${best.nearest.text.slice(0, SHOWN_LENGTH)}" (${best.nearest.doc}; similarity ${best.similarity ?? 0})`;
}

function receiptOf(
  text: string,
  sentences: readonly Sentence[],
  { is_cut, model }: { is_cut: boolean; model: Model | undefined },
) {
  const planted = placesIn({ text: PLANTED, offset: 0, line: 1 }, model).find(({ how }) => how === 'sentence');
  return {
    question: 'Which ATT&CK techniques does the text speak of? Counted in sentences.',
    corpus: {
      sha256: createHash('sha256').update(text).digest('hex'),
      items: sentences.length + (is_cut ? 1 : 0),
      items_read: sentences.length,
    },
    ...(planted && { control: `a planted sentence about credential dumping was mapped to ${planted.technique}` }),
  };
}

/** The model learned from a pack, or undefined when that has another shape. The same pack object is learned from once. */
const modelOf = oncePerPack((data): Model | undefined => {
  const sentences = labelledOf(data);
  return sentences && learn(sentences);
});

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/**
 * With the labelled sentences of 97 reports, leaving one report out at a time, these two keep 65% of the sentences at 93% right,
 * and take 1.2% of the sentences of ordinary letters for one.
 */
const SIMILARITY_FROM = 0.25;
const LEAD_FROM = 0.2;
const TEXT_LENGTH_MAX = 1_048_576;
const PLACES_MAX = 1_000;
const EVIDENCE_MAX = 5;
/** UTF-16 units that are shown of a name or a sentence, of a term, of a list of ids. */
const SHOWN_LENGTH = 120;
const TERM_LENGTH = 60;
const IDS_LENGTH = 400;
const PLANTED = 'used Mimikatz to dump credentials from the memory of LSASS';
