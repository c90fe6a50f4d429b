/** The crosswalk between versions of ATT&CK: an id of any age becomes a current one, and only then are two compared. */
import { REVOKED } from './revoked.ts';
import { techniqueOf, type AttackTechnique } from './table.ts';

/** Where an id leads. */
export interface Crossing {
  /** Today's technique. */
  technique: AttackTechnique;
  /** The id as it was given, when ATT&CK has revoked it since. */
  revoked?: string;
}

/** The current technique of an id, however old and however written (`attack.t1562.002`, `t1685`), or undefined when there is none. */
export function crosswalk(id: string): Crossing | undefined {
  const [, written = ''] = /^(?:attack\.)?(t\d{4}(?:\.\d{3})?)$/i.exec(id.trim()) ?? [];
  const given = written.toUpperCase();
  const current = CURRENT_OF.get(given) ?? given;
  const technique = techniqueOf(current);
  if (technique) return current === given ? { technique } : { technique, revoked: given };
  // A part that went, of a whole that is still there or has gone elsewhere.
  const parent = parentOf(given);
  const whole = parent === given ? undefined : crosswalk(parent);
  return whole && { ...whole, revoked: given };
}

/** `T1059` of `T1059.001`; a technique without a parent is its own. */
export const parentOf = (id: string): string => id.slice(0, PARENT_CHARS);

/** Whether two ids of any version mean one technique; at the level of parents, whether one family. */
export function isSameTechnique(left: string, right: string, level: 'exact' | 'parent' = 'exact'): boolean {
  const [one, other] = [left, right].map((id) => crosswalk(id)?.technique.id ?? id.toUpperCase());
  if (one === undefined || other === undefined) return false;
  return level === 'exact' ? one === other : parentOf(one) === parentOf(other);
}

/** What a tactic is called in the current version: v19 parted `defense-evasion` in two. */
export const currentTactics = (tactic: string): readonly string[] => PARTED.get(tactic) ?? [tactic];

const CURRENT_OF = new Map(
  REVOKED.trim()
    .split('\n')
    .map((row): [string, string] => {
      const [old = '', current = ''] = row.split('|');
      return [old, current];
    }),
);
const PARTED = new Map([['defense-evasion', ['stealth', 'defense-impairment']]]);
/** `T1059`. */
const PARENT_CHARS = 5;
