/** Who waits to be known: keys that registered and that nobody has vouched for, in a file (wire.md 4). */
import { z } from 'zod';
import type { Pins } from '../mesh/index.ts';
import type { Quarantine } from '../orchestrator/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { systemClock } from '../seams/index.ts';
import { createFileTurns, ending } from './file-turns.ts';
import { turnsBeside } from './place.ts';
import { watchedFile } from './watched-file.ts';
import { writeJson } from './whole-file.ts';

/**
 * The quarantine in a file: the first key that claims an id waits, a second one is refused (ATK-E9). At its bound newcomers are: who makes room
 * decides who waits. While a command changes it, nothing is: who serves does not wait.
 */
export function fileQuarantine(path: string, pins: Pins): Quarantine {
  const waiting = strangersIn(path);
  const take = createFileTurns(turnsBeside(path), systemClock);
  return {
    places: STRANGERS_MAX,
    add({ id, public_key }) {
      if (waiting().some((stranger) => stranger.id === id && stranger.public_key === public_key)) return;
      const end = take();
      if (!end) throw new AuroraError(5030, { message: CHANGING, retry_after_ms: CHANGING_RETRY_MS });
      ending(end, () => add({ id, public_key }));
    },
    drop(ids) {
      const end = take();
      if (end) ending(end, () => drop(ids));
      return end !== undefined;
    },
    list: () => waiting().filter((stranger) => pins.of(stranger.id) === undefined),
  };

  function add({ id, public_key }: Stranger): void {
    const strangers = waiting();
    const there = strangers.find((stranger) => stranger.id === id);
    if (there && there.public_key !== public_key) {
      throw new AuroraError(4090, { message: `Another key waits under the id ${id} already` });
    }
    if (there) return;
    // One who is pinned by now waits no longer.
    const still = strangers.filter((stranger) => pins.of(stranger.id) === undefined);
    if (still.length >= STRANGERS_MAX) {
      throw new AuroraError(4290, {
        message: `The quarantine is full: ${STRANGERS_MAX} strangers wait; approve or revoke some`,
        retry_after_ms: FULL_RETRY_MS,
      });
    }
    writeJson(path, [...still, { id, public_key }]);
  }

  function drop(ids: readonly string[]): void {
    const left = waiting().filter(({ id }) => !ids.includes(id));
    if (left.length < waiting().length) writeJson(path, left);
  }
}

/** Reads the strangers of a file, again where it changed. */
export const strangersIn = (path: string): (() => Stranger[]) =>
  watchedFile(path, z.array(Stranger).max(STRANGERS_MAX));

type Stranger = z.infer<typeof Stranger>;
const Stranger = z.object({ id: z.string().max(80), public_key: z.string().max(256) });
const STRANGERS_MAX = 256;
const FULL_RETRY_MS = 60_000;
const CHANGING = 'Somebody changes who is known here at this moment';
const CHANGING_RETRY_MS = 1_000;
