/** The tables of techniques, read once: v19, what v18.1 said otherwise, and the industrial ones. */
import { TECHNIQUES_ICS } from './techniques-ics.ts';
import { NEW_IN_V19, TECHNIQUES_V18 } from './techniques-v18.ts';
import { TECHNIQUES_V19 } from './techniques-v19.ts';

/** The version that our statements use: what current rule packs are tagged with. */
export const ATTACK_VERSION = '19';

/** Versions that we can name techniques of. */
export type AttackVersion = '19' | '18.1';

/** A technique as ATT&CK names it in that version. */
export interface AttackTechnique {
  id: string;
  name: string;
  tactics: readonly string[];
  attack_version: string;
}

/** The technique with exactly that id in that version, or undefined; `crosswalk` knows the way from ids that were revoked. */
export function techniqueOf(id: string, version: AttackVersion = ATTACK_VERSION): AttackTechnique | undefined {
  const industrial = INDUSTRIAL.get(id); // that table did not change its ids
  if (industrial || version === ATTACK_VERSION) return industrial ?? CURRENT.get(id);
  if (NEW.has(id)) return undefined;
  const before = BEFORE.get(id) ?? CURRENT.get(id);
  return before && { ...before, attack_version: version };
}

/** All techniques of the current version, the industrial ones last. */
export const techniques = (): AttackTechnique[] => [...CURRENT.values(), ...INDUSTRIAL.values()];

function read(table: string, attack_version: string): Map<string, AttackTechnique> {
  const rows = table.trim().split('\n');
  return new Map(
    rows.map((row) => {
      const [id = '', name = '', tactics = ''] = row.split('|');
      return [id, { id, name, tactics: tactics.split(',').filter(Boolean), attack_version }];
    }),
  );
}

const CURRENT = read(TECHNIQUES_V19, ATTACK_VERSION);
const BEFORE = read(TECHNIQUES_V18, '18.1');
const INDUSTRIAL = read(TECHNIQUES_ICS, '18.1');
const NEW = new Set(NEW_IN_V19.trim().split('\n'));
