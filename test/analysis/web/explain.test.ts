/** Payloads taken apart: every layer can be made again from the one before, and says what was recognised in it. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainPayload } from '../../../analysis/web/explain.ts';
import { judgeValue } from '../../../analysis/web/judge.ts';

const layersOf = (payload: string) => explainPayload(payload, 'params').places[0]!.layers;
const rulesIn = (layers: ReturnType<typeof layersOf>) => layers.map(({ found }) => found.map(({ rule }) => rule));

test.each<[string, string, string[][]]>([
  ['twice percent', '%253Cscript%253Ealert(1)%253C/script%253E', [[], ['percent'], ['percent']]],
  ['percent and entities', '%26lt%3Bscript%26gt%3Balert(1)', [[], ['percent', 'html']]],
  ['escapes', '\\u003cscript\\u003ealert(1)', [[], ['unicode']]],
  ['base64', Buffer.from('<script>alert(1)</script>').toString('base64'), [[], ['base64']]],
  [
    'percent, then base64',
    encodeURIComponent(btoa('<script>alert(document.cookie)</script>')),
    [[], ['percent'], ['base64']],
  ],
])('%s: each layer names its own steps, and the last one shows the script', (_name, payload, steps) => {
  const layers = layersOf(payload);
  expect(layers.map((layer) => layer.steps)).toEqual(steps);
  expect(layers.at(-1)?.text).toContain('<script>');
  expect(rulesIn(layers).at(-1)).toContain('xss/tag');
  expect(rulesIn(layers)[0]).not.toContain('xss/tag');
  for (const { text, sha256, length } of layers) {
    expect(sha256).toBe(createHash('sha256').update(text).digest('hex')); // short and harmless: shown as it is
    expect(length).toBe(text.length);
  }
});

test('the verdict is that of the judge: what one says is found, the other shows in a layer', () => {
  const seeds = [
    "1' OR 1=1-- ",
    '<img src=x onerror=alert(1)>',
    '../../etc/passwd',
    ';cat /etc/passwd',
    'a plain word',
  ];
  const coded = fc.tuple(fc.constantFrom(...seeds), fc.nat(3)).map(([seed, rounds]) => {
    let text = seed;
    for (let round = 0; round < rounds; round += 1) text = encodeURIComponent(text);
    return text;
  });
  fc.assert(
    fc.property(fc.oneof(coded, fc.string({ maxLength: 60 })), (payload) => {
      const { places, findings } = explainPayload(payload || 'x', 'params');
      const shown = new Set(rulesIn(places[0]!.layers).flat());
      const judged = judgeValue(payload || 'x').map(({ rule }) => rule);
      expect([...shown].sort()).toEqual([...new Set(judged)].sort());
      expect(findings.every(({ rule }) => shown.has(rule ?? ''))).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('of a request every place with something in it is shown, what was recognised first', () => {
  const { places, verdict } = explainPayload(
    {
      method: 'POST',
      target: '/a%20b?plain=1&q=%3Cscript%3Ealert(1)%3C/script%3E',
      headers: { Cookie: 'id=%2e%2e%2f%2e%2e%2fetc%2fpasswd', 'User-Agent': 'Mozilla/5.0' },
    },
    'params',
  );
  expect(verdict).toBe('malicious');
  expect(places.map(({ place }) => place)).toEqual(['query value "q"', 'cookie "id"', 'path']);
});

test('a plain word has one layer, and nothing is said against it', () => {
  const { places, verdict, findings } = explainPayload('shoes', 'params');
  expect([places[0]?.layers.length, verdict, findings]).toEqual([1, 'benign', []]);
});

test('what hides in a layer is made visible, and long layers are cut', () => {
  const layers = layersOf(`%1b[2J%E2%80%AE${'%41'.repeat(5_000)}`);
  expect(JSON.stringify(layers)).not.toMatch(/\\u001b|\u202e/);
  expect(layers[1]?.text).toMatch(/^\\u\{1b\}\[2J\\u\{202e\}A/);
  expect(layers[1]?.text.length).toBeLessThanOrEqual(2_000);
  expect(layers[1]?.length).toBe(5_005);
});

test.each([
  ['percent of percent', `%${'25'.repeat(8_000)}41`],
  ['only percent', '%'.repeat(16_384)],
  ['entities', '&#x3c;'.repeat(2_700)],
  ['base64', 'QUFB'.repeat(4_096)],
  ['escapes', '\\u003c'.repeat(2_700)],
])('%s of full length stays bounded', (_name, payload) => {
  const started = performance.now();
  expect(layersOf(payload).length).toBeLessThanOrEqual(5);
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('a request of many places shows fifty of them, and says so', () => {
  const query = Array.from({ length: 200 }, (_, nth) => `a${nth}=%2541`).join('&');
  const { places, not_checked } = explainPayload({ method: 'GET', target: `/?${query}` }, 'params');
  expect(places).toHaveLength(50);
  expect(JSON.stringify(not_checked)).toContain('the layers of 150 further places');
});
