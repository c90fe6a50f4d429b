/** The order of texts that is the same on every machine: by their code units. */

/** For sorting; no locale has a word in it. */
export const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
