/** Content packs in a folder: `<name>.json` or `<name>.json.gz`, each read once and named by its hash. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sha256Of, type Content, type ContentPack, type Log } from '../seams/index.ts';

/** The packs of a folder; one that cannot be read is logged and counts as absent, so that verdicts name it in `not_checked`. */
export function folderContent(folder: string, log: Log): Content {
  const packs = new Map<string, ContentPack | undefined>();
  return {
    get(name) {
      if (!PACK_NAME.test(name)) return undefined;
      if (!packs.has(name)) packs.set(name, readPack(folder, name, log));
      return packs.get(name);
    },
  };
}

function readPack(folder: string, name: string, log: Log): ContentPack | undefined {
  const paths = ['.json', '.json.gz'].map((ending) => join(folder, `${name}${ending}`));
  const path = paths.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  if (path === undefined) return undefined;
  try {
    if (statSync(path).size > PACK_BYTES_MAX) throw new Error(`over ${PACK_BYTES_MAX} bytes`);
    const bytes = readFileSync(path);
    const text = path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: PACK_BYTES_MAX }) : bytes;
    const data: unknown = JSON.parse(text.toString('utf8'));
    return { name, version: `sha256:${sha256Of(text)}`, data };
  } catch (err) {
    log.error({ path, err }, 'a content pack cannot be read');
    return undefined;
  }
}

const PACK_NAME = /^[a-z0-9][a-z0-9._-]{0,127}$/i;
/** One pack, unpacked. */
const PACK_BYTES_MAX = 134_217_728;
