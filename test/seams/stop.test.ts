/** What may be stopped, once and for a reason. */
import { expect, test } from 'vitest';
import { createStop, manualClock, sleep, stopOf, type StopSignal } from '../../seams/index.ts';

test('it is stopped once: the first reason stands, and who listens hears it once', () => {
  const stop = createStop();
  const heard: unknown[] = [];
  stop.onAbort((reason) => heard.push(reason));
  expect([stop.aborted, stop.reason]).toEqual([false, undefined]);
  stop.abort('first');
  stop.abort('second');
  expect([stop.aborted, stop.reason, heard]).toEqual([true, 'first', ['first']]);
});

test('who comes late hears it at once, who left hears nothing', () => {
  const stop = createStop();
  const heard: string[] = [];
  const leave = stop.onAbort(() => heard.push('gone'));
  stop.onAbort(() => heard.push('there'));
  leave();
  leave();
  stop.abort('x');
  stop.onAbort(() => heard.push('late'));
  expect(heard).toEqual(['there', 'late']);
});

test('who leaves while it is told does not keep the next from hearing', () => {
  const stop = createStop();
  const heard: string[] = [];
  const leave = stop.onAbort(() => {
    heard.push('one');
    leave();
  });
  stop.onAbort(() => heard.push('two'));
  stop.abort('x');
  expect(heard).toEqual(['one', 'two']);
});

test('its signal is one, whenever it is asked for, and tells the same', () => {
  const before = createStop();
  const { signal } = before;
  before.abort('x');
  const after = createStop();
  after.abort('y');
  expect(before.signal).toBe(signal);
  expect([signal.aborted, signal.reason]).toEqual([true, 'x']);
  expect([after.signal.aborted, after.signal.reason]).toEqual([true, 'y']);
});

test('a stop of a signal follows it, before and after', () => {
  const controller = new AbortController();
  const stop = stopOf(controller.signal);
  const heard: unknown[] = [];
  stop.onAbort((reason) => heard.push(reason));
  stop.onAbort(() => heard.push('left'))();
  controller.abort('x');
  stop.onAbort((reason) => heard.push(['late', reason]));
  expect([stop.aborted, stop.reason, heard]).toEqual([true, 'x', ['x', ['late', 'x']]]);
});

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

test('who listens as to an AbortSignal hears what that one tells', () => {
  const stop = createStop();
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
