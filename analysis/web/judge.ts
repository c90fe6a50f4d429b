/** The request judge: each value of a request, each of its decoded forms, against each grammar that speaks about its place. */
import { judgeCode } from './code.ts';
import { layersOf, type Layer } from './decode.ts';
import { withoutVariables } from './graphql.ts';
import type { AttackClass, Match } from './hit.ts';
import { judgeHtml } from './html.ts';
import { judgePath } from './path.ts';
import { judgeFetch, judgeInclude, judgeLookup } from './remote.ts';
import type { Doubt, Located } from './places.ts';
import { bothEnds } from '../readers/index.ts';
import { placesOf, VALUE_LENGTH_MAX, type HttpRequest } from './request.ts';
import { judgeSession, judgeUpload } from './cross.ts';
import { judgeAgentShell, judgeShell } from './shell.ts';
import { isSpokenOf } from './spoken.ts';
import { judgeSql } from './sql.ts';

/** A recognised attack with the place it stood in and the text that was recognised. */
export interface Hit {
  class: AttackClass;
  rule: string;
  title: string;
  certain: boolean;
  /** The place in the request, as evidence cites it. */
  label: string;
  /** The recognised substring of the decoded value. */
  text: string;
  /** The decodings that made it readable, in order. */
  steps: readonly string[];
  /** It stands in a text that people wrote to people, which may only speak of it. */
  in_prose?: boolean;
  /** A sentence speaks of a file: less than an attack in a text, and never nothing. */
  is_spoken_of?: boolean;
}

/** What one value was judged to be before, by the grammars asked and its text; whoever judges many requests keeps one. */
export type Judged = Map<string, readonly ValueHit[]>;

/**
 * Judges a request. Deterministic, linear in its length. `cut` names what the bounds left unread, of what is too long both ends are read;
 * `doubts` where servers may read another body than the one that was judged.
 */
export function judgeRequest(
  request: HttpRequest,
  judged?: Judged,
): { hits: Hit[]; cut: string[]; doubts: readonly Doubt[] } {
  const { values, joined, cut, doubts } = placesOf(request);
  // What a value says alone is its own evidence, and comes last.
  const hits = [...joined, ...values].flatMap((located) => judgeLocated(located, judged));
  return { hits: distinct([...hits, ...judgeSession(values), ...judgeUpload(values)]), cut, doubts };
}

/** Judges one value by itself, as of a parameter. */
export const judgeValue = (text: string): Hit[] =>
  distinct(judgeLocated({ place: 'value', label: 'value', name: '', text: text.slice(0, VALUE_LENGTH_MAX) }));

/** The class that the hits speak for: most certain rules first, then the more specific class. */
export function leadingClass(hits: readonly Hit[]): AttackClass | undefined {
  const counts = new Map<AttackClass, number>();
  for (const hit of hits) counts.set(hit.class, (counts.get(hit.class) ?? 0) + (hit.certain ? CERTAIN_POINTS : 1));
  const ranked = [...counts].sort(
    ([left, left_points], [right, right_points]) =>
      right_points - left_points || CLASSES.indexOf(left) - CLASSES.indexOf(right),
  );
  return ranked[0]?.[0];
}

/** A hit before its place is known. */
type ValueHit = Omit<Hit, 'label'>;

function judgeLocated(located: Located, judged?: Judged): Hit[] {
  if (isPlain(located.text)) return [];
  const grammars = grammarsOf(located);
  return remembered(judged, grammars, located.text).map((hit) => ({ ...hit, label: located.label }));
}

/** Requests of one site differ in a value or two: its names, paths and choices are judged once. */
function remembered(judged: Judged | undefined, grammars: Grammars, text: string): readonly ValueHit[] {
  if (!judged || text.length > JUDGED_LENGTH_MAX) return judgeText(grammars, text);
  const key = `${GRAMMARS.indexOf(grammars)} ${text}`;
  const known = judged.get(key);
  if (known) return known;
  const hits = judgeText(grammars, text);
  if (judged.size >= JUDGED_MAX) judged.clear();
  judged.set(key, hits);
  return hits;
}

