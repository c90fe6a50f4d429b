/** Reads that cost much, one after the other, with a turn of the event loop between them: whoever asks for many holds up nobody else. */
import { AuroraError } from '../protocol/index.ts';

/** Makes a queue of its own. Throws 4290 when `waiting_max` wait. */
export function createOneByOne(waiting_max: number): <T>(read: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> | undefined;
  let waiting = 0;
  return async (read) => {
    if (waiting >= waiting_max) {
      throw new AuroraError(4290, {
        message: 'Too many lists are being read: ask again',
        retry_after_ms: RETRY_AFTER_MS,
      });
    }
    waiting += 1;
    const own = begin(last, read);
    last = own;
    try {
      return await own;
    } finally {
      waiting -= 1;
      if (last === own) last = undefined;
    }
  };
}

async function begin<T>(earlier: Promise<unknown> | undefined, read: () => Promise<T>): Promise<T> {
  if (earlier) {
    await earlier.catch(() => undefined); // its own caller hears of it
    await new Promise((resolve) => void setImmediate(resolve));
  }
  return read();
}

const RETRY_AFTER_MS = 1_000;
