/** Which public keys this fleet vouches for, in a file that may change while it is used (wire.md 4). */
import { z } from 'zod';
import type { Pin, Pins } from '../mesh/index.ts';
import { inTurnNow } from './file-turns.ts';
import { KeyFileError } from './keys.ts';
import { turnsBeside } from './place.ts';
import { watchedFile } from './watched-file.ts';
import { writeJson } from './whole-file.ts';

/**
 * Pins that are read anew whenever the file changed, so that an enrolment works without a restart; it is looked at once a turn. A file that gets damaged
 * meanwhile changes nothing: what it said last counts, and `onDamage` hears of it once. Throws when it never was whole.
 */
export function filePins(path: string, onDamage: (reason: unknown) => void = () => undefined): Pins {
  const read = pinsIn(path);
  let last: { pins: Pin[]; by_id: ReadonlyMap<string, Pin>; is_damaged?: boolean } | undefined;
  let is_fresh = false;
  const pins = () => {
    // A dispatch asks several times, and many share a turn of the loop: the file is looked at once for all of them.
    if (is_fresh && last) return last.by_id;
    is_fresh = true;
    setImmediate(() => (is_fresh = false));
    try {
      const pins = read();
      if (pins !== last?.pins || last.is_damaged) last = { pins, by_id: byId(pins) };
    } catch (damage) {
      if (!last) throw damage;
      if (!last.is_damaged) onDamage(damage);
      last.is_damaged = true;
    }
    return last.by_id;
  };
  return { of: (id) => pins().get(id) };
}

/** Adds pins. One that is there with another key is an error: a key is replaced by removing its pin by hand first. */
export function addPins(path: string, added: readonly Pin[]): void {
  // Where nothing is new nobody waits for a turn.
  if (missing(path, added).fresh.length > 0) inTurnNow(turnsBeside(path), () => addPinsInTurn(path, added));
}

/** Which of these pins are not there yet, and those that are. */
function missing(path: string, added: readonly Pin[]): { pins: readonly Pin[]; fresh: Pin[] } {
  const pins = pinsIn(path)();
  const fresh = added.filter((pin) => {
    const there = pins.find(({ id }) => id === pin.id);
    if (there && there.public_key !== pin.public_key) {
      throw new KeyFileError(
        `${pin.id} is pinned in ${path} with another key; remove that entry if the new key is yours`,
      );
    }
    return !there;
  });
  return { pins, fresh };
}

/** The same, for whoever has the turn already. */
export function addPinsInTurn(path: string, added: readonly Pin[]): void {
  const { pins, fresh } = missing(path, added);
  if (pins.length + fresh.length > PINS_MAX) {
    throw new KeyFileError(`${path} is full: ${PINS_MAX} pins; remove those of agents that are gone`);
  }
  if (fresh.length > 0) writeJson(path, [...pins, ...fresh]);
}

/** The ids of the pinned operators, in order. */
export const operatorsIn = (path: string): string[] =>
  pinsIn(path)()
    .flatMap(({ id, role }) => (role === 'operator' ? [id] : []))
    .sort();

/** Reads the pins of a file, again where it changed. */
export const pinsIn = (path: string): (() => Pin[]) => watchedFile(path, z.array(PinSchema).max(PINS_MAX));

/** Of two pins of one id the first counts. */
const byId = (pins: readonly Pin[]): Map<string, Pin> => new Map(pins.toReversed().map((pin) => [pin.id, pin]));

const PinSchema = z.object({
  id: z.string().max(80),
  role: z.enum(['orchestrator', 'agent', 'operator']),
  public_key: z.string().max(256),
});
const PINS_MAX = 4_096;
