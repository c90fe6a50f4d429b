/** A turn that a command waits for, and says so when it takes long. */
import { createFileTurns, type EndTurn } from '../boot/index.ts';
import { systemPlatform } from '../client/index.ts';

/** Acts while nobody else does who takes turns in that folder. Tells `onWait` once when it takes long. */
export async function inTurn<T>(folder: string, act: () => Promise<T>, onWait: () => void): Promise<T> {
  const end = await takeTurn(createFileTurns(folder, systemPlatform), onWait);
  try {
    return await act();
  } finally {
    end();
  }
}

async function takeTurn(take: () => EndTurn | undefined, onWait: () => void): Promise<EndTurn> {
  const began = systemPlatform.monotonic();
  let is_told = false;
  for (;;) {
    const end = take();
    if (end) return end;
    if (!is_told && systemPlatform.monotonic() - began > TURN_QUIET_MS) {
      onWait();
      is_told = true;
    }
    await systemPlatform.sleep(TURN_LOOK_MS, new AbortController().signal); // a timer that keeps the process alive
  }
}

const TURN_LOOK_MS = 50;
/** After that whoever waits is told why. */
const TURN_QUIET_MS = 1_000;
