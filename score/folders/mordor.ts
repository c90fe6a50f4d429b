/** Recordings of attacks: is the technique that was really executed among those the hits name, and do all hits stand? */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isSameTechnique } from '../../analysis/attack/index.ts';
import { openRecording } from '../../analysis/recordings/index.ts';
import { createEngine } from '../../analysis/sigma/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { packIn, reasonToDiffer } from '../sigma-pack.ts';
import { createStopwatch } from '../stopwatch.ts';

const Answers = z.object({
  cases: z.array(
    z.object({
      file: z.string(),
      techniques_v19: z.array(z.string()),
      sigma_covers_technique: z.boolean(),
      reference_all_hits: z.record(z.string(), z.object({ events: z.number() })),
    }),
  ),
});

/** Recordings of the folder `mordor`; the rule pack lies beside it, in `sigma`. */
export const mordor: ScoredFolder = {
  folder: 'mordor',
  async score(dir, { fast, signal }) {
    const all = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))).cases;
    const cases = fast ? all.filter((_, index) => index % FAST_EVERY === 0) : all;
    const watch = createStopwatch();
    const misses: string[] = [];
    const pack = await packIn(join(dir, '..', 'sigma'));
    if (!pack) throw new Error('the rule pack is not beside the cases');
    const by_id = new Map(pack.rules.map((rule) => [rule.id, rule]));
    const engine = createEngine(pack.rules, pack.filters);
    let covered = 0;
    let recalled = 0;
    let unexplained = 0;
    for (const { file, techniques_v19, sigma_covers_technique, reference_all_hits } of cases) {
      signal.throwIfAborted();
      /** Hits by rule, and how many of them we can say the other implementation could not have. */
      const hits = new Map<string, { count: number; explained: number; why: Set<string> }>();
      await watch.time(async () => {
        for await (const batch of openRecording({ name: file, bytes: createReadStream(join(dir, file)) }).batches) {
          for (const event of batch) {
            for (const rule of engine.match(event)) {
              const known = hits.get(rule.id) ?? { count: 0, explained: 0, why: new Set() };
              const reason = reasonToDiffer(rule, event);
              known.count += 1;
              if (reason !== undefined) {
                known.explained += 1;
                known.why.add(reason);
              }
              hits.set(rule.id, known);
            }
          }
        }
      });
      if (sigma_covers_technique) {
        covered += 1;
        const named = [...hits.keys()].flatMap((id) => by_id.get(id)?.techniques ?? []);
        const is_named = techniques_v19.some((wanted) => named.some((id) => isSameTechnique(id, wanted, 'parent')));
        if (is_named) recalled += 1;
        else misses.push(`${file}: ${techniques_v19.join(', ')} not named`);
      }
      for (const id of new Set([...hits.keys(), ...Object.keys(reference_all_hits)])) {
        const { count, explained, why } = hits.get(id) ?? { count: 0, explained: 0, why: new Set<string>() };
        const expected = reference_all_hits[id]?.events ?? 0;
        if (count === expected) continue;
        const is_explained = count > expected && count - explained <= expected;
        if (!is_explained) unexplained += 1;
        const reason = is_explained ? [...why].sort().join('; ') : 'unexplained';
        misses.push(`${file}: ${by_id.get(id)?.title ?? id} ${count} times, there ${expected}: ${reason}`);
      }
    }
    return {
      cases: cases.length,
      measures: [
        {
          metric: 'techniques named, of coverable',
          result: covered === 0 ? 1 : recalled / covered,
          target: 1,
          better: 'exact',
        },
        { metric: 'unexplained differences', result: unexplained, target: 0, better: 'lower' },
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

const FAST_EVERY = 8;
