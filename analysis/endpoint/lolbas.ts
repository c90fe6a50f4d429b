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
      return [{ name, category: category ?? '', technique, marks: marksOf(command, stem) }];
    });
    by_stem.set(stem, [...(by_stem.get(stem) ?? []), ...usages]);
  }
  return {
    entries: entries.length,
    signsOf(text) {
      const lower = text.toLowerCase();
      const stems = new Set([...lower.matchAll(/[a-z0-9_.+-]{2,60}/g)].map(([word]) => stemOf(word)));
      return [...stems].flatMap((stem) => bestUsage(by_stem.get(stem) ?? [], lower) ?? []);
    },
  };
});

interface Usage {
  name: string;
  category: string;
  technique: string;
  /** Switches and words of the recorded use, beside names and places that anybody chooses. */
  marks: string[];
}

/** The use that shares the most marks; one that shares none says only that the program runs. */
function bestUsage(usages: readonly Usage[], lower: string): Omit<CommandSign, 'steps'> | undefined {
  let best: { usage: Usage; hits: string[] } | undefined;
  for (const usage of usages) {
    const hits = usage.marks.filter((mark) => lower.includes(mark));
    if (hits.length === 0 || hits.length * 2 < usage.marks.length) continue;
    if (!best || hits.length > best.hits.length) best = { usage, hits };
  }
  if (!best) return undefined;
  const { usage, hits } = best;
  return {
    rule: `lolbas/${usage.name}`,
    technique: usage.technique,
    strength: 2,
    title: `uses ${usage.name} as recorded for "${usage.category}"`,
    text: `${usage.name} with ${hits.join(' ')}`,
  };
}

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
