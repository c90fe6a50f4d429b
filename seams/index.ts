/** What is given from outside: time, names, chance, logs and the outside world, each an interface with a real and a test form. */
export * from './blobs.ts';
export * from './bus.ts';
export * from './clock.ts';
export * from './content.ts';
export * from './effects.ts';
export * from './failpoints.ts';
export * from './file-blobs.ts';
export * from './ids.ts';
export * from './inbox.ts';
export * from './log.ts';
export { makeRoom } from './make-room.ts';
export * from './metrics.ts';
export * from './stop.ts';
export { syncPathNow } from './sync-path.ts';
export { rangeOf, VERSION } from './version.ts';
export * from './thread.ts';
export { threadWorkers, type ThreadOptions } from './worker-threads.ts';
export * from './workers.ts';
