/** Making and pinning keys: of a whole fleet, of one more agent, of a person (wire.md 4). */
import { rmSync } from 'node:fs';
import { AgentId } from '../protocol/index.ts';
import { removeAgent } from './approving.ts';
import type { Config } from './config.ts';
import { ensureKey, KeyFileError, pinOf } from './keys.ts';
import { forgetOffers } from './offers.ts';
import { addPins, operatorsIn } from './pins.ts';
import { placeOf } from './place.ts';
import { agentsHere } from './roster.ts';

/**
 * Makes and pins the keys that are missing: of the orchestrator and of every agent that runs here. Keys that are there stay;
 * what these agents offer is approved anew, for they run the code of this installation.
 */
export function ensureFleetKeys(config: Config): { data: string } {
  const place = placeOf(config.data);
  const ids = [...new Set(agentsHere(config))];
  addPins(place.pins, [
    pinOf('orchestrator', 'orchestrator', ensureKey(place.keyFile('orchestrator'))),
    ...ids.map((id) => pinOf(id, 'agent', ensureKey(place.keyFile(id)))),
  ]);
  forgetOffers(place.offers, ids);
  return { data: config.data };
}

/** Makes and pins the key of one more agent; returns where the key lies. */
export function enrollAgent(config: Config, id: string): { key_file: string } {
  if (!AgentId.safeParse(id).success) throw new KeyFileError(`"${id}" is no agent id: ${NAME_RULE}`);
  if (isOfPeople(id)) throw new KeyFileError(`"${id}" is no agent id: the keys of people lie under such names`);
  const place = placeOf(config.data);
  const key_file = place.keyFile(id);
  addPins(place.pins, [pinOf(id, 'agent', ensureKey(key_file))]);
  return { key_file };
}

/**
 * Takes back what `enrollAgent` gave: the pin first, so that a link that stands gets no more work, then what was approved of its
 * card, and its key. Answers false when nobody of that name was known.
 */
export function revokeAgent(config: Config, id: string): boolean {
  if (!AgentId.safeParse(id).success) throw new KeyFileError(`"${id}" is no agent id: ${NAME_RULE}`);
  const place = placeOf(config.data);
  const was = removeAgent(place, id);
  forgetOffers(place.offers, [id]);
  // Who only waits had no key of us: what lies there is somebody else's.
  if (was === 'pinned' && !isOfPeople(id)) rmSync(place.keyFolder(id), { recursive: true, force: true });
  return was !== undefined;
}

/** Whether the folder of such a key is that of a person, `operator:local` in `operator-local`: an agent of that name would share it. */
const isOfPeople = (id: string): boolean => id.startsWith('operator-');

/** Makes and pins the key of a person; `local` is the one that `aurora up` makes. */
export function addOperator(config: Config, name: string): { id: string; key_file: string } {
  if (!AgentId.safeParse(name).success) throw new KeyFileError(`"${name}" is no operator name: ${NAME_RULE}`);
  const id = `operator:${name}`;
  const place = placeOf(config.data);
  const key_file = place.keyFile(id);
  addPins(place.pins, [pinOf(id, 'operator', ensureKey(key_file))]);
  return { id, key_file };
}

const NAME_RULE = 'small letters, digits and single dashes, a letter first, at most 64';

/** Names of the operators that are pinned, as `--operator` takes them. */
export const operatorsOf = (config: Pick<Config, 'data'>): string[] =>
  operatorsIn(placeOf(config.data).pins).map((id) => id.replace(/^operator:/, ''));
