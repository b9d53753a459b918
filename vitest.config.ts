import { defineConfig } from 'vitest/config';

// Four projects: `unit` is the inner loop (no sandbox, no servers, seconds); `whole` runs the pipeline for real on this
// machine; `github` from a push to what GitHub shows; `aws` is about the deployment: templates, bundles, and the pipeline as functions.
const aboutGitHub = ['test/{scenario,attack,contract}/{github,webhook,flood,collaboration,merge}*.test.ts'];
const setupFiles = ['test/support/seed.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['test/**/*.test.ts'],
          exclude: ['test/{scenario,attack,contract,pages,package,aws}/**'],
          // Files of one worker share its modules: loading them for each file took more than half of the time. A test
          // therefore puts back what it changes of the process.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'whole',
          setupFiles,
          include: ['test/{scenario,attack,contract,pages,package}/**/*.test.ts'],
          exclude: aboutGitHub,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          // After the units, not among them: a sandbox under load is slow, and a slow unit is news.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'github',
          setupFiles,
          include: aboutGitHub,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'aws',
          setupFiles,
          include: ['test/aws/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
