/** Whether a name looks generated: entropy, vowels, digits and letter pairs, with the numbers. */

/** The statistics of one label. */
export interface NameStatistics {
  label: string;
  length: number;
  /** Shannon, bits a character. */
  entropy: number;
  /** Share of the letter pairs that ordinary English words seldom have. */
  rare_pairs: number;
  vowels: number;
  digits: number;
  generated: boolean;
}

/** Measures the label somebody registered. Short labels are never called generated: there is too little to measure. */
export function nameStatistics(label: string): NameStatistics {
  const letters = label.replace(/[^a-z]/g, '');
  const digits = label.replace(/[^0-9]/g, '').length / Math.max(1, label.length);
  const vowels = letters.replace(/[^aeiouy]/g, '').length / Math.max(1, letters.length);
  const rare_pairs = shareOfRarePairs(label);
  const entropy = shannon(label);
  const measurable = label.length >= LABEL_LENGTH_MIN && !label.startsWith('xn--') && !label.includes('-');
  const unpronounceable = rare_pairs >= RARE_PAIRS_MIN && vowels < VOWELS_MAX;
  const hexadecimal = /^[0-9a-f]{16,}$/.test(label) && digits > 0.3;
  const generated =
    measurable &&
    entropy >= ENTROPY_MIN &&
    letters.length > 0 &&
    (unpronounceable || hexadecimal || rare_pairs >= RARE_PAIRS_SURE);
  return { label, length: label.length, entropy, rare_pairs, vowels, digits, generated };
}

/** The numbers in one line, for people. */
export const describeStatistics = ({ label, length, entropy, rare_pairs, vowels, digits }: NameStatistics): string =>
  `"${label}": ${length} characters, entropy ${entropy.toFixed(2)} bits, rare pairs ${rare_pairs.toFixed(2)}, vowels ${vowels.toFixed(2)}, digits ${digits.toFixed(2)}`;

function shannon(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}

function shareOfRarePairs(label: string): number {
  const pairs = Array.from(label.slice(1), (char, index) => `${label[index] ?? ''}${char}`);
  if (pairs.length === 0) return 0;
  return pairs.filter((pair) => !COMMON_PAIRS.has(pair)).length / pairs.length;
}

const LABEL_LENGTH_MIN = 10;
const ENTROPY_MIN = 2.8;
const RARE_PAIRS_MIN = 0.45;
const RARE_PAIRS_SURE = 0.62;
const VOWELS_MAX = 0.3;
/** Nine in ten letter pairs of English words are among these. */
const COMMON_PAIRS = new Set(
  (
    'ab ac ad ag ai ak al am an ap ar as at au av ay ba be bi bl bo br bs bu ca ce ch ci ck cl co cr ct cu da dd de di do dr ' +
    'ds du ea eb ec ed ee ef eg ei el em en ep eq er es et ev ew ex ey fa fe ff fi fl fo fr fu ga ge gh gi gl gn go gr gs gu ' +
    'ha he hi ho ht ia ib ic id ie if ig il im in io ip ir is it iv iz js ke ki ks la ld le li ll lo ls lt lu ly ma mb me mi ' +
    'mm mo mp mu na nc nd ne nf ng ni nn no ns nt nu oa ob oc od og ok ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr ' +
    'ps pt pu qu ra rc rd re rg ri rk rm rn ro rr rs rt ru rv ry sa sc se sh si sl so sp ss st su sy ta tc te th ti tl to tr ' +
    'ts tt tu ty ua ub uc ue ug ui ul um un up ur us ut va ve vi wa we wi wo xp xt yn yp ys ze'
  ).split(' '),
);
