/** Time for checks: how long something may take, and what is said when it took longer. */
import { systemPlatform } from '../client/index.ts';

/** Wall ms since the epoch. */
export const now = (): number => systemPlatform.now();

/** Ms since some start. */
export const monotonic = (): number => systemPlatform.monotonic();

/** Runs `run` once after `delay_ms`, unless the returned function is called before. */
export const after = (delay_ms: number, run: () => void): (() => void) => systemPlatform.after(delay_ms, run);

/** Lets time pass that a rule speaks of. */
export const pass = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve));

/** What is awaited, or undefined when it takes longer than `ms`. */
export async function within<T>(ms: number, awaited: Promise<T>): Promise<T | undefined> {
  let cancel: () => void = () => undefined;
  const over = new Promise<undefined>((resolve) => (cancel = after(ms, () => resolve(undefined))));
  try {
    return await Promise.race([awaited, over]);
  } finally {
    cancel();
  }
}
