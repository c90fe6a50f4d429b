/** Adding content to a folder, listing what is there, and checking that it is still what was added. */
import { createReadStream, existsSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FILE_KINDS, FilePack, gatherContent, ContentKind, type Gathering } from '../analysis/content/index.ts';
import type { UnpackedFile } from '../analysis/readers/index.ts';
import { sha256Of, systemClock, toIso } from '../seams/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { PACK_BYTES_MAX, PACK_CHANGED, PACK_GONE, readPackText } from './content.ts';
import { readManifest, writeManifest, type PackRecord } from './content-manifest.ts';
import { starterPack } from './starter.ts';
import { writeWhole } from './whole-file.ts';

/** What an operator can say beside the path. */
export interface AddOptions {
  /** The name of the pack, where one kind has several: its kind unless said. */
  name?: string | undefined;
  version?: string | undefined;
  licence?: string | undefined;
}

/** What adding came to. */
export interface Added extends Pick<Gathering, 'refused' | 'passed_over'> {
  packs: (PackRecord & { name: string })[];
}

/**
 * Reads a file, folder or archive, judges every file in it, and keeps what is content: a pack of the same name is replaced.
 * Throws 4220 with the reason when nothing of it can be used, 4130 at a bound; then nothing was changed.
 */
export async function addContent(folder: string, path: string, options: AddOptions = {}): Promise<Added> {
  const { packs, licence, refused, passed_over } = await gatherContent(filesAt(path));
  if (packs.length === 0) {
    const [first] = refused;
    const why = first
      ? `${first.path}: ${first.why}`
      : `${passed_over} ${passed_over === 1 ? 'file' : 'files'}, none of a kind that is known: ${ContentKind.options.join(', ')}`;
    throw new AuroraError(4220, { message: `Nothing in ${basename(path)} can be used: ${why}`, detail: { refused } });
  }
  if (options.name !== undefined && packs.length > 1) {
    throw new AuroraError(4220, {
      message: `It holds ${packs.map(({ kind }) => kind).join(', ')}: one name is not enough`,
    });
  }
  const made = packs.map(({ kind, data, items, files }) => {
    const name = nameOf(kind, options.name);
    const text = Buffer.from(JSON.stringify(data));
    if (text.length > PACK_BYTES_MAX) {
      throw new AuroraError(4130, { message: `The ${kind} in it have over ${PACK_BYTES_MAX} bytes` });
    }
    const sha256 = sha256Of(text);
    const record: PackRecord = {
      kind,
      file: `${name}.${sha256.slice(0, HASH_CHARS)}.json.gz`,
      sha256,
      ...(options.version !== undefined && { version: options.version }),
      licence: options.licence ?? licence ?? 'not said',
      items,
      files,
      source: basename(path),
      added_at: toIso(systemClock.now()),
    };
    return { name, text, record };
  });
  mkdirSync(folder, { recursive: true });
  const before = readManifest(folder).packs;
  for (const { text, record } of made) writeWhole(join(folder, record.file), gzipSync(text), 0o644);
  const after = { ...before, ...Object.fromEntries(made.map(({ name, record }) => [name, record])) };
  writeManifest(folder, { packs: after });
  for (const { name, record } of made) {
    const old = before[name];
    if (old && old.file !== record.file) rmSync(join(folder, old.file), { force: true });
  }
  return { packs: made.map(({ name, record }) => ({ name, ...record })), refused, passed_over };
}

/** Takes an added pack out of use and deletes it. Throws 4220 when no such pack was added. */
export function removeContent(folder: string, name: string): PackRecord & { name: string } {
  const { packs } = readManifest(folder);
  const record = Object.hasOwn(packs, name) ? packs[name] : undefined;
  if (!record) throw new AuroraError(4220, { message: notAdded(name, Object.keys(packs)) });
  // First nobody is told of it any more, then it goes: who reads in between misses nothing that is listed.
  writeManifest(folder, { packs: Object.fromEntries(Object.entries(packs).filter(([each]) => each !== name)) });
  if (!Object.entries(packs).some(([each, { file }]) => each !== name && file === record.file))
    rmSync(join(folder, record.file), { force: true });
  return { name, ...record };
}

function notAdded(name: string, names: readonly string[]): string {
  if (name === 'starter') return 'The starter pack is shipped with the product: it was not added and cannot be removed';
  const there = names.length === 0 ? 'nothing was added here' : `there is ${[...names].sort().join(', ')}`;
  return `No pack ${name} was added: ${there}`;
}

/** A pack as it is listed: what we ship has no record. */
export interface ListedPack extends Omit<PackRecord, 'file' | 'files' | 'added_at'> {
  name: string;
  added_at?: string;
}

/** All packs, the shipped ones first. */
export function listContent(folder: string): ListedPack[] {
  const shipped = [...FILE_KINDS].flatMap((kind): ListedPack[] => {
    const pack = starterPack(kind, { error: () => undefined });
    const items = FilePack.safeParse(pack?.data).data?.files.length ?? 0;
    if (!pack || items === 0) return [];
    const sha256 = pack.version.replace('sha256:', '');
    return [
      { name: 'starter', kind: kind as ContentKind, sha256, licence: 'Apache-2.0', items, source: 'aurora-mesh' },
    ];
  });
  const { packs } = readManifest(folder);
  return [
    ...shipped,
    ...Object.entries(packs).map(([name, { file: _file, files: _files, ...record }]) => ({ name, ...record })),
  ];
}

/** What became of each added pack. */
export interface PackCheck {
  name: string;
  ok: boolean;
  why?: string;
}

/** Reads every added pack and compares it with what was added. */
export function verifyContent(folder: string): PackCheck[] {
  return Object.entries(readManifest(folder).packs).map(([name, { file, sha256 }]) => {
    const path = join(folder, file);
    if (!existsSync(path)) return { name, ok: false, why: PACK_GONE };
    try {
      return sha256Of(readPackText(path)) === sha256 ? { name, ok: true } : { name, ok: false, why: PACK_CHANGED };
    } catch (reason) {
      return {
        name,
        ok: false,
        why: `it cannot be read: ${reason instanceof Error ? reason.message : String(reason)}`,
      };
    }
  });
}

/** The files at a path, whatever they are packed in; links are not followed. */
async function* filesAt(path: string): AsyncGenerator<UnpackedFile> {
  const { unpack } = await import('../analysis/readers/index.ts'); // only who adds content loads them
  const about = lstatSync(path, { throwIfNoEntry: false });
  if (!about) throw new AuroraError(4220, { message: `There is nothing at ${path}` });
  if (!about.isDirectory()) {
    const own = basename(path);
    for await (const { name, bytes } of unpack({ name: own, bytes: createReadStream(path) })) {
      yield { name: name.replace(/^[^/]*\//, ''), bytes }; // what an archive is called says nothing about what is in it
    }
    return;
  }
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
  if (names.length > FILES_MAX) throw new AuroraError(4130, { message: `It holds more than ${FILES_MAX} files` });
  for (const name of names) yield* unpack({ name, bytes: createReadStream(join(path, name)) });
}

function nameOf(kind: ContentKind, wished: string | undefined): string {
  const name = wished ?? kind;
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name) || name === 'starter') {
    throw new AuroraError(4220, { message: `A pack cannot be called ${name}: lower-case letters, digits and dashes` });
  }
  if (!FILE_KINDS.has(kind) && name !== kind) {
    throw new AuroraError(4220, { message: `There is one pack of ${kind}, and it is called ${kind}` });
  }
  return name;
}

const HASH_CHARS = 12;
const FILES_MAX = 100_000;
