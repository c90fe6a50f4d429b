/** What people decide about who is known: they approve what waits, or take away what was approved (wire.md 4). */
import { fingerprintOf } from '../mesh/index.ts';
import { inTurnNow } from './file-turns.ts';
import { KeyFileError } from './keys.ts';
import { approveOffer } from './offers.ts';
import { addPinsInTurn, pinsIn } from './pins.ts';
import { turnsBeside, type DataFolder } from './place.ts';
import { strangersIn } from './quarantine.ts';
import { writeJson } from './whole-file.ts';

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
  const waiting = strangersIn(paths.quarantine)();
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
  addPinsInTurn(paths.pins, [{ ...stranger, role: 'agent' }]);
  writeJson(
    paths.quarantine,
    waiting.filter((candidate) => candidate !== stranger),
  );
  return 'pinned';
}

/** Takes the pin of an agent away, and whatever waits under its id. Answers nothing when there was neither; throws for whoever is no agent. */
export const removeAgent = (
  paths: { pins: string; quarantine: string },
  id: string,
): 'pinned' | 'waiting' | undefined => inTurnNow(turnsBeside(paths.pins), () => removeNow(paths, id));

function removeNow(paths: { pins: string; quarantine: string }, id: string): 'pinned' | 'waiting' | undefined {
  const pins = pinsIn(paths.pins)();
  const waiting = strangersIn(paths.quarantine)();
  const pin = pins.find((candidate) => candidate.id === id);
  if (pin && pin.role !== 'agent') throw new KeyFileError(`${id} is no agent: its pin is that of an ${pin.role}`);
  const without = <T extends { id: string }>(list: readonly T[]) => list.filter((candidate) => candidate.id !== id);
  const is_waiting = waiting.some((candidate) => candidate.id === id);
  if (pin) writeJson(paths.pins, without(pins));
  if (is_waiting) writeJson(paths.quarantine, without(waiting));
  if (pin) return 'pinned';
  return is_waiting ? 'waiting' : undefined;
}
