/** What is remembered of what was read before, within a bound: whatever a stranger sends, no memory grows beyond it. */
export { oncePerPack } from './once-per-pack.ts';
