/** A file of the system that a sentence speaks of, as in a ticket: `Please check /etc/hosts on the server`. */

/** Whether words of a sentence stand before the place, and nothing in the text is a shell's or walks up the folders. */
export function isSpokenOf(text: string, at: number): boolean {
  if (text.length > TEXT_CHARS_MAX || CODE.test(text)) return false;
  const before = text.slice(0, at).replace(/\S{0,64}$/, '');
  if (!WORDS_BEFORE.test(before)) return false;
  return SENTENCE.test(` ${text.toLowerCase()} `);
}

const CODE = /[;|&`$<>={}%\0]|\.\.[\\/]|\n|\s(?:\/[ck]|-[cei])\s/i;
/** Two words of plain letters, the last with at most a comma or a colon behind it. */
const WORDS_BEFORE = /^(?:\p{L}{1,24}[,:]? ){2,40}["'(]?$/u;
const SENTENCE =
  / (?:the|a|an|is|are|was|were|be|please|can|cannot|not|my|our|your|this|that|it|we|you|i|after|before|when|why|how|der|die|das|ist|war|bitte|nicht|im|ich|wir) /;
const TEXT_CHARS_MAX = 2_048;
