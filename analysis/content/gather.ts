/** Makes packs of the files that somebody brings: each kind one pack, each file judged, what is refused said. */
import { compareText } from '../order/index.ts';
import type { UnpackedFile } from '../readers/index.ts';
import { ContentKind, type ContentFile } from './kind.ts';

/** What was found in the files of one kind. */
export interface Gathered {
  kind: ContentKind;
  /** As specialists read it. */
  data: unknown;
  /** Rules, lists or entries. */
  items: number;
  files: number;
}

/** Everything that came of it. */
export interface Gathering {
  packs: Gathered[];
  /** The licence by its usual name, when a file of it lay there. */
  licence: string | undefined;
  refused: { path: string; why: string }[];
  /** Files that are no content: readmes, pictures, tests. */
  passed_over: number;
}

/** Reads all files; the same files in any order make the same packs. Throws what reading an archive throws (4130, 4220). */
export async function gatherContent(files: AsyncIterable<UnpackedFile>): Promise<Gathering> {
  const rules = new Map<ContentKind, ContentFile[]>();
  const tables = new Map<ContentKind, { path: string; entries: readonly unknown[] }[]>();
  const refused: { path: string; why: string }[] = [];
  const licences = new Set<string>();
  let passed_over = 0;

  // Every process knows the kinds, and only who brings content judges it.
  const [{ collect }, { judgeFile }] = await Promise.all([import('../readers/index.ts'), import('./judge.ts')]);
  for await (const { name: path, bytes } of files) {
    const text = (await collect(bytes, FILE_BYTES_MAX)).toString('utf8');
    if (LICENCE_FILE.test(path)) {
      licences.add(licenceIn(text));
      continue;
    }
    const brought = await judgeFile(path, text);
    if (!brought) passed_over += 1;
    else if ('refused' in brought) refused.push({ path, why: brought.refused });
    else if ('file' in brought) append(rules, brought.kind, brought.file);
    else {
      refused.push(...(brought.refused_entries ?? []).map((why) => ({ path, why })));
      append(tables, brought.kind, { path, entries: brought.entries });
    }
  }
  const packs = ContentKind.options.flatMap((kind): Gathered[] => {
    const own = rules.get(kind) ?? [];
    if (own.length > 0) return [{ kind, data: { files: own.sort(byPath) }, items: own.length, files: own.length }];
    const parts = tables.get(kind) ?? [];
    const entries = parts.sort(byPath).flatMap((part) => part.entries);
    return entries.length === 0
      ? []
      : [{ kind, data: shapeOf(kind, entries), items: entries.length, files: parts.length }];
  });
  return { packs, licence: [...licences].sort().join(', ') || undefined, refused: refused.sort(byPath), passed_over };
}

function shapeOf(kind: ContentKind, entries: unknown[]): unknown {
  const key = WRAPPED_IN[kind];
  return key === undefined ? entries : { [key]: entries };
}

function licenceIn(text: string): string {
  const [name] = LICENCES.find(([, words]) => words.test(text)) ?? [];
  return name ?? (text.split('\n').find((line) => line.trim() !== '') ?? 'unnamed').trim().slice(0, LICENCE_CHARS_MAX);
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

const byPath = (left: { path: string }, right: { path: string }) => compareText(left.path, right.path);

/** Tables that specialists read under a key of an object; the others are lists. */
const WRAPPED_IN: Partial<Record<ContentKind, string>> = {
  intel: 'indicators',
  brands: 'brands',
  lolbas: 'entries',
  loldrivers: 'drivers',
  networks: 'networks',
  'attack-profiles': 'profiles',
};
const LICENCE_FILE = /(?:^|\/)(?:licen[cs]e|copying)[^/]*$/i;
const LICENCES: readonly (readonly [string, RegExp])[] = [
  ['DRL-1.1', /Detection Rule License/i],
  ['GPL-3.0', /GNU GENERAL PUBLIC LICENSE\s+Version 3/],
  ['Apache-2.0', /Apache License\s+Version 2\.0/],
  ['CC0-1.0', /CC0 1\.0 Universal/],
  ['MIT', /Permission is hereby granted, free of charge/],
  ['BSD', /Redistribution and use in source and binary forms/],
];
const LICENCE_CHARS_MAX = 80;
/** One file of content, unpacked: 64 MiB. */
const FILE_BYTES_MAX = 67_108_864;
