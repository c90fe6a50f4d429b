/** Takes all the memory there is. */
const kept = [];
export const job = {
  module: import.meta.url,
  run: () => {
    for (;;) kept.push(new Array(10_000).fill({}));
  },
};