function judgeText(grammars: Grammars, value: string): ValueHit[] {
  const hits: ValueHit[] = [];
  for (const layer of layersOf(value)) hits.push(...judgeLayer(grammars, layer));
  return hits;
}

function judgeLayer(grammars: Grammars, { text, steps }: Layer): ValueHit[] {
  const hits: ValueHit[] = [];
  for (const grammar of grammars)
    for (const match of grammar(text))
      hits.push({
        class: match.class,
        rule: match.rule,
        title: match.title,
        certain: match.certain,
        text: cutOut(text, match),
        steps,
        ...(TOLD_CLASSES.has(match.class) && isProse(text) && !isMeant(text) && { in_prose: true }),
        ...(FILE_RULES.has(match.rule) && isSpokenOf(text, match.start) && { in_prose: true, is_spoken_of: true }),
      });
  return hits;
}

/** Each layer of a value with what was recognised in it, the value as it came first: how `judgeRequest` comes to its hits. */
export const layersJudged = (located: Located): { layer: Layer; hits: readonly ValueHit[] }[] =>
  layersOf(located.text).map((layer) => ({
    layer,
    hits: isPlain(located.text) ? [] : judgeLayer(grammarsOf(located), layer),
  }));

type Grammars = readonly ((text: string) => Match[])[];

/** Which grammars speak about which place: browsers' own headers hold parentheses, semicolons and addresses by nature. */
function grammarsOf({ place, name, label }: Located): Grammars {
  if (place === 'value' && GRAPHQL.test(label)) return GRAPHQL_GRAMMARS;
  if (place === 'path') return PATH_GRAMMARS;
  if (place === 'header' && name === 'user-agent') return AGENT_GRAMMARS;
  if (place === 'header') return LIST_HEADERS.has(name) ? LIST_GRAMMARS : HEADER_GRAMMARS;
  if (place === 'name') return NAME_GRAMMARS;
  if (place === 'cookie') return COOKIE_GRAMMARS;
  return VALUE_GRAMMARS;
}

/** Ends or joins the value around it at once, or cuts off what follows: no sentence does, whatever words stand behind it. */
const isMeant = (text: string): boolean =>
  OPENS.test(text) || UNION.test(bothEnds(text, PROSE_CHARS)) || /--\s{0,8}$/.test(text.slice(-CUT_OFF_CHARS));

/** Eight words and among them four different ones that only sentences need. */
function isProse(text: string): boolean {
  const words =
    text
      .slice(0, PROSE_CHARS)
      .toLowerCase()
      .match(/(?<=^|[\s(])\p{L}{1,24}(?=$|[\s.,;:!?)])/gu) ?? [];
  return (
    words.length >= PROSE_WORDS_MIN &&
    new Set(words.filter((word) => SENTENCE_WORDS.has(word))).size >= SENTENCE_WORDS_MIN
  );
}

/** A short word or number: nothing any grammar could recognise. Most values end here. */
const isPlain = (text: string) => PLAIN.test(text);

const cutOut = (text: string, { start, end }: Match) =>
  text.slice(start, Math.min(Math.max(end, start + 1), start + EVIDENCE_CHARS_MAX));

function distinct(hits: readonly Hit[]): Hit[] {
  const found = new Map<string, Hit>();
  for (const hit of hits) {
    const key = `${hit.rule}\n${hit.label}`;
    const known = found.get(key);
    // The plainest form is the evidence: layers come in the order of decoding.
    if (!known || hit.certain || !known.certain) found.set(key, hit);
  }
  const all = [...found.values()];
  // Beyond the bound the doubtful ones go: they may be there to crowd out the certain one.
  return all.length <= HITS_MAX ? all : all.sort(byCertainty).slice(0, HITS_MAX);
}

const byCertainty = (left: Hit, right: Hit) => Number(right.certain) - Number(left.certain);

