/** Requests and values with known classes: are the attacks among them seen, under their name, and are ordinary values left alone? */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { analyzeRequests, type HttpRequest } from '../../analysis/web/index.ts';
import type { Measure, ScoredFolder } from '../folder.ts';
import { createStopwatch } from '../stopwatch.ts';

const Value = z.object({ payload: z.string(), attack_type: z.string() });
const Request = z.object({
  id: z.string(),
  category: z.string(),
  attack: z.boolean(),
  request: z.object({
    method: z.string(),
    uri: z.string(),
    headers: z.record(z.string(), z.string()).nullish(),
    data: z.string().nullish(),
  }),
});

/**
 * Both sets of the folder `web`. A request counts as seen when the answer is suspicious or worse, under whatever name; a value must
 * have the name of its class. All are judged in a fast run too: they are quick. Requests that are no attack on the rule of their test may be one on another: they are not counted.
 */
export const web: ScoredFolder = {
  folder: 'web',
  async score(dir, { signal }) {
    const watch = createStopwatch();
    const misses: string[] = [];
    const judge = async (request: HttpRequest) => {
      signal.throwIfAborted();
      const { verdict, findings } = await watch.time(() => analyzeRequests([request], 'params'));
      const is_seen = verdict === 'malicious' || verdict === 'suspicious';
      return { is_seen, names: new Set(findings.map(({ rule = '' }) => rule.split('/')[0])) };
    };

    const values = z.array(Value).parse(linesOf(dir, 'http-params.jsonl.gz'));
    const of_values = createShares();
    for (const { payload, attack_type } of values) {
      const { is_seen, names } = await judge({ method: 'GET', target: `/?q=${encodeURIComponent(payload)}` });
      const name = NAMES.get(attack_type);
      const counts = name === undefined ? is_seen : is_seen && names.has(name);
      of_values.note(attack_type, counts);
      if (counts === (name === undefined)) misses.push(`${attack_type} value: ${payload}`);
    }
    const requests = z
      .array(Request)
      .parse(linesOf(dir, 'crs-requests.jsonl.gz'))
      .filter(({ attack, id }) => attack && !id.startsWith(PROTOCOL_RULES));
    const of_requests = createShares();
    for (const { id, category, request } of requests) {
      const { method, uri, headers, data } = request;
      const { is_seen } = await judge({ method, target: uri, headers: headers ?? {}, body: data ?? '' });
      of_requests.note(category, is_seen);
      if (!is_seen) misses.push(`${category} request ${id}`);
    }
    return {
      cases: values.length + requests.length,
      measures: [
        ...of_values
          .shares()
          .map(([type, result]): Measure =>
            NAMES.has(type)
              ? { metric: `${type} values named`, result, target: 0.85, better: 'higher' }
              : { metric: 'ordinary values flagged', result, target: 0.01, better: 'lower' },
          ),
        ...of_requests.shares().map(([category, result]): Measure => {
          const held_at = HELD_AT.get(category);
          return {
            metric: `${category} requests seen`,
            result,
            target: 0.85,
            better: 'higher',
            ...(held_at !== undefined && { held_at }),
          };
        }),
      ],
      misses,
      engine_ms: watch.elapsed_ms(),
    };
  },
};

/** Counts of each kind, and the shares of those that count, by name. */
function createShares() {
  const counts = new Map<string, { all: number; counting: number }>();
  return {
    note(kind: string, counts_too: boolean): void {
      const known = counts.get(kind) ?? { all: 0, counting: 0 };
      counts.set(kind, { all: known.all + 1, counting: known.counting + (counts_too ? 1 : 0) });
    },
    shares: (): [string, number][] =>
      [...counts]
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([kind, { all, counting }]) => [kind, counting / all]),
  };
}

const linesOf = (dir: string, file: string): unknown[] =>
  gunzipSync(readFileSync(join(dir, file)))
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

/** How the labels of the values are called here. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['sqli', 'sqli'],
  ['xss', 'xss'],
  ['cmdi', 'rce'],
  ['path-traversal', 'lfi'],
]);
/** They test malformed HTTP, which no request as data can show. */
const PROTOCOL_RULES = '920';
/** What was reached of the classes of requests, rounded down. */
const HELD_AT: ReadonlyMap<string, number> = new Map([
  ['generic-injection', 0.423],
  ['lfi', 0.578],
  ['multipart-attack', 0.636],
  ['other', 0.6],
  ['php-injection', 0.604],
  ['protocol-attack', 0.297],
  ['rce', 0.463],
  ['rfi', 0.423],
  ['session-fixation', 0.72],
  ['sqli', 0.588],
  ['xss', 0.58],
]);
