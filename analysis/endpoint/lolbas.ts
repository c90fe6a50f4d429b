/** Programs that come with the system and are misused, from mounted content: which of them a command line uses, and how. */
import { z } from 'zod';
import { whyAbsent, type Content } from '../../seams/index.ts';
import { crosswalk } from '../attack/index.ts';
import { oncePerPack } from '../memory/index.ts';
import type { CommandSign } from './classify.ts';

/** The table, ready to be asked. */
export interface Lolbas {
  version: string;
  entries: number;
  /** The entries that a command uses in the way the table describes. */
  signsOf(text: string): Omit<CommandSign, 'steps'>[];
}

/** The mounted table; undefined when none is mounted or it is none. */
export function mountedLolbas(content: Content): Lolbas | undefined {
  const pack = content.get('lolbas');
  const table = tableOf(pack?.data);
  return pack && table && { version: pack.version, ...table };
}

/** Why there is none, for `not_checked`. */
export const whyNoLolbas = (content: Content): string =>
  whyAbsent(content, 'lolbas', 'no content pack "lolbas" is mounted');

const Text = z.string().max(4_096).nullish();
const Own = z.looseObject({
  name: z.string().max(128),
  commands: z
    .array(z.looseObject({ command: z.string().max(4_096), category: Text, attack: Text, attack_v19: Text }))
    .default([]),
});
/** As the LOLBAS project itself writes them. */
const Upstream = z
  .looseObject({
    Name: z.string().max(128),
    Commands: z
      .array(z.looseObject({ Command: z.string().max(4_096).default(''), Category: Text, MitreID: Text }))
      .nullish(),
  })
  .transform(({ Name, Commands }) => ({
    name: Name,
    commands: (Commands ?? []).map(({ Command, Category, MitreID }) => ({
      command: Command,
      category: Category,
      attack: MitreID,
      attack_v19: undefined,
    })),
  }));
const Entry = z.union([Own, Upstream]);
const Table = z.union([z.array(Entry).max(5_000), z.looseObject({ entries: z.array(Entry).max(5_000) })]);

/** The table in a pack, or undefined when it has another shape. */
const tableOf = oncePerPack((data): Omit<Lolbas, 'version'> | undefined => {
  const parsed = Table.safeParse(data);
  if (!parsed.success) return undefined;
  const entries = Array.isArray(parsed.data) ? parsed.data : parsed.data.entries;
  const by_stem = new Map<string, Usage[]>();
  for (const { name, commands } of entries) {
    const stem = stemOf(name);
    if (stem.length < 2) continue;
    const usages = commands.flatMap(({ command, category, attack_v19, attack }) => {
      const technique = crosswalk(attack_v19 ?? attack ?? '')?.technique.id;
      if (technique === undefined) return [];
      return [{ name, category: category ?? '', technique, marks: marksOf(command, stem).map(toMark) }];
    });
    by_stem.set(stem, [...(by_stem.get(stem) ?? []), ...usages]);
  }
  return {
    entries: entries.length,
    signsOf(text) {
      const lower = text.toLowerCase();
      const stems = new Set([...lower.matchAll(/[a-z0-9_.+-]{2,60}/g)].map(([word]) => stemOf(word)));
      return [...stems].flatMap((stem) => {
        const usages = by_stem.get(stem);
        const [first] = usages ?? [];
        const place = first && runsAt(text, first.name, stem);
        return (place && bestUsage(usages ?? [], text, place)) ?? [];
      });
    },
  };
});

interface Usage {
  name: string;
  category: string;
  technique: string;
  /** Switches and words of the recorded use, beside names and places that anybody chooses. */
  marks: RegExp[];
}

/** Where something stands in a text. */
interface Place {
  start: number;
  end: number;
}

