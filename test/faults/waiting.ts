/** Waiting by looking: again and again until it is so, never longer than said. */

/** Looks every few ms until `look` answers something true; rejects with the sentence after `ms_max`. */
export async function until<T>(
  what: string,
  look: () => Promise<T | Falsy> | T | Falsy,
  ms_max = 30_000,
  pause_ms = 20,
): Promise<T> {
  const end = performance.now() + ms_max;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`within ${ms_max} ms it did not happen that ${what}`);
    await pause(pause_ms);
  }
}

/** Lets a fault last: the only reason to wait for the clock alone. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Falsy = false | undefined | null | 0 | '';
