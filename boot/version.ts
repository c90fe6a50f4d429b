/** The version of this package, as peers and people are told it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** `package.json` lies one folder above the sources, and two above what was built from them. */
const folders = ['..', '../..'].map((above) => new URL(`${above}/package.json`, import.meta.url));

/** E.g. `0.1.0`. */
export const VERSION = folders.map(readVersion).find((version) => version !== undefined) ?? '0.0.0';

function readVersion(path: URL): string | undefined {
  try {
    const found = z.object({ name: z.literal('aurora-mesh'), version: z.string() });
    return found.parse(JSON.parse(readFileSync(path, 'utf8'))).version;
  } catch {
    return undefined; // not this one
  }
}
