/** How the tests run: in three processes on two cores, for they wait a fifth of their time; the longest first, the faults after them, alone. */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { SHARING } from './test/support/sharing.ts';

/** Scenarios of many processes that judge times as well: whatever runs beside them would be in their figures. */
const FAULTS = 'test/faults/short.test.ts';

const SHARED = SHARING.map((folder) => `${folder}**/*.test.ts`);

/** Room for what is made and thrown away: about a tenth of a test went into looking through it again and again. */
const YOUNG = '--max-semi-space-size=64';

/** Files that take minutes, the longest first: one that began last would keep one core busy and the other idle. */
const LONG = [
  'test/conformance/mutants.test.ts',
  'test/docs/add-an-agent.test.ts',
  'test/docs/commands.test.ts',
  'test/dockerfile.test.ts',
  'test/cli/operations.test.ts',
  'test/conformance/orchestrators.test.ts',
];

/** The long ones, then whoever has a process of its own, then those that share one: a process is only kept for its like. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const place = LONG.findIndex((path) => moduleId.endsWith(path));
      if (place !== -1) return place;
      return project.name === 'sharing' ? LONG.length + 1 : LONG.length;
    };
    const sorted = await super.sort(files);
    return sorted.sort((left, right) => rank(left) - rank(right));
  }
}

export default defineConfig({
  test: {
    setupFiles: ['test/support/plain.ts'],
    pool: 'forks',
    execArgv: [YOUNG],
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [FAULTS, ...SHARED],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'sharing', include: SHARED, isolate: false, restoreMocks: true, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: 'faults', include: [FAULTS], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
