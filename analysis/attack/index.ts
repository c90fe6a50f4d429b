/** ATT&CK: technique ids, their names and tactics, always with the version they belong to. */
import { ATTACK_VERSION, TECHNIQUES } from './techniques.ts';

export { ATTACK_VERSION };

/** A technique as ATT&CK names it. */
export interface AttackTechnique {
  id: string;
  name: string;
  tactics: readonly string[];
  attack_version: string;
}

/** The technique with that id, or undefined when our table does not hold it. */
export const techniqueOf = (id: string): AttackTechnique | undefined => BY_ID.get(id);

const BY_ID = new Map(
  TECHNIQUES.map(([id, name, tactics]) => [id, { id, name, tactics, attack_version: ATTACK_VERSION }]),
);

/** Every technique of the table, by id. */
export const techniques: readonly AttackTechnique[] = [...BY_ID.values()];
