/** What may be stopped, once and for a reason. */
import { expect, test } from 'vitest';
import { createStop, stopOf } from '../../seams/index.ts';

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
