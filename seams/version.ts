/** The version of this package, as peers and people are told it. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const Ranges = z.record(z.string(), z.string()).default({});
const Package = z.object({
  name: z.literal('aurora-mesh'),
  version: z.string(),
  dependencies: Ranges,
  devDependencies: Ranges,
  overrides: Ranges,
});

/** `package.json` lies one folder above the sources, and two above what was built from them. */
const folders = ['..', '../..'].map((above) => new URL(`${above}/package.json`, import.meta.url));

const own = folders.map(readPackage).find((found) => found !== undefined);

/** E.g. `0.1.0`. */
export const VERSION = own?.version ?? '0.0.0';

/** The versions of another package that this one is made for; any when it does not use it. */
export const rangeOf = (name: string): string =>
  own?.dependencies[name] ?? own?.devDependencies[name] ?? own?.overrides[name] ?? '*';

function readPackage(path: URL): z.infer<typeof Package> | undefined {
  try {
    return Package.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined; // not this one
  }
}
