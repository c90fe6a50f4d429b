/** A sentence as weighed terms: its words by their stem, and each pair of neighbours at half the weight. */

/** Terms and how often they stand there. Two neighbours are one term of half a count: word order says less than words. */
export function termsOf(text: string): Map<string, number> {
  const words = stemsOf(text);
  const terms = new Map<string, number>();
  const add = (term: string, count: number) => terms.set(term, (terms.get(term) ?? 0) + count);
  for (const word of words) add(word, 1);
  for (const [index, word] of words.slice(0, -1).entries()) add(`${word} ${words[index + 1] ?? ''}`, PAIR_COUNT);
  return terms;
}

/** The words in order, lower case, without the endings of English. */
const stemsOf = (text: string): string[] =>
  (
    text
      .slice(0, SENTENCE_LENGTH_MAX)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? []
  ).map((word) => (word.length > STEM_LENGTH ? word.replace(ENDINGS, '') : word));

const ENDINGS = /(?:ations?|ating|ated|ates?|ings?|ied|ies|ers?|ed|es|s|ions?|e)$/;
const STEM_LENGTH = 4;
const PAIR_COUNT = 0.5;
/** UTF-16 units of one sentence that are weighed. */
const SENTENCE_LENGTH_MAX = 2_000;
