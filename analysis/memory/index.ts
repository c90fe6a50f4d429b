/** What is remembered of what was read before, within a bound: whatever a stranger sends, no memory grows beyond it. */
export { makeRoom } from './make-room.ts';
export { oncePerPack } from './once-per-pack.ts';
