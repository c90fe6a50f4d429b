/** The real cases with known answers beside the project; a test that needs them says SKIP loudly where they are absent. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe } from 'vitest';

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const present = existsSync(folder);
const required = (process.env['AURORA_REQUIRE'] ?? '').split(',').includes('data');

/** Groups tests that read the cases. AURORA_REQUIRE=data turns their absence into a failure. */
export function describeWithData(name: string, tests: () => void): void {
  if (!present && required) throw new Error(`AURORA_REQUIRE=data, but there is no ${folder}`);
  if (!present) console.error(`SKIP ${name}: the data folder is not beside the project`);
  describe.skipIf(!present)(name, tests);
}

/** The absolute path of one case file. */
export const dataPath = (...parts: string[]): string => join(folder, ...parts);

/** A JSON file of the cases; the caller parses it with its own schema or narrows it. */
export const dataJson = (...parts: string[]): unknown => JSON.parse(readFileSync(dataPath(...parts), 'utf8'));

/** A gzipped JSON-lines file of the cases. */
export const dataJsonLines = (...parts: string[]): unknown[] =>
  gunzipSync(readFileSync(dataPath(...parts)))
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
