/** The content of a running process: what the operator added to a folder, and the rules that we ship ourselves. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FILE_KINDS, FilePack, type ContentFile } from '../analysis/content/index.ts';
import { sha256Of, type Content, type ContentPack, type Log, type LostPack } from '../seams/index.ts';
import { readManifest, MANIFEST, type Manifest } from './content-manifest.ts';
import { starterPack } from './starter.ts';

/** Where content lies. */
export interface ContentPlace {
  folder: string;
  log: Log;
  /** The folder of the starter pack; the one that is shipped unless said. */
  starter?: string;
}

/**
 * The packs of a folder. `sigma` and `yara` are all packs of that kind with our own rules before them; any other kind is one
 * pack. What was added, removed, changed or deleted counts from the next `get` on. A pack that cannot be read, or is not what the
 * manifest says, is logged and counts as absent; `lost` says why, so that verdicts name it in `not_checked`.
 */
export function folderContent({ folder, log, starter }: ContentPlace): Content {
  let packs = new Map<string, ContentPack | undefined>();
  let lost = new Map<string, LostPack>();
  let manifest: Manifest | undefined;
  let stamp = '';
  return {
    get(name) {
      return PACK_NAME.test(name) ? find(name, current()) : undefined;
    },
    lost(name) {
      const known = current();
      find(name, known); // only who has looked for a pack knows whether it is whole
      return kindred(name, known).flatMap((each) => lost.get(each) ?? []);
    },
  };

  function current(): Manifest {
    if (manifest !== undefined && stampOf(folder, manifest) === stamp) return manifest;
    packs = new Map();
    lost = new Map();
    const before = stampOfFile(join(folder, MANIFEST));
    manifest = readManifest(folder, log);
    stamp = stampOf(folder, manifest, before);
    return manifest;
  }

  function find(name: string, known: Manifest): ContentPack | undefined {
    if (!packs.has(name)) packs.set(name, load(name, known));
    return packs.get(name);
  }

  function load(name: string, known: Manifest): ContentPack | undefined {
    const note = (pack: string, why: string) => void lost.set(pack, { name: pack, why });
    const added = kindred(name, known).flatMap((each) => readPack(folder, each, known, { log, note }) ?? []);
    if (!FILE_KINDS.has(name)) return added[0];
    const own = starterPack(name, log, starter);
    return union(name, own ? [own, ...added] : added, log);
  }
}

/** The packs that are asked for under a name: of rules all of that kind, of anything else the one. */
const kindred = (name: string, { packs }: Manifest): string[] =>
  FILE_KINDS.has(name)
    ? [...new Set([...Object.keys(packs).filter((each) => packs[each]?.kind === name), name])].sort()
    : [name];

/** Packs of rules as one: every file under the name of its pack, every version told. */
function union(name: string, packs: readonly ContentPack[], log: Log): ContentPack | undefined {
  const files = packs.flatMap((pack): ContentFile[] => {
    const read = FilePack.safeParse(pack.data);
    if (!read.success) log.error({ pack: pack.name }, 'a content pack has another shape');
    return read.success ? read.data.files.map(({ path, text }) => ({ path: `${pack.name}/${path}`, text })) : [];
  });
  if (files.length === 0) return undefined;
  const version = packs.map((pack) => `${pack.name} ${pack.version}`).join(', ');
  return { name, version, data: { files } };
}

function readPack(
  folder: string,
  name: string,
  { packs }: Manifest,
  { log, note }: { log: Log; note: (pack: string, why: string) => void },
): ContentPack | undefined {
  const listed = packs[name];
  const candidates = listed ? [listed.file] : ['.json', '.json.gz'].map((ending) => `${name}${ending}`);
  const path = candidates
    .map((candidate) => join(folder, candidate))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (path === undefined) {
    if (!listed) return undefined;
    log.error({ pack: name }, 'a content pack that was added is gone');
    note(name, PACK_GONE);
    return undefined;
  }
  try {
    const text = readPackText(path);
    const sha256 = sha256Of(text);
    if (listed && sha256 !== listed.sha256) throw new Error(PACK_CHANGED);
    const data: unknown = JSON.parse(text.toString('utf8'));
    const declared = listed?.version === undefined ? '' : `${listed.version} `;
    return { name, version: `${declared}sha256:${sha256}`, data };
  } catch (err) {
    log.error({ path, err }, 'a content pack cannot be read');
    note(name, err instanceof Error && err.message === PACK_CHANGED ? PACK_CHANGED : 'it cannot be read');
    return undefined;
  }
}

/** The bytes of a pack, unpacked. Throws when they are too many. */
export function readPackText(path: string): Buffer {
  if (statSync(path).size > PACK_BYTES_MAX) throw new Error(`over ${PACK_BYTES_MAX} bytes`);
  const bytes = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: PACK_BYTES_MAX }) : bytes;
}

/** Changes whenever the manifest does, or the file of a pack in it. */
const stampOf = (folder: string, { packs }: Manifest, manifest = stampOfFile(join(folder, MANIFEST))): string =>
  [manifest, ...Object.values(packs).map(({ file }) => stampOfFile(join(folder, file)))].join('|');

function stampOfFile(path: string): string {
  const about = statSync(path, { throwIfNoEntry: false });
  return about ? `${about.mtimeMs} ${about.ctimeMs} ${about.size} ${about.ino}` : '';
}

/** What is said of a pack that is not used any more, here and by `verify`. */
export const PACK_GONE = 'its file is gone';
/** What is said of a pack whose bytes are others than those added. */
export const PACK_CHANGED = 'it is not the pack that was added';
const PACK_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/i;
/** One pack, unpacked: 128 MiB. */
export const PACK_BYTES_MAX = 134_217_728;