const CLASSES: readonly AttackClass[] = [
  'log4shell',
  'xxe',
  'php-injection',
  'java-injection',
  'nodejs-injection',
  'template-injection',
  'sqli',
  'nosqli',
  'xss',
  'ssrf',
  'rce',
  'lfi',
  'rfi',
  'ldap-injection',
  'header-injection',
  'session-fixation',
];
const VALUE_GRAMMARS: Grammars = [
  judgeSql,
  judgeHtml,
  judgeShell,
  judgePath,
  judgeCode,
  judgeLookup,
  judgeFetch,
  judgeInclude,
];
/** In a query of GraphQL variables are no code; all else of it is judged as it stands. */
const GRAPHQL_GRAMMARS: Grammars = VALUE_GRAMMARS.map((grammar) =>
  grammar === judgeCode ? (text) => judgeCode(withoutVariables(text)) : grammar,
);
const NAME_GRAMMARS: Grammars = [judgeSql, judgeHtml, judgePath, judgeCode, judgeLookup];
const COOKIE_GRAMMARS: Grammars = [judgeSql, judgeHtml, judgeShell, judgePath, judgeCode, judgeLookup];
const PATH_GRAMMARS: Grammars = [judgeSql, judgeHtml, judgePath, judgeCode, judgeLookup];
const HEADER_GRAMMARS: Grammars = [judgeSql, judgeHtml, judgeShell, judgePath, judgeCode, judgeLookup];
const AGENT_GRAMMARS: Grammars = HEADER_GRAMMARS.map((grammar) => (grammar === judgeShell ? judgeAgentShell : grammar));
const LIST_GRAMMARS: Grammars = [judgeHtml, judgeCode, judgeLookup];
/** All of them: the place of each stands for it where values are remembered. */
const GRAMMARS = [
  VALUE_GRAMMARS,
  GRAPHQL_GRAMMARS,
  NAME_GRAMMARS,
  COOKIE_GRAMMARS,
  PATH_GRAMMARS,
  HEADER_GRAMMARS,
  AGENT_GRAMMARS,
  LIST_GRAMMARS,
];
/** The query of a JSON body, or of one of a list: no other place is GraphQL. */
const GRAPHQL = /^body value (?:\/\d{1,4})?\/query$/;
const LIST_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'accept-charset',
  'content-type',
  'host',
  'connection',
  'cache-control',
  'sec-ch-ua',
]);
/** Classes whose grammar is made of words that people also write about. */
const TOLD_CLASSES: ReadonlySet<AttackClass> = new Set(['sqli', 'rce', 'lfi']);
/** Rules that a name of a file is enough for. */
const FILE_RULES: ReadonlySet<string> = new Set(['lfi/system-file', 'rce/path']);
/** A separator of commands, or a quote or a parenthesis that closes what is around the value and goes on as SQL. */
const OPENS =
  /^\s{0,8}(?:[;&]|[\w.@-]{0,24}['")\]}]{1,6}\s{0,8}(?:;|--|#|\/\*|\|\||&&|(?:or|and|xor|union|having|order|group|limit|waitfor|procedure)\b))/i;
/** After a few words, a number or a quote: who writes about it writes a sentence before. */
const UNION =
  /(?:^\s{0,8}(?:\S{1,40}\s{1,8}){0,3}|['")\]\d]\s{0,8})union(?:\s|\/\*[^*]{0,60}\*\/|\(|all\b|distinct\b){1,20}select\b/i;
const CUT_OFF_CHARS = 16;
const SENTENCE_WORDS = new Set(
  'the a an is are was were be been i you we they it that this these those with of to in for how what why which my your our also like not please thanks hello write uses der die das ein eine ist sind war und oder nicht mit von zu im ich du wir sie es wie was warum auch bitte danke man mein kann'.split(
    ' ',
  ),
);
const SENTENCE_WORDS_MIN = 4;
const PROSE_WORDS_MIN = 8;
/** How much of a value is read to know whether it is prose. */
const PROSE_CHARS = 2_048;
const CERTAIN_POINTS = 3;
const PLAIN = /^(?:[A-Za-z0-9]{0,2}|[0-9]{1,18}|(?!xp|sys|un|se|rl|ex|re)[A-Za-z0-9]{1,8})$/i;
const EVIDENCE_CHARS_MAX = 200;
const HITS_MAX = 200;
/** Values that are remembered, and the longest of them in characters: some 8 MiB at most. */
const JUDGED_MAX = 16_384;
const JUDGED_LENGTH_MAX = 256;
