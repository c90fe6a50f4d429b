/** Making and pinning keys: of a whole fleet, of one more agent, of a person (wire.md 4). */
import type { Config } from './config.ts';
import { ensureKey, KeyFileError, pinOf } from './keys.ts';
import { addPins } from './pins.ts';
import { placeOf } from './place.ts';
import { rosterOf } from './roster.ts';

/** Makes and pins the keys that are missing: of the orchestrator and of every agent that runs here. Touches nothing that is there. */
export function ensureFleetKeys(config: Config): { data: string } {
  const place = placeOf(config.data);
  const here = rosterOf(config).filter(({ url, unproven }) => url === undefined && !unproven);
  const ids = [...new Set(here.map(({ agent_id }) => agent_id))];
  addPins(place.pins, [
    pinOf('orchestrator', 'orchestrator', ensureKey(place.keyFile('orchestrator'))),
    ...ids.map((id) => pinOf(id, 'agent', ensureKey(place.keyFile(id)))),
  ]);
  return { data: config.data };
}

/** Makes and pins the key of one more agent; returns where the key lies. */
export function enrollAgent(config: Config, id: string): { key_file: string } {
  const place = placeOf(config.data);
  const key_file = place.keyFile(id);
  addPins(place.pins, [pinOf(id, 'agent', ensureKey(key_file))]);
  return { key_file };
}

/** Makes and pins the key of a person; `local` is the one that `aurora up` makes. */
export function addOperator(config: Config, name: string): { id: string; key_file: string } {
  if (!OPERATOR_NAME.test(name))
    throw new KeyFileError(`"${name}" is no operator name: small letters, digits and dashes`);
  const id = `operator:${name}`;
  const place = placeOf(config.data);
  const key_file = place.keyFile(id);
  addPins(place.pins, [pinOf(id, 'operator', ensureKey(key_file))]);
  return { id, key_file };
}

const OPERATOR_NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
