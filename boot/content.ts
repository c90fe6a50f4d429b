/** The content of a running process: what the operator added to a folder, and the rules that we ship ourselves. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { FILE_KINDS, FilePack, type ContentFile } from '../analysis/content/index.ts';
import { sha256Of, type Content, type ContentPack, type Log } from '../seams/index.ts';
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
 * pack. What was added or removed counts from the next `get` on. A pack that cannot be read, or is not what the manifest says, is
 * logged and counts as absent, so that verdicts name it in `not_checked`.
 */
export function folderContent({ folder, log, starter }: ContentPlace): Content {
  let packs = new Map<string, ContentPack | undefined>();
  let manifest: Manifest | undefined;
  let stamp = '';
  return {
    get(name) {
      if (!PACK_NAME.test(name)) return undefined;
      const now = stampOf(folder);
      if (now !== stamp || manifest === undefined) {
        packs = new Map();
        manifest = readManifest(folder, log);
        stamp = now;
      }
      if (!packs.has(name)) packs.set(name, find(name, manifest));
      return packs.get(name);
    },
  };

  function find(name: string, known: Manifest): ContentPack | undefined {
    if (!FILE_KINDS.has(name)) return readPack(folder, name, known, log);
    const names = Object.keys(known.packs).filter((each) => known.packs[each]?.kind === name);
    const added = [...new Set([...names, name])].sort().flatMap((each) => readPack(folder, each, known, log) ?? []);
    const own = starterPack(name, log, starter);
    return union(name, own ? [own, ...added] : added, log);
  }
}

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

function readPack(folder: string, name: string, { packs }: Manifest, log: Log): ContentPack | undefined {
  const listed = packs[name];
  const candidates = listed ? [listed.file] : ['.json', '.json.gz'].map((ending) => `${name}${ending}`);
  const path = candidates
    .map((candidate) => join(folder, candidate))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (path === undefined) {
    if (listed) log.error({ pack: name }, 'a content pack that was added is gone');
    return undefined;
  }
  try {
    const text = readPackText(path);
    const sha256 = sha256Of(text);
    if (listed && sha256 !== listed.sha256) throw new Error('it is not the pack that was added');
    const data: unknown = JSON.parse(text.toString('utf8'));
    const declared = listed?.version === undefined ? '' : `${listed.version} `;
    return { name, version: `${declared}sha256:${sha256}`, data };
  } catch (err) {
    log.error({ path, err }, 'a content pack cannot be read');
    return undefined;
  }
}

/** The bytes of a pack, unpacked. Throws when they are too many. */
export function readPackText(path: string): Buffer {
  if (statSync(path).size > PACK_BYTES_MAX) throw new Error(`over ${PACK_BYTES_MAX} bytes`);
  const bytes = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: PACK_BYTES_MAX }) : bytes;
}

/** Changes whenever the manifest does. */
function stampOf(folder: string): string {
  const about = statSync(join(folder, MANIFEST), { throwIfNoEntry: false });
  return about ? `${about.mtimeMs} ${about.size} ${about.ino}` : '';
}

const PACK_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/i;
/** One pack, unpacked: 128 MiB. */
export const PACK_BYTES_MAX = 134_217_728;
