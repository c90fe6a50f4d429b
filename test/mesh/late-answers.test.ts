/** Answers to what was given up are heard for a while, and nothing is kept for them after it. */
import { expect, test } from 'vitest';
import { rawPeer, still } from './raw-peer.ts';

test('an answer within ten minutes is heard once, one after that by nobody', async () => {
  const raw = rawPeer();
  const heard: unknown[] = [];
  const ask = () => raw.peer.request('slow', {}, { timeout_ms: 100, onLate: (late) => heard.push(late) });
  const first = expect(ask()).rejects.toMatchObject({ code: 5040 });
  raw.clock.advance(100);
  await first;
  raw.clock.advance(300_000);
  const second = expect(ask()).rejects.toMatchObject({ code: 5040 });
  raw.clock.advance(100);
  await second;
  raw.clock.advance(299_800);
  raw.say({ jsonrpc: '2.0', id: 1, result: 'in time' });
  raw.say({ jsonrpc: '2.0', id: 1, result: 'again' });
  await still();
  raw.clock.advance(300_300);
  raw.say({ jsonrpc: '2.0', id: 2, result: 'too late' });
  await still();
  expect(heard).toEqual([{ result: 'in time' }]);
  expect(raw.metrics.of('late_results_total')).toBe(3);
  expect(raw.clock.nextAt()).toBeUndefined();
});

test('a link that is gone waits for none of them', async () => {
  const raw = rawPeer();
  const asked = expect(raw.peer.request('slow', {}, { timeout_ms: 100, onLate: () => undefined })).rejects.toThrow();
  raw.clock.advance(100);
  await asked;
  raw.link.cut();
  await still();
  expect(raw.clock.nextAt()).toBeUndefined();
});

test('two answers at once, and a question in between: its answer is that of a request that was asked', async () => {
  const raw = rawPeer();
  const first = raw.peer.request('one', {}).then(() => raw.peer.request('three', {}));
  const second = raw.peer.request('two', {});
  raw.say([1, 2].map((id) => ({ jsonrpc: '2.0', id, result: id })));
  expect(await second).toBe(2);
  await still();
  raw.say({ jsonrpc: '2.0', id: 3, result: 'three' });
  expect(await first).toBe('three');
  expect(raw.metrics.of('strikes_total')).toBe(0);
});
