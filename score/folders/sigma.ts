/** Sigma: does every rule compile, does every recorded positive match, and where does a second implementation say otherwise? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { normalizeEvent } from '../../analysis/events/index.ts';
import { createCorrelator, createEngine, parseSigma } from '../../analysis/sigma/index.ts';
import type { ScoredFolder } from '../folder.ts';
import { packIn, reasonToDiffer } from '../sigma-pack.ts';
import { createStopwatch } from '../stopwatch.ts';

const Answers = z.object({
  cases: z.array(
    z.object({
      case: z.string(),
      rule_id: z.string(),
      must_match: z.boolean(),
      reference_hits: z.record(z.string(), z.array(z.number())),
    }),
  ),
});
const CorrelationCases = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      rules: z.array(z.string()),
      events: z.array(z.unknown()),
      expected_alerts: z.number(),
      groups: z.array(z.record(z.string(), z.string())),
    }),
  ),
});

/** Cases of the folder `sigma`: recorded positives, and correlations. */
export const sigma: ScoredFolder = {
  folder: 'sigma',
  async score(dir, { fast, signal }) {
    const all = Answers.parse(JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8'))).cases;
    const cases = fast ? all.filter((_, index) => index % FAST_EVERY === 0) : all;
    const watch = createStopwatch();
    const misses: string[] = [];
    const pack = await watch.time(() => packIn(dir));
    if (!pack) throw new Error('the rule pack is not beside the cases');
    const engine = createEngine(pack.rules, pack.filters);
    const by_id = new Map(pack.rules.map((rule) => [rule.id, rule]));
    for (const { path, why } of pack.refused) misses.push(`${path} does not compile: ${why}`);

    let matched = 0;
    let unexplained = 0;
    for (const { case: id, rule_id, must_match, reference_hits } of cases) {
      signal.throwIfAborted();
      const raw = z
        .array(z.unknown())
        .parse(JSON.parse(readFileSync(join(dir, 'regression', id, 'events.json'), 'utf8')));
      const events = raw.map((each, index) => normalizeEvent(each, `record ${index}`));
      const hits = new Set<string>();
      await watch.time(() => {
        events.forEach((event, index) => {
          if (event) for (const rule of engine.match(event)) hits.add(`${rule.id} ${index}`);
        });
      });
      const is_met = events.some((_, index) => hits.has(`${rule_id} ${index}`));
      if (must_match && is_met) matched += 1;
      if (must_match && !is_met) misses.push(`${id}: the rule does not match`);
      const expected = new Set(
        Object.entries(reference_hits).flatMap(([rule, at]) => at.map((index) => `${rule} ${index}`)),
      );
      for (const hit of new Set([...hits, ...expected])) {
        if (hits.has(hit) === expected.has(hit)) continue;
        const [rule = '', index = ''] = hit.split(' ');
        const reason = reasonToDiffer(by_id.get(rule), events[Number(index)]);
        if (reason === undefined) unexplained += 1;
        misses.push(`${id}: ${hit} ${hits.has(hit) ? 'only here' : 'only there'}: ${reason ?? 'unexplained'}`);
      }
    }
    const correlations = scoreCorrelations(dir, misses);
    const must = cases.filter(({ must_match }) => must_match).length;
    const files = pack.rules.length + pack.refused.length;
    return {
      cases: cases.length + correlations.cases,
      measures: [
        { metric: 'rules that compile', result: pack.rules.length / files, target: 1, better: 'exact' },
        {
          metric: 'recorded positives that match',
          result: must === 0 ? 1 : matched / must,
          target: 1,
          better: 'exact',
        },
        { metric: 'unexplained differences', result: unexplained, target: 0, better: 'lower' },
        { metric: 'correlations right', result: correlations.right / correlations.cases, target: 1, better: 'exact' },
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

function scoreCorrelations(dir: string, misses: string[]): { cases: number; right: number } {
  const { cases } = CorrelationCases.parse(JSON.parse(readFileSync(join(dir, 'correlation-cases.json'), 'utf8')));
  let right = 0;
  for (const { name, rules: texts, events, expected_alerts, groups } of cases) {
    const files = texts.map((text) => parseSigma(text));
    const rules = files.flatMap((file) => file.rules);
    const engine = createEngine(rules);
    const correlator = createCorrelator(
      files.flatMap((file) => file.correlations),
      rules,
    );
    events.forEach((raw, index) => {
      const event = normalizeEvent(raw, `record ${index}`);
      if (event) for (const rule of engine.match(event)) correlator.observe(rule, event);
    });
    const alerts = correlator.finish();
    const is_right =
      alerts.length === expected_alerts && JSON.stringify(alerts.map(({ group }) => group)) === JSON.stringify(groups);
    if (is_right) right += 1;
    else misses.push(`correlation "${name}": ${JSON.stringify(alerts.map(({ group }) => group))}`);
  }
  return { cases: cases.length, right };
}

const FAST_EVERY = 4;
