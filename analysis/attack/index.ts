/** ATT&CK: techniques with the version their id belongs to, and the way from old ids to current ones. */
export { crosswalk, currentTactics, isSameTechnique, parentOf, type Crossing } from './crosswalk.ts';
export { ATTACK_VERSION, techniqueOf, techniques, type AttackTechnique, type AttackVersion } from './table.ts';
