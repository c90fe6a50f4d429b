/** Evidence: where a statement can be checked, with attacker text made harmless. */
export { evidence, neutralize } from './evidence.ts';
