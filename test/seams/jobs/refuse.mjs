/** Fails in the way it is told. */
export const job = {
  module: import.meta.url,
  run: (how) => {
    if (how === 'function') return () => undefined;
    throw new TypeError('a plain error');
  },
};
