/** Which public keys this fleet vouches for, in a file that may change while it is used (wire.md 4). */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { fingerprintOf, type Pin, type Pins } from '../mesh/index.ts';
import type { Quarantine } from '../orchestrator/index.ts';
import { AuroraError } from '../protocol/index.ts';
import { systemClock } from '../seams/index.ts';
import { KeyFileError } from './keys.ts';
import { approveOffer } from './offers.ts';
import { turnsBeside, type DataFolder } from './place.ts';
import { createTurns, ending, inTurnNow } from './turn.ts';
import { writeJson } from './whole-file.ts';

/**
 * Pins that are read anew whenever the file changed, so that an enrolment works without a restart; it is looked at once a turn. A file that gets damaged
 * meanwhile changes nothing: what it said last counts, and `onDamage` hears of it once. Throws when it never was whole.
 */
export function filePins(path: string, onDamage: (reason: unknown) => void = () => undefined): Pins {
  const read = watchedFile(path, z.array(PinSchema).max(PINS_MAX));
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
  if (missing(path, added).fresh.length > 0) inTurnNow(turnsBeside(path), () => addNow(path, added));
}

/** Which of these pins are not there yet, and those that are. */
function missing(path: string, added: readonly Pin[]): { pins: readonly Pin[]; fresh: Pin[] } {
  const pins = watchedFile(path, z.array(PinSchema).max(PINS_MAX))();
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

/** That, in the turn of whoever calls. */
function addNow(path: string, added: readonly Pin[]): void {
  const { pins, fresh } = missing(path, added);
  if (pins.length + fresh.length > PINS_MAX) {
    throw new KeyFileError(`${path} is full: ${PINS_MAX} pins; remove those of agents that are gone`);
  }
  if (fresh.length > 0) writeJson(path, [...pins, ...fresh]);
}

/** The ids of the pinned operators, in order. */
export const operatorsIn = (path: string): string[] =>
  watchedFile(path, z.array(PinSchema).max(PINS_MAX))()
    .flatMap(({ id, role }) => (role === 'operator' ? [id] : []))
    .sort();

/** Takes the pin of an agent away, and whatever waits under its id. Answers nothing when there was neither; throws for whoever is no agent. */
export const removeAgent = (
  paths: { pins: string; quarantine: string },
  id: string,
): 'pinned' | 'waiting' | undefined => inTurnNow(turnsBeside(paths.pins), () => removeNow(paths, id));

function removeNow(paths: { pins: string; quarantine: string }, id: string): 'pinned' | 'waiting' | undefined {
  const pins = watchedFile(paths.pins, z.array(PinSchema).max(PINS_MAX))();
  const waiting = watchedFile(paths.quarantine, z.array(Stranger).max(STRANGERS_MAX))();
  const pin = pins.find((candidate) => candidate.id === id);
  if (pin && pin.role !== 'agent') throw new KeyFileError(`${id} is no agent: its pin is that of an ${pin.role}`);
  const without = <T extends { id: string }>(list: readonly T[]) => list.filter((candidate) => candidate.id !== id);
  const is_waiting = waiting.some((candidate) => candidate.id === id);
  if (pin) writeJson(paths.pins, without(pins));
  if (is_waiting) writeJson(paths.quarantine, without(waiting));
  if (pin) return 'pinned';
  return is_waiting ? 'waiting' : undefined;
}

/**
 * The quarantine in a file: the first key that claims an id waits, a second one is refused (ATK-E9). At its bound newcomers are: who makes room
 * decides who waits. While a command changes it, nothing is: who serves does not wait.
 */
export function fileQuarantine(path: string, pins: Pins): Quarantine {
  const waiting = watchedFile(path, z.array(Stranger).max(STRANGERS_MAX));
  const take = createTurns(turnsBeside(path), systemClock);
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

/**
 * Approves what waits under an id: the key under which a stranger registered, which is pinned then, or what a pinned agent
 * offers beyond what was approved. Throws when nothing waits, or another key or card than the fingerprint or the digest says:
 * whoever came first, or last, may not be whoever was meant.
 */
export const approve = (paths: Approving, id: string, seen: Looked = {}): 'pinned' | 'offer' =>
  inTurnNow(turnsBeside(paths.pins), () => approveNow(paths, id, seen));

type Approving = Pick<DataFolder, 'pins' | 'quarantine' | 'offers'>;
/** What somebody looked at. */
interface Looked {
  fingerprint?: string | undefined;
  card?: string | undefined;
}

function approveNow(paths: Approving, id: string, { fingerprint, card }: Looked): 'pinned' | 'offer' {
  const waiting = watchedFile(paths.quarantine, z.array(Stranger).max(STRANGERS_MAX))();
  const stranger = waiting.find((candidate) => candidate.id === id);
  if (!stranger || card !== undefined) {
    if (fingerprint === undefined && approveOffer(paths.offers, id, card)) return 'offer';
    if (stranger) throw new KeyFileError(`a key waits under ${id}, and no card: give its fingerprint instead`);
    const names = waiting.map((candidate) => candidate.id).join(', ');
    throw new KeyFileError(`no agent ${id} waits for approval${names === '' ? '' : `; waiting: ${names}`}`);
  }
  const own = fingerprintOf(stranger.public_key);
  if (fingerprint !== undefined && fingerprint.toLowerCase() !== own) {
    throw new KeyFileError(`the key that waits under ${id} has the fingerprint ${own}, not ${fingerprint}`);
  }
  addNow(paths.pins, [{ ...stranger, role: 'agent' }]);
  writeJson(
    paths.quarantine,
    waiting.filter((candidate) => candidate !== stranger),
  );
  return 'pinned';
}

/** The list in a JSON file, read again when the file is another one than last time; empty while there is none. A damaged one throws, the same error until it changes. */
function watchedFile<T>(path: string, schema: z.ZodType<T[]>): () => T[] {
  let seen = '';
  let list: T[] = [];
  let damage: KeyFileError | undefined;
  return () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    const stamp = stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    if (stamp !== seen) {
      seen = stamp;
      damage = undefined;
      try {
        list = stat ? schema.parse(JSON.parse(readFileSync(path, 'utf8'))) : [];
      } catch (cause) {
        damage = new KeyFileError(`${path} is damaged; move it away and enroll again`, { cause });
      }
    }
    if (damage) throw damage;
    return list;
  };
}

/** Of two pins of one id the first counts. */
const byId = (pins: readonly Pin[]): Map<string, Pin> => new Map(pins.toReversed().map((pin) => [pin.id, pin]));

const PinSchema = z.object({
  id: z.string().max(80),
  role: z.enum(['orchestrator', 'agent', 'operator']),
  public_key: z.string().max(256),
});
type Stranger = z.infer<typeof Stranger>;
const Stranger = z.object({ id: z.string().max(80), public_key: z.string().max(256) });
const PINS_MAX = 4_096;
const STRANGERS_MAX = 256;
const FULL_RETRY_MS = 60_000;
const CHANGING = 'Somebody changes who is known here at this moment';
const CHANGING_RETRY_MS = 1_000;
