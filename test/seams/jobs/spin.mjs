/** Never ends. */
export const job = {
  module: import.meta.url,
  run: () => {
    for (;;);
  },
};
