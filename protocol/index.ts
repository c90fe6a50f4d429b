/** The words: everything that crosses a wire, and nothing else. */
export * from './blob.ts';
export * from './result.ts';
