/** Sentences labelled by analysts: is each mapped to its technique by a model that never saw its report? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { labelledOf, learn } from '../../analysis/attack-text/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

/** Sentences of the folder `attack-text`, leaving one report out at a time. */
export const attackText: ScoredFolder = {
  folder: 'attack-text',
  async score(dir, { fast, signal }) {
    const lines = gunzipSync(readFileSync(join(dir, 'sentences.jsonl.gz')))
      .toString('utf8')
      .split('\n');
    const sentences = labelledOf(lines.filter(Boolean).map((line): unknown => JSON.parse(line)));
    if (!sentences) throw new Error('the labelled sentences have another shape');
    const docs = [...new Set(sentences.map(({ doc }) => doc))];
    // Every tenth report, or all: the model is learned anew for each.
    const left_out = fast ? docs.filter((_, index) => index % FAST_STEP === 0) : docs;
    const watch = createStopwatch();
    const tally = new Map<string, { right: number; wrong: number; missed: number }>();
    const count = (technique: string, what: 'right' | 'wrong' | 'missed') => {
      const own = tally.get(technique) ?? { right: 0, wrong: 0, missed: 0 };
      own[what] += 1;
      tally.set(technique, own);
    };
    const misses: string[] = [];
    let cases = 0;
    let first = 0;
    let among_three = 0;
    for (const doc of left_out) {
      signal.throwIfAborted();
      const own = sentences.filter((sentence) => sentence.doc === doc);
      const rankings = await watch.time(() => {
        const model = learn(sentences.filter((sentence) => sentence.doc !== doc));
        return own.map(
          ({ text }) =>
            model
              .rank(text)
              ?.candidates.slice(0, 3)
              .map(({ technique }) => technique) ?? [],
        );
      });
      for (const [index, { text, technique }] of own.entries()) {
        const ranking = rankings[index] ?? [];
        cases += 1;
        if (ranking.includes(technique)) among_three += 1;
        if (ranking[0] === technique) {
          first += 1;
          count(technique, 'right');
          continue;
        }
        count(technique, 'missed');
        if (ranking[0] !== undefined) count(ranking[0], 'wrong');
        misses.push(`${technique} taken for ${ranking[0] ?? 'nothing'}: ${text.slice(0, 120).replace(/\s+/g, ' ')}`);
      }
    }
    const f1 = [...tally.values()].map(({ right, wrong, missed }) => (2 * right) / (2 * right + wrong + missed));
    return {
      cases,
      measures: [
        { metric: 'top-1', result: rounded(first / cases), target: 0.72, better: 'higher' },
        { metric: 'top-3', result: rounded(among_three / cases), target: 0.88, better: 'higher' },
        {
          metric: 'macro-F1',
          result: rounded(f1.reduce((sum, value) => sum + value, 0) / f1.length),
          target: 0.5,
          better: 'higher',
        },
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
const FAST_STEP = 10;
