/** Which brand a line of text names. */
import { type Brand, isNameAWord, skeleton } from '../brands/index.ts';
import { fold } from './lures.ts';

/** The brand with the longest name that stands as words of its own in the text, look-alike letters read as meant. */
export function brandNamedIn(text: string, brands: readonly Brand[]): Brand | undefined {
  const padded = ` ${wordsOf(text)} `;
  let best: Brand | undefined;
  for (const brand of brands) {
    if (brand.name.length <= (best?.name.length ?? 0)) continue;
    const name = wordsOf(brand.name);
    const claims = isNameAWord(brand) ? isSpeakingFor(padded.trim(), name) : padded.includes(` ${name} `);
    if (claims) best = brand;
  }
  return best;
}

/** Hoisted: the constants below use it while the module loads. */
function wordsOf(text: string): string {
  return skeleton(fold(text))
    .replace(/'s\b/g, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** "Chase Miller" and "a target" claim nothing: a name that is also a word must stand alone or before the word for an office. */
const isSpeakingFor = (text: string, name: string) =>
  text === name || OFFICES.some((office) => ` ${text} `.includes(` ${name} ${office} `));

const OFFICES =
  'account accounts alert alerts bank billing bonus card center club customer deal gift gutschein id notification notifications online pay rewards security service services shop store support team treuebonus visa voucher'
    .split(' ')
    .map(wordsOf);
