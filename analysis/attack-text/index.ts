/** Text about attacks: which ATT&CK techniques its sentences speak of. */
export { labelledOf } from './labelled.ts';
export type { Labelled } from './labelled.ts';
export { mapText } from './map.ts';
export type { MappedPlace, TextMapping } from './map.ts';
export { Likeness, likenesses, profilesOf } from './profiles.ts';
export { learn } from './model.ts';
export type { Candidate, Model, Ranking } from './model.ts';
