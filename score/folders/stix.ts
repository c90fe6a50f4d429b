/** STIX bundles and patterns: does every valid bundle come in and go out unchanged, and is every pattern told from what is none? */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { exportStix, parsePattern, readIntelligence, schemasOf } from '../../analysis/stix/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Patterns = z.array(z.object({ pattern: z.string(), valid: z.boolean() }));
const Document = z.looseObject({ type: z.string(), objects: z.array(z.unknown()).optional() });

/** Bundles and patterns of the folder `stix`. */
export const stix: ScoredFolder = {
  folder: 'stix',
  async score(dir, { signal }) {
    const schemas = schemasOf(stixSchemas(dir));
    if (!schemas) throw new Error('the schemas have another shape');
    const watch = createStopwatch();
    const misses: string[] = [];
    const files = readdirSync(join(dir, 'valid')).sort();
    let lossless = 0;
    let fitting = 0;
    for (const file of files) {
      signal.throwIfAborted();
      const text = readFileSync(join(dir, 'valid', file), 'utf8');
      const { bundle, rejected } = await watch.time(() => ({
        rejected: readIntelligence(text).rejected,
        bundle: exportStix({ name: file, text }).bundle,
      }));
      const given = Document.parse(JSON.parse(text));
      const wanted = given.objects === undefined ? { ...bundle, objects: [given] } : given;
      if (isDeepStrictEqual(wanted, bundle) && rejected.length === 0) lossless += 1;
      else misses.push(`${file}: ${rejected.map(({ locator, why }) => `${locator} ${why}`).join('; ') || 'changed'}`);
      const faults = bundle.objects.flatMap((object) => schemas.faultOf(object) ?? []);
      if (faults.length === 0) fitting += 1;
      misses.push(...faults.map((fault) => `${file}: exported, ${fault}`));
    }
    const patterns = Patterns.parse(JSON.parse(readFileSync(join(dir, 'patterns.json'), 'utf8')));
    const wrong: string[] = [];
    for (const { pattern, valid } of patterns) {
      const { ok } = await watch.time(() => parsePattern(pattern));
      if (ok !== valid) wrong.push(`${pattern}: ${valid ? 'refused' : 'taken'}`);
    }
    return {
      cases: files.length + patterns.length,
      measures: [
        {
          metric: 'bundles imported and exported without loss',
          result: lossless,
          target: files.length,
          better: 'exact',
        },
        { metric: 'exported bundles that fit the schemas', result: fitting, target: files.length, better: 'exact' },
        {
          metric: 'patterns judged right',
          result: patterns.length - wrong.length,
          target: patterns.length,
          better: 'exact',
        },
      ],
      misses: [...misses, ...wrong],
      engine_ms: watch.elapsed_ms(),
    };
  },
};

/** The schemas of the folder, in the shape of the content `stix-schemas`. */
export const stixSchemas = (dir: string): unknown[] =>
  readdirSync(join(dir, 'schemas'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name): unknown => JSON.parse(readFileSync(join(dir, 'schemas', name), 'utf8')));
