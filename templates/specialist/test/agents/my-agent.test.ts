/** My agent, called as a peer calls it. */
import { expect, test } from 'vitest';
import { myAgent } from '../../agents/my-agent.ts';
import { AnalysisResult } from '../../protocol/index.ts';
import { callerOf } from '../support/caller.ts';

const { call } = callerOf(myAgent);
const ask = async (text: string) =>
  AnalysisResult.parse(await call('ask_my_agent', { input: { name: 'deploy.sh', text } }));

test('what it offers is pinned', () => {
  expect(myAgent.skills.map(({ id, effect }) => `${id} ${effect}`)).toEqual(['ask_my_agent read']);
});

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of myAgent.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples)
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
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

test('a text of nothing but keys takes no longer than any other', async () => {
  const { findings } = await ask('AKIAIOSFODNN7EXAMPLE '.repeat(100_000));
  expect(findings).toHaveLength(1);
});

test('what is not read keeps the verdict open', async () => {
  const { verdict, not_checked } = await ask('x'.repeat(4_194_305));
  expect([verdict, not_checked.length]).toEqual(['inconclusive', 1]);
});

test('params that are none are refused by their schema', async () => {
  await expect(call('ask_my_agent', { input: 7 })).rejects.toMatchObject({ code: -32602 });
});
