/** My agent, asked over its port by somebody who knows nothing but that. */
import { AnalysisResult, serveForTest, type ServedForTest } from 'aurora-mesh/agent';
import { conform, expectConformance } from 'aurora-mesh/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agent } from '../src/agent.ts';

let served: ServedForTest;
beforeAll(async () => {
  served = await serveForTest(agent);
});
afterAll(() => served.close());

const ask = async (text: string) =>
  AnalysisResult.parse(await served.call('ask_my_agent', { input: { name: 'deploy.sh', text } }));

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of agent.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect(await served.call(id, example)).toEqual(await served.call(id, example));
  }
});

test('a key is one finding with its line, and its evidence does not leak it again', async () => {
  const result = await ask('echo hello\nexport KEY=AKIAIOSFODNN7EXAMPLE\n');
  expect(result).toMatchObject({
    verdict: 'suspicious',
    severity: 'high',
    findings: [
      {
        id: 'aws_key-2',
        evidence: [{ source: 'deploy.sh', locator: 'line 2', excerpt: 'export KEY=AKIA…' }],
      },
    ],
  });
  expect(JSON.stringify(result)).not.toContain('EXAMPLE');
});

test.each([
  ['a token with dots', 'token: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJlLW9mLWl0', 'token: eyJh…'],
  [
    'a key on one line',
    String.raw`{"private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN\n-----END PRIVATE KEY-----\n", "id": 7}`,
    '{"private_key": "----…", "id": 7}',
  ],
  ['a value of 160 characters', `password = ${'q7Rz0mXe9LpV2kTd'.repeat(10)}`, 'password = q7Rz…'],
  [
    'a random value after a word',
    'token=changemechangeme,password=q7Rz0mXe9LpV2kTd$x!y',
    'token=changemechangeme,password=q7Rz…',
  ],
])('of %s the evidence shows the first letters only', async (_what, line, excerpt) => {
  const { findings } = await ask(line);
  expect(findings).toMatchObject([{ evidence: [{ locator: 'line 1', excerpt }] }]);
});

test('a random value given to a password is found, a word is not', async () => {
  const [random, word] = [await ask('password = q7Rz0mXe9LpV2kTd'), await ask('password = changemechangeme')];
  expect(random.findings).toMatchObject([{ id: 'random_value-1', severity: 'medium' }]);
  expect(word.findings).toEqual([]);
});

test('a text without credentials is benign, and says what was asked of how much', async () => {
  expect(await ask('echo hello\necho world')).toMatchObject({
    verdict: 'benign',
    findings: [],
    checked: [{ corpus: { items: 2, items_read: 2 }, control: 'a planted access key was found' }],
  });
});

test('params that are none are refused by their schema', async () => {
  await expect(served.call('ask_my_agent', { input: 7 })).rejects.toMatchObject({ code: -32602 });
});

test('its card tells strangers what it offers', async () => {
  const card: unknown = await (await fetch(`${served.http_url}/.well-known/agent-card.json`)).json();
  expect(card).toMatchObject({ name: agent.name, skills: [{ id: 'ask_my_agent', tags: ['secrets'] }] });
});

test('it conforms to the wire', async () => {
  expectConformance(await conform({ url: served.url }));
}, 120_000);
