/** The words: everything that crosses a wire, and nothing else. */
export * from './result.ts';
