/** A light signal keeps the promises of an AbortSignal that its holders count on. */
import { expect, test } from 'vitest';
import { createStop, manualClock, sleep, type Stop, type StopSignal } from '../../seams/index.ts';

/** What each of the two tells when it is given twice. */
function toldBy(signal: StopSignal, abort: (reason: unknown) => void): unknown[] {
  const told: unknown[] = [signal.aborted];
  const gone = () => told.push('gone');
  const once = () => told.push('once', signal.reason);
  signal.addEventListener('abort', gone);
  signal.addEventListener('abort', once, { once: true });
  signal.addEventListener('abort', once, { once: true });
  signal.removeEventListener('abort', gone);
  abort('first');
  abort('second');
  return [...told, signal.aborted, signal.reason];
}

test('it tells what an AbortSignal tells', () => {
  const stop: Stop = createStop();
  const controller = new AbortController();
  const own = toldBy(stop, (reason) => stop.abort(reason));
  expect(own).toEqual(toldBy(controller.signal, (reason) => controller.abort(reason)));
  expect(own).toEqual([false, 'once', 'first', true, 'first']);
});

test('a sleep ends with its reason', async () => {
  const stop = createStop();
  const asleep = sleep(manualClock(), 1_000, stop);
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(asleep).rejects.toBe(reason);
  await expect(sleep(manualClock(), 1_000, stop)).rejects.toBe(reason);
});
