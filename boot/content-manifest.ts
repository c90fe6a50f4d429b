/** What was added to a content folder: each pack with its kind, hash, version, licence and origin. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ContentKind } from '../analysis/content/index.ts';
import type { Log } from '../seams/index.ts';
import { writeJson } from './whole-file.ts';

/** One added pack. */
export const PackRecord = z.object({
  kind: ContentKind,
  /** Below the folder. */
  file: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,127}$/i),
  /** Of the pack, unpacked. */
  sha256: z.string(),
  /** What the operator or the publisher calls it. */
  version: z.string().optional(),
  licence: z.string(),
  items: z.number().int().nonnegative(),
  files: z.number().int().nonnegative(),
  /** The name of what was added. */
  source: z.string(),
  added_at: z.string(),
});
export type PackRecord = z.infer<typeof PackRecord>;

/** All added packs, by name. */
export const Manifest = z.object({ packs: z.record(z.string(), PackRecord) });
export type Manifest = z.infer<typeof Manifest>;

/** The manifest of a folder; empty when there is none. One that is damaged is logged and counts as empty. */
export function readManifest(folder: string, log?: Pick<Log, 'error'>): Manifest {
  const path = join(folder, MANIFEST);
  if (!existsSync(path)) return { packs: {} };
  try {
    return Manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (err) {
    if (!log) throw err;
    log.error({ path, err }, 'the list of content packs cannot be read');
    return { packs: {} };
  }
}

/** Replaces the manifest in one step: a reader sees the one before or this one. */
export function writeManifest(folder: string, { packs }: Manifest): void {
  const ordered = Object.fromEntries(Object.entries(packs).sort(([left], [right]) => (left < right ? -1 : 1)));
  writeJson(join(folder, MANIFEST), { packs: ordered }, 0o644);
}

/** The file beside the packs that says which there are. */
export const MANIFEST = 'content.json';
