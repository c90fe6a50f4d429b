/** How the tests run: in two processes, since the machine they are meant for has two cores; the faults after them, alone. */
import { defineConfig } from 'vitest/config';

/** Scenarios of many processes that judge times as well: whatever runs beside them would be in their figures. */
const FAULTS = 'test/faults/short.test.ts';

export default defineConfig({
  test: {
    setupFiles: ['test/support/plain.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [FAULTS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'faults', include: [FAULTS], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
