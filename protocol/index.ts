/** The words: everything that crosses a wire, and nothing else. */
export * from './approval.ts';
export * from './blob.ts';
export * from './card.ts';
export * from './effect.ts';
export * from './errors.ts';
export * from './frames.ts';
export * from './handoff.ts';
export * from './hello.ts';
export * from './investigation.ts';
export * from './mesh.ts';
export * from './openrpc.ts';
export * from './result.ts';
export * from './route.ts';
export * from './sigma.ts';
export * from './skill.ts';
export * from './stream.ts';
export * from './task.ts';
