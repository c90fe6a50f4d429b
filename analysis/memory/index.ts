/** Memories that are bounded: whatever a stranger sends, they grow to their bound and no further. */
export { makeRoom } from './make-room.ts';