/** The use that shares the most marks; one that shares none says only that the program runs. */
function bestUsage(usages: readonly Usage[], text: string, program: Place): Omit<CommandSign, 'steps'> | undefined {
  let best: { usage: Usage; hits: Place[] } | undefined;
  for (const usage of usages) {
    const hits = usage.marks.flatMap((mark) => {
      const found = mark.exec(text);
      return found ? [{ start: found.index, end: found.index + found[0].length }] : [];
    });
    if (hits.length === 0 || hits.length * 2 < usage.marks.length) continue;
    if (!best || hits.length > best.hits.length) best = { usage, hits };
  }
  if (!best) return undefined;
  const { usage, hits } = best;
  const start = Math.min(program.start, ...hits.map((hit) => hit.start));
  const end = Math.max(program.end, ...hits.map((hit) => hit.end));
  return {
    rule: `lolbas/${usage.name}`,
    technique: usage.technique,
    strength: 2,
    title: `uses ${usage.name} as recorded for "${usage.category}"`,
    text: text.slice(start, Math.min(end, start + CITED_CHARS_MAX)),
  };
}

/** Where the program is run: it stands where a command begins. A library or script is also run by the program before it. */
function runsAt(text: string, name: string, stem: string): Place | undefined {
  const is_program = /(?:\.(?:exe|com|cmd|bat)|^[^.]+)$/i.test(name);
  const word = new RegExp(`(?<![\\w.+-])${escaped(stem)}(${EXTENSION})?(?![\\w+-]|\\.\\w)`, 'gi');
  for (const found of text.matchAll(word)) {
    const place = { start: found.index, end: found.index + found[0].length };
    const before = text.slice(Math.max(0, found.index - BEFORE_CHARS_MAX), found.index);
    const at = before.replace(UNQUOTED_PATH, '').replace(QUOTED_PATH, '$1');
    if (BEGINS.test(at) || LAUNCHED.test(at)) return place;
    const is_file = found[1] !== undefined || /^\s{0,8},/.test(text.slice(place.end, place.end + 16));
    if (!is_program && is_file && /(?:^|[\s"'\\,=(])$/.test(before)) return place;
  }
  return undefined;
}

/** A mark as a token of its own: `/a` is not in `s/replace/a/`, nor `-f` in `--force`. Switches of one letter may be glued (`/s/u`). */
function toMark(mark: string): RegExp {
  const before = /^[-/]/.test(mark) ? `(?<=^|[\\s"'(,]|[\\s"'](?:\\/[a-z?]){1,8})` : '(?<![\\w.-])';
  return new RegExp(`${before}${escaped(mark)}(?![\\w-])`, 'i');
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const EXTENSION = '\\.(?:exe|com|dll|vbs|cmd|bat|ps1|cpl|sys|wsf)';
const UNQUOTED_PATH = /[^\s"'|&;<>=(,]{1,200}[\\/]$/;
const QUOTED_PATH = /(["'])[^"'\n]{1,200}[\\/]$/;
/** The beginning of a text, a line, a command behind a separator, or a quoted command. */
const BEGINS = /(?:^|[\n|&;({`]|(?:[\s=(,:]|^)["'])[\s@"']{0,8}$/;
/** Behind what starts the rest of its line as a command. */
const LAUNCHED =
  /(?:^|[\s"'|&;(\\/])(?:\/[ckra]|start|start-process|saps|call|runas|sudo|exec|nohup|then|do|else|create|iex|invoke-expression|-filepath|-command|-c|-a|(?:conhost|explorer|forfiles|psexec|psexec64|pcalua|scriptrunner|cscript|wscript)(?:\.exe)?"?)\s{1,8}(?:[-/]{1,2}[\w:]{1,20}\s{1,8}|\\\\\S{1,64}\s{1,8}|"[^"]{0,60}"\s{1,8}){0,6}["']?$/i;
const BEFORE_CHARS_MAX = 512;
const CITED_CHARS_MAX = 512;

function marksOf(command: string, stem: string): string[] {
  const plain = command
    .toLowerCase()
    .replace(/\{[^}]{0,60}\}/g, ' ')
    .replace(/"[^"]{0,200}"/g, ' ');
  const words =
    plain.match(/(?:^|\s)[-/][a-z][a-z0-9_-]{0,24}|[a-z0-9_]{3,40}\.(?:dll|cpl|vbs|wsf)\b|,\s*[a-z_]{4,40}/g) ?? [];
  return [...new Set(words.map((word) => word.trim().replace(/^,\s*/, '')))]
    .filter((word) => !word.startsWith(stem))
    .slice(0, 8);
}

const stemOf = (name: string): string =>
  name.toLowerCase().replace(/\.(?:exe|com|dll|vbs|cmd|bat|ps1|cpl|sys|wsf)$/, '');
