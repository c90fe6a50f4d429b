/** A small counterexample out of a large one: parts are left away as long as the fault stays. */
import { isFrame, type Frame } from './answers.ts';

/** The smallest that was found within so many tries. `stays` asks whether a smaller one is still a counterexample. */
export async function shrink(value: Frame, stays: (smaller: Frame) => Promise<boolean>): Promise<Frame> {
  let smallest = value;
  let left = TRIES_MAX;
  for (let waiting = smallerThan(value); waiting.length > 0 && left > 0; left--) {
    const next = waiting.shift();
    if (!isFrame(next) || !(await stays(next))) continue;
    smallest = next;
    waiting = smallerThan(next);
  }
  return smallest;
}

/** The same with one part left away or cut, the largest cuts first. */
function smallerThan(value: unknown): unknown[] {
  if (typeof value === 'string') return value.length > 1 ? [value.slice(0, value.length >> 1)] : [];
  if (Array.isArray(value)) {
    const whole: unknown[] = value;
    const halves = whole.length > 2 ? [whole.slice(0, whole.length >> 1)] : [];
    const fewer = whole.slice(0, PARTS_MAX).map((_, at) => whole.filter((_entry, other) => other !== at));
    return [
      ...halves,
      ...fewer,
      ...whole.slice(0, PARTS_MAX).flatMap((entry, at) => smallerThan(entry).map((cut) => whole.with(at, cut))),
    ];
  }
  if (!isFrame(value)) return [];
  const entries = Object.entries(value);
  const fewer = entries.map(([gone]) => Object.fromEntries(entries.filter(([name]) => name !== gone)));
  return [
    ...fewer,
    ...entries.flatMap(([name, entry]) => smallerThan(entry).map((cut) => ({ ...value, [name]: cut }))),
  ];
}

/** Each is a question to the peer. */
const TRIES_MAX = 60;
const PARTS_MAX = 8;
