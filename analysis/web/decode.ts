/** Peels the encodings off a value, one layer after the other, and says which it peeled. */

/** A form of the value; `steps` names the decodings that lead to it, empty for the value as it came. */
export interface Layer {
  text: string;
  steps: readonly string[];
}

/** The value and its decoded forms, plainest last: at most three rounds, then base64 where that gives readable text. */
export function layersOf(value: string): Layer[] {
  const layers: Layer[] = [{ text: value, steps: [] }];
  let last: Layer = { text: value, steps: [] };
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const next = decodeOnce(last);
    if (next.text === last.text) break;
    layers.push(next);
    last = next;
  }
  const base64 = fromBase64(last.text.trim());
  if (base64 !== undefined) layers.push({ text: base64, steps: [...last.steps, 'base64'] });
  return layers;
}

function decodeOnce(layer: Layer): Layer {
  let { text } = layer;
  const steps = [...layer.steps];
  for (const [name, needle, decode] of DECODERS) {
    if (!text.includes(needle)) continue;
    const decoded = decode(text);
    if (decoded !== text) steps.push(name);
    text = decoded;
  }
  return { text, steps };
}

/** Percent escapes as UTF-8; `%uXXXX` and over-long forms (`%c0%ae`) as lenient servers read them. */
function fromPercent(text: string): string {
  return text.replace(/%u([0-9a-f]{4})|(?:%[0-9a-f]{2})+/gi, (run, unit: string | undefined) =>
    unit === undefined ? fromBytes(run) : String.fromCharCode(parseInt(unit, 16)),
  );
}

function fromBytes(run: string): string {
  const bytes: number[] = [];
  for (let at = 1; at < run.length; at += 3) bytes.push(parseInt(run.slice(at, at + 2), 16));
  const plain: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const [lead = 0, next = 0] = bytes.slice(at, at + 2);
    const over_long = (lead === 0xc0 || lead === 0xc1) && next >> 6 === 2;
    plain.push(over_long ? ((lead & 1) << 6) | (next & 0x3f) : lead);
    if (over_long) at += 1;
  }
  const buffer = Buffer.from(plain);
  const decoded = buffer.toString('utf8');
  return decoded.includes('\ufffd') ? buffer.toString('latin1') : decoded;
}

/** Character references as the characters they stand for. */
export const fromEntities = (text: string): string =>
  text.replace(
    /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]{2,8}));?/gi,
    (entity, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES.get(name.toLowerCase()) ?? entity;
      const point = hex === undefined ? Number(decimal) : parseInt(hex, 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : entity;
    },
  );

const fromEscapes = (text: string): string =>
  text.replace(
    /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\x\{?([0-9a-f]{2})\}?/gi,
    (escape, braced?: string, unit?: string, byte?: string) => {
      const point = parseInt(braced ?? unit ?? byte ?? '', 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : escape;
    },
  );

/** Base64 text that decodes to readable characters, else undefined. */
function fromBase64(text: string): string | undefined {
  if (text.length < BASE64_LENGTH_MIN || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('latin1');
  const odd = decoded.match(/[^\t\n\r\x20-\x7e]/g)?.length ?? 0;
  return decoded.length > 0 && odd * 10 <= decoded.length ? decoded : undefined;
}

const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    lt: '<',
    gt: '>',
    amp: '&',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    tab: '\t',
    newline: '\n',
    colon: ':',
    semi: ';',
    lpar: '(',
    rpar: ')',
    lcub: '{',
    lbrace: '{',
    rcub: '}',
    rbrace: '}',
    lsqb: '[',
    lbrack: '[',
    rsqb: ']',
    rbrack: ']',
    dollar: '$',
    sol: '/',
    bsol: '\\',
    num: '#',
    percnt: '%',
    period: '.',
    comma: ',',
    excl: '!',
    equals: '=',
    grave: '`',
    commat: '@',
    lowbar: '_',
    ast: '*',
    vert: '|',
    verbar: '|',
    plus: '+',
    quest: '?',
    hat: '^',
  }),
);
const DECODERS: readonly (readonly [string, string, (text: string) => string])[] = [
  ['percent', '%', fromPercent],
  ['html', '&', fromEntities],
  ['unicode', '\\', fromEscapes],
];
const ROUNDS_MAX = 3;
const BASE64_LENGTH_MIN = 12;
