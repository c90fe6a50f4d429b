/** A recording sent again: the same where the peer is the same, different where it is not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conform, parseReplay, replay, Replay, toReplay, visit } from '../../conformance/index.ts';
import { startRudeAgent } from '../support/rude-agent.ts';
import { startServedAgent } from '../support/served-agent.ts';

let rude: Awaited<ReturnType<typeof startRudeAgent>>;
let good: Awaited<ReturnType<typeof startServedAgent>>;

beforeAll(async () => {
  [rude, good] = await Promise.all([startRudeAgent(), startServedAgent()]);
});
afterAll(async () => {
  await Promise.all([rude.close(), good.close()]);
});

test('a failure comes again while the peer is wrong, and is different once it is right', async () => {
  const report = await conform({ url: rude.url, only: ['BATCH-02'], profiles: ['bare'] });
  const [failure] = report.results;
  if (failure?.outcome !== 'fail') throw new Error('the rude agent kept its batch');
  const recording = parseReplay(JSON.stringify(toReplay(report, failure)));
  expect(recording).toMatchObject({ aurora_replay: 1, requirement: 'BATCH-02', profile: 'bare' });
  const again = await replay({ recording });
  expect(again.lines.map(({ likeness }) => likeness)).toEqual(['sent', 'same', 'sent', 'same', 'sent']);
  expect(again.same).toBe(true);
  rude.is_polite = true;
  const mended = await replay({ recording });
  rude.is_polite = false;
  expect(mended.same).toBe(false);
  expect(mended.lines.find(({ likeness }) => likeness === 'different')?.then).toContain('"id":"one"');
});

test('under mesh.v1 a replay greets anew: another challenge, a proof of its own, the same conversation', async () => {
  const { url, key } = good;
  const here = await visit({ url, profile: 'mesh.v1', key });
  const answer = await here.ask('echo_text', { text: 'hello' });
  expect(answer).toMatchObject({ result: { text: 'hello' } });
  await here.close();
  const recording = Replay.parse(JSON.parse(JSON.stringify(here.recording())));
  const again = await replay({ recording, key });
  expect(again.lines.filter(({ likeness }) => !['sent', 'same', 'later'].includes(likeness))).toEqual([]);
  const challengeIn = (text = '') => /"challenge":"([^"]+)"/.exec(text)?.[1];
  const hello = (text: string) => text.includes('kit-hello') && text.includes('"params"');
  const then = recording.exchanged.find(({ text }) => hello(text))?.text;
  const now = again.lines.find(({ note }) => note.kind === 'sent' && hello(note.text))?.note.text;
  expect(challengeIn(now)).toMatch(/^[\w-]{43}$/);
  expect(challengeIn(now)).not.toBe(challengeIn(then));
});

test('a stranger that replays what the orchestrator said is not taken for it', async () => {
  const { url, key } = good;
  const here = await visit({ url, profile: 'mesh.v1', key });
  await here.ask('echo_text', { text: 'hello' });
  await here.close();
  expect((await replay({ recording: here.recording(), answer_ms_max: 1_000 })).same).toBe(false);
});

test('what is no recording is said to be none', () => {
  expect(() => parseReplay('{')).toThrow('no JSON');
  expect(() => parseReplay('{"aurora_replay":2}')).toThrow('aurora_replay');
  const base = { aurora_replay: 1, url: 'http://x', profile: 'bare', exchanged: [] };
  expect(() => parseReplay(JSON.stringify(base))).toThrow('ws://');
});

test('nobody there is no replay', async () => {
  const recording: Replay = {
    aurora_replay: 1,
    url: 'ws://127.0.0.1:1',
    profile: 'bare',
    exchanged: [{ connection: 1, at_ms: 0, kind: 'event', text: 'dialled ws://127.0.0.1:1', greeting: true }],
  };
  await expect(replay({ recording })).rejects.toThrow('ECONNREFUSED');
});
