/** The kit inside somebody's tests, as its doc comments show it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conform, expectConformance, sentencesOf, type Report } from '../../conformance/index.ts';
import { startRudeAgent } from '../support/rude-agent.ts';
import { startServedAgent } from '../support/served-agent.ts';

/** A few sentences: that our agents keep all of them is proven elsewhere. */
const only = ['BATCH-01', 'BATCH-02', 'WS-15', 'FRAME-01'] as const;
let agent: Awaited<ReturnType<typeof startServedAgent>>;
let report: Report;

beforeAll(async () => {
  agent = await startServedAgent();
  report = await conform({ url: agent.url, key: agent.key, only });
}, 60_000);
afterAll(() => agent.close());

test('a served agent conforms', () => {
  expect(report.profiles).toEqual(['bare', 'mesh.v1']);
  expect(() => expectConformance(report)).not.toThrow();
});

describe('the sentences, each a test', () => {
  for (const { id, title, run } of sentencesOf('bare', () => report)) {
    if (only.some((each) => each === id)) test(title, run);
  }
});

test('a sentence that was not tried skips its test with the reason', async () => {
  const untried = sentencesOf('bare', () => report).find(({ id }) => id === 'BATCH-03');
  const reasons: (string | undefined)[] = [];
  await untried?.run({ skip: (reason) => void reasons.push(reason) });
  expect(reasons).toEqual(['it was not tried in this run']);
});

test('what does not hold is one error that names all of it, and the sentence that fails throws alone', async () => {
  const rude = await startRudeAgent();
  const broken = await conform({ url: rude.url, only }).finally(() => rude.close());
  expect(() => expectConformance(broken)).toThrow(/2 sentences do not hold, of 4[\s\S]*BATCH-01[\s\S]*BATCH-02/);
  const batch = sentencesOf('bare', () => broken).find(({ id }) => id === 'BATCH-02');
  await expect(batch?.run()).rejects.toThrow('came instead: a batch was answered');
});

test('a run in which nothing could be tried proves nothing', () => {
  expect(() => expectConformance({ ...report, conforms: false, results: [] })).toThrow('nothing is proven');
});
