/** Binary event logs: does every record parse, and is the histogram of channels and event ids exact? */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { createEvtxReader, createHistogram } from '../../analysis/evtx/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Answers = z.object({
  cases: z.array(
    z.object({ file: z.string(), records: z.number(), channel_eid_counts: z.record(z.string(), z.number()) }),
  ),
});

/** Logs of the folder `evtx`. */
export const evtx: ScoredFolder = {
  folder: 'evtx',
  async score(dir, { fast, signal }) {
    const all = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))).cases;
    const cases = fast ? all.slice(0, FAST_CASES) : all;
    const watch = createStopwatch();
    const misses: string[] = [];
    let expected = 0;
    let parsed = 0;
    let exact = 0;
    for (const { file, records, channel_eid_counts } of cases) {
      signal.throwIfAborted();
      const histogram = createHistogram();
      const reader = createEvtxReader(createReadStream(join(dir, file)).pipe(createGunzip()));
      await watch.time(async () => {
        for await (const batch of reader.records) for (const each of batch) histogram.note(each.channel, each.event_id);
      });
      expected += records;
      parsed += Math.min(records, reader.report().records);
      if (sorted(histogram.counts()) === sorted(channel_eid_counts)) exact += 1;
      else misses.push(`${file}: ${sorted(histogram.counts())}, expected ${sorted(channel_eid_counts)}`);
    }
    return {
      cases: cases.length,
      measures: [
        { metric: 'records parsed', result: expected === 0 ? 0 : parsed / expected, target: 1, better: 'exact' },
        {
          metric: 'histograms exact',
          result: cases.length === 0 ? 0 : exact / cases.length,
          target: 1,
          better: 'exact',
        },
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

const sorted = (counts: Readonly<Record<string, number>>): string =>
  JSON.stringify(Object.entries(counts).sort(([left], [right]) => (left < right ? -1 : 1)));

const FAST_CASES = 10;
