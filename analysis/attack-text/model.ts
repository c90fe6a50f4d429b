/** Which technique a sentence speaks of, learned from labelled sentences by counting alone (complement naive Bayes over tf-idf). */
import type { Labelled } from './labelled.ts';
import { termsOf } from './terms.ts';

/** A technique with its score; only differences between scores of one sentence mean anything. */
export interface Candidate {
  technique: string;
  score: number;
}

/** What a sentence comes closest to. */
export interface Ranking {
  /** Every technique of the labelled sentences, likeliest first. */
  candidates: readonly Candidate[];
  /** The most similar labelled sentence of the first candidate, and how similar (cosine, 0 to 1). */
  nearest: Labelled;
  similarity: number;
  /** The terms that carry the first candidate against the second, weightiest first. */
  terms: readonly string[];
}

/** A learned mapping: the same sentences in the same order learn the same. */
export interface Model {
  /** Undefined when no labelled sentence shares a term with the text. */
  rank(text: string): Ranking | undefined;
}

/**
 * Learns from at least one sentence. For each technique it weighs how rarely a term stands in the sentences of all others, which stays
 * steady where techniques have few sentences (Rennie et al. 2003).
 */
export function learn(sentences: readonly Labelled[]): Model {
  const techniques = [...new Set(sentences.map(({ technique }) => technique))].sort();
  const classOf = new Map(techniques.map((technique, index) => [technique, index]));
  const terms = sentences.map(({ text }) => termsOf(text));
  const rarity = rarityOf(terms);
  const vectors = terms.map((own) => weigh(own, rarity));

  const postings = new Map<string, Posting>();
  const totals = techniques.map(() => 0);
  let total = 0;
  for (const [index, vector] of vectors.entries()) {
    const own = classOf.get(sentences[index]?.technique ?? '') ?? 0;
    for (const [term, weight] of vector) {
      const posting = postings.get(term) ?? { total: 0, classes: new Map<number, number>(), sentences: [] };
      postings.set(term, posting);
      posting.total += weight;
      posting.classes.set(own, (posting.classes.get(own) ?? 0) + weight);
      posting.sentences.push([index, weight]);
      totals[own] = (totals[own] ?? 0) + weight;
      total += weight;
    }
  }

  /** How much a term speaks for a technique: minus the logarithm of its share in the sentences of all others. */
  const speaksFor = (posting: Posting, own: number): number =>
    -Math.log(
      (posting.total - (posting.classes.get(own) ?? 0) + SMOOTHING) /
        (total - (totals[own] ?? 0) + SMOOTHING * postings.size),
    );

  return {
    rank(text) {
      const known = [...weigh(termsOf(text), rarity)].flatMap(([term, weight]) => {
        const posting = postings.get(term);
        return posting ? [{ term, weight, posting }] : [];
      });
      if (known.length === 0) return undefined;
      const candidates = techniques
        .map((technique, own) => ({
          technique,
          score: known.reduce((sum, { weight, posting }) => sum + weight * speaksFor(posting, own), 0),
        }))
        .sort((left, right) => right.score - left.score || (left.technique < right.technique ? -1 : 1));
      const [first, second] = candidates.map(({ technique }) => classOf.get(technique) ?? 0);
      const nearest = nearestOf(known, sentences, candidates[0]?.technique);
      if (!nearest || first === undefined) return undefined;
      const carrying = known
        .map(({ term, weight, posting }) => ({
          term,
          carries: weight * (speaksFor(posting, first) - speaksFor(posting, second ?? first)),
        }))
        .filter(({ carries }) => carries > 0)
        .sort((left, right) => right.carries - left.carries || (left.term < right.term ? -1 : 1));
      return { candidates, ...nearest, terms: carrying.slice(0, TERMS_SHOWN_MAX).map(({ term }) => term) };
    },
  };
}

interface Posting {
  total: number;
  /** Weight by technique. */
  classes: Map<number, number>;
  sentences: [index: number, weight: number][];
}

/** The labelled sentence of a technique that shares most with the known terms. */
function nearestOf(
  known: readonly { weight: number; posting: Posting }[],
  sentences: readonly Labelled[],
  technique: string | undefined,
): { nearest: Labelled; similarity: number } | undefined {
  const shared = new Map<number, number>();
  for (const { weight, posting } of known) {
    for (const [index, other] of posting.sentences) {
      if (sentences[index]?.technique === technique) shared.set(index, (shared.get(index) ?? 0) + weight * other);
    }
  }
  let best: { nearest: Labelled; similarity: number } | undefined;
  for (const [index, similarity] of [...shared].sort(([left], [right]) => left - right)) {
    const nearest = sentences[index];
    if (nearest && similarity > (best?.similarity ?? 0)) best = { nearest, similarity };
  }
  return best;
}

/** Inverse document frequency: what stands in every sentence tells none apart. */
function rarityOf(documents: readonly ReadonlyMap<string, number>[]): Rarity {
  const counts = new Map<string, number>();
  for (const terms of documents) for (const term of terms.keys()) counts.set(term, (counts.get(term) ?? 0) + 1);
  const rarity = (count: number) => Math.log((documents.length + 1) / (count + 0.5));
  const known = new Map([...counts].map(([term, count]) => [term, rarity(count)]));
  // A term nobody labelled is as rare as the rarest, so that unknown words lower the similarity.
  return (term) => known.get(term) ?? rarity(1);
}

type Rarity = (term: string) => number;

/** Term weights, as a vector of length 1. */
function weigh(terms: ReadonlyMap<string, number>, rarity: Rarity): Map<string, number> {
  const weighed = new Map<string, number>();
  let square = 0;
  for (const [term, count] of terms) {
    const weight = (count < 1 ? count : 1 + Math.log(count)) * rarity(term);
    if (weight <= 0) continue;
    weighed.set(term, weight);
    square += weight * weight;
  }
  const length = Math.sqrt(square) || 1;
  for (const [term, weight] of weighed) weighed.set(term, weight / length);
  return weighed;
}

const SMOOTHING = 1;
const TERMS_SHOWN_MAX = 5;
