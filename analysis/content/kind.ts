/** The kinds of content there are, and by what a file of each is known. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** A kind of content; a pack of it is asked for under this name. */
export const ContentKind = z.enum([
  'sigma',
  'yara',
  'warninglists',
  'intel',
  'brands',
  'attack-text',
  'lolbas',
  'loldrivers',
]);
export type ContentKind = z.infer<typeof ContentKind>;

/** Kinds whose packs are files of text: several packs of one kind are asked for as one. */
export const FILE_KINDS: ReadonlySet<string> = new Set<ContentKind>(['sigma', 'yara']);

/** One file of such a pack. */
export const ContentFile = z.object({ path: z.string(), text: z.string() });
export type ContentFile = z.infer<typeof ContentFile>;

/** What a pack of rules holds. */
export const FilePack = z.object({ files: z.array(ContentFile) });
export type FilePack = z.infer<typeof FilePack>;

/** What one file brings: a rule file, or entries of a table; or why it is refused; or nothing, when it is no content. */
export type Brought =
  | { kind: 'sigma' | 'yara'; file: ContentFile }
  | { kind: Exclude<ContentKind, 'sigma' | 'yara'>; entries: readonly unknown[] }
  | { refused: string }
  | undefined;

/** Judges one file by its name and what is in it. */
export function judgeFile(path: string, text: string): Brought {
  if (/\.ya?ml$/i.test(path)) return judgeYaml(path, text);
  if (/\.yara?$/i.test(path))
    return RULE.test(text) ? { kind: 'yara', file: { path, text } } : { refused: 'no rule in it' };
  if (/\.jsonl$/i.test(path)) return judgeLines(text);
  return /\.json$/i.test(path) ? judgeJson(text) : undefined;
}

/** A rule, correlation or filter of Sigma; other YAML is no content. Whether it compiles is for the engine to say, with places. */
function judgeYaml(path: string, text: string): Brought {
  const documents = [...parseAllDocuments(text, { uniqueKeys: true, logLevel: 'error' })];
  for (const document of documents) {
    const [fault] = document.errors;
    if (fault) return { refused: (fault.message.split('\n', 1)[0] ?? '').slice(0, FAULT_CHARS_MAX) };
  }
  let values: unknown[];
  try {
    values = documents.map((document): unknown => document.toJS({ maxAliasCount: ALIASES_MAX }));
  } catch {
    return { refused: 'its aliases unfold without end' };
  }
  if (!values.some((value) => SigmaLike.safeParse(value).success)) return undefined;
  const odd = values.find((value) => !SigmaLike.safeParse(value).success && !SigmaAction.safeParse(value).success);
  return odd === undefined ? { kind: 'sigma', file: { path, text } } : { refused: 'a document in it is no rule' };
}

function judgeLines(text: string): Brought {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.map((line): unknown => parseJson(line));
  return z.array(Labelled).min(1).safeParse(entries).success ? { kind: 'attack-text', entries } : undefined;
}

function judgeJson(text: string): Brought {
  const value = parseJson(text);
  if (value === undefined) return { refused: 'it is no valid JSON' };
  for (const [kind, Shape] of SHAPES) {
    const found = Shape.safeParse(value);
    if (found.success) return { kind, ...found.data };
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const SigmaLike = z.union([
  z.looseObject({ logsource: z.object({}), detection: z.object({}) }),
  z.looseObject({ correlation: z.object({}) }),
  z.looseObject({ logsource: z.object({}), filter: z.object({}) }),
]);
/** Collections of the older form carry documents that only say what holds for all. */
const SigmaAction = z.looseObject({ action: z.enum(['global', 'reset', 'repeat']) });
const Labelled = z.looseObject({ text: z.string(), technique: z.string() });

const WarningList = z.looseObject({ name: z.string(), type: z.string(), list: z.array(z.string()) });
const Binary = z.union([
  z.looseObject({ Name: z.string(), Commands: z.array(z.unknown()) }),
  z.looseObject({ name: z.string(), commands: z.array(z.unknown()) }),
]);
const Driver = z.union([
  z.looseObject({ KnownVulnerableSamples: z.array(z.unknown()) }),
  z.looseObject({ id: z.string(), samples: z.array(z.unknown()) }),
]);
const listOf = <T extends z.ZodType>(entry: T) => z.array(entry).min(1);
const asEntries = <T>(entries: readonly T[]) => ({ entries });
const SHAPES: readonly (readonly [
  Exclude<ContentKind, 'sigma' | 'yara'>,
  z.ZodType<{ entries: readonly unknown[] }>,
])[] = [
  ['warninglists', listOf(WarningList).transform(asEntries)],
  [
    'warninglists',
    z.object({ warninglists: listOf(WarningList) }).transform(({ warninglists }) => asEntries(warninglists)),
  ],
  ['warninglists', WarningList.transform((list) => asEntries([list]))],
  [
    'intel',
    z
      .object({ indicators: listOf(z.looseObject({ type: z.string(), value: z.string(), source: z.string() })) })
      .transform(({ indicators }) => asEntries(indicators)),
  ],
  [
    'brands',
    z
      .object({ brands: listOf(z.looseObject({ name: z.string(), domains: z.array(z.string()) })) })
      .transform(({ brands }) => asEntries(brands)),
  ],
  ['attack-text', listOf(Labelled).transform(asEntries)],
  ['attack-text', z.object({ sentences: listOf(Labelled) }).transform(({ sentences }) => asEntries(sentences))],
  ['lolbas', listOf(Binary).transform(asEntries)],
  ['lolbas', z.object({ entries: listOf(Binary) }).transform(({ entries }) => asEntries(entries))],
  ['loldrivers', listOf(Driver).transform(asEntries)],
  ['loldrivers', z.object({ drivers: listOf(Driver) }).transform(({ drivers }) => asEntries(drivers))],
];
const RULE = /^\s*(?:(?:private|global)\s+)*rule\s+[A-Za-z_]\w*/m;
const FAULT_CHARS_MAX = 160;
/** Rules hardly use them; what unfolds a thousandfold is a bomb (ATK-H5). */
const ALIASES_MAX = 100;
