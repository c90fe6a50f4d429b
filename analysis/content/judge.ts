/** By what a file of each kind of content is known. */
import { z } from 'zod';
import { isDeeper } from '../readers/index.ts';
import type { YamlNode } from '../sigma/index.ts';
import type { ContentFile, ContentKind } from './kind.ts';
import { ProfileFile } from './profiles.ts';
import { faultInYara } from './yara.ts';

/** What one file brings: a rule file, or entries of a table; or why it is refused; or nothing, when it is no content. */
export type Brought =
  | { kind: 'sigma' | 'yara'; file: ContentFile }
  | {
      kind: Exclude<ContentKind, 'sigma' | 'yara'>;
      entries: readonly unknown[];
      /** Entries that are not among them, each with its line and reason. */
      refused_entries?: readonly string[];
    }
  | { refused: string }
  | undefined;

/** Judges one file by its name and what is in it. */
export async function judgeFile(path: string, text: string): Promise<Brought> {
  if (/\.ya?ml$/i.test(path)) return judgeYaml(path, text);
  if (/\.yara?$/i.test(path)) {
    const fault = faultInYara(text);
    return fault === undefined ? { kind: 'yara', file: { path, text } } : { refused: fault.slice(0, FAULT_CHARS_MAX) };
  }
  if (/\.jsonl$/i.test(path)) return judgeLines(text);
  return /\.json$/i.test(path) ? judgeJson(text) : undefined;
}

/** A rule, correlation or filter of Sigma that compiles, or the place where it does not; other YAML is no content. */
async function judgeYaml(path: string, text: string): Promise<Brought> {
  // Only a few compile rules: the engine is loaded when there is a file for it.
  const { parseSigma, parseYaml, SigmaError } = await import('../sigma/index.ts');
  try {
    if (!parseYaml(text).some(isRule)) return undefined;
    parseSigma(text);
    return { kind: 'sigma', file: { path, text } };
  } catch (reason) {
    if (!(reason instanceof SigmaError)) throw reason;
    return { refused: reason.message.slice(0, FAULT_CHARS_MAX) };
  }
}

function isRule(document: YamlNode): boolean {
  if (document.kind !== 'map') return false;
  const maps = new Set(document.entries.flatMap(({ key, value }) => (value.kind === 'map' ? [key] : [])));
  return maps.has('correlation') || (maps.has('logsource') && (maps.has('detection') || maps.has('filter')));
}

function judgeLines(text: string): Brought {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const entries = lines.map((line): unknown => parseJson(line));
  if (isDeeper(entries, DEPTH_MAX)) return { refused: TOO_DEEP };
  return z.array(Labelled).min(1).safeParse(entries).success ? { kind: 'attack-text', entries } : undefined;
}

async function judgeJson(text: string): Promise<Brought> {
  const value = parseJson(text);
  if (value === undefined) return { refused: 'it is no valid JSON' };
  if (isDeeper(value, DEPTH_MAX)) return { refused: TOO_DEEP };
  const intel = Intel.safeParse(value);
  if (intel.success) {
    const { judgeIndicators } = await import('./indicators.ts'); // loaded when there is a file for it, as the rules are
    const { entries, refused } = judgeIndicators(intel.data.indicators, text);
    return { kind: 'intel', entries, refused_entries: refused };
  }
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

/** One indicator that looks like one makes it a list of them; the others are judged one by one. */
const Intel = z.object({
  indicators: z.array(z.unknown()).refine((all) => all.some((each) => Claim.safeParse(each).success)),
});
const Claim = z.looseObject({ type: z.string(), value: z.string() });
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
/** One schema as it is published; in a pack of them the key says what they are. */
const StixSchema = z.looseObject({ $id: z.string().regex(/stix/i), $schema: z.string() });
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
  ['stix-schemas', StixSchema.transform((schema) => asEntries([schema]))],
  ['stix-schemas', listOf(StixSchema).transform(asEntries)],
  [
    'stix-schemas',
    z.object({ schemas: listOf(z.looseObject({ $id: z.string() })) }).transform(({ schemas }) => asEntries(schemas)),
  ],
  [
    'networks',
    z
      .object({ networks: listOf(z.looseObject({ network: z.string() })) })
      .transform(({ networks }) => asEntries(networks)),
  ],
  ['attack-profiles', ProfileFile],
];
const FAULT_CHARS_MAX = 160;
/** Lists and objects in one another; no table of ours comes near it. */
const DEPTH_MAX = 64;
const TOO_DEEP = `it is nested deeper than ${DEPTH_MAX}`;
