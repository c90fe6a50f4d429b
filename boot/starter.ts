/** The starter pack: rules of our own that ship with the product, read from where the package lies. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Of, type ContentPack, type Log } from '../seams/index.ts';

/** Our own rules of one kind as a pack, or undefined when we ship none. */
export function starterPack(kind: string, log: Pick<Log, 'error'>, folder = starterFolder()): ContentPack | undefined {
  const place = join(folder, kind);
  if (!existsSync(place)) return undefined;
  try {
    const paths = readdirSync(place, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(?:ya?ml|yara?)$/i.test(path))
      .sort();
    const files = paths.map((path) => ({ path, text: readFileSync(join(place, path), 'utf8') }));
    if (files.length === 0) return undefined;
    return { name: 'starter', version: `sha256:${sha256Of(JSON.stringify(files))}`, data: { files } };
  } catch (err) {
    log.error({ err }, 'the starter pack cannot be read');
    return undefined;
  }
}

/** Where it lies, whether we run from what was built or from the sources. */
function starterFolder(): string {
  const paths = ['../content/starter', '../../content/starter'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return paths.find((path) => existsSync(path)) ?? paths[0] ?? '';
}
