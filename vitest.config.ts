import { defineConfig } from 'vitest/config';

// Eleven projects: `unit` is the inner loop (no sandbox, no servers, seconds); `machine` runs the pipeline for real on this
// machine; `github` from a push to what GitHub shows; `aws` is about the deployment: templates, bundles, and the pipeline as
// functions; `toolchains` has the package managers of other languages; `agents` has agents as their packages are; `evals` has the tasks of `npm run eval` with a recorded model; `containers` runs phases
// in containers of an engine; `live` asks a real account (docs/live.md), `attack` has the attack tables of the others, `fuzz` the parsers of outside bytes and the growth of readers.
const setupFiles = ['test/support/seed.ts'];
const attacks = ['test/*/attack/**'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['test/unit/**/*.test.ts'],
          // No unit takes a second on a quiet machine; on a busy one a test that starts git may take several.
          testTimeout: 30_000,
          // Files of one worker share its modules: loading them for each file took more than half of the time. A test
          // therefore puts back what it changes of the process.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'machine',
          setupFiles,
          include: ['test/machine/**/*.test.ts'],
          exclude: attacks,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          // After the units, not among them: a sandbox under load is slow, and a slow unit is news.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'toolchains',
          setupFiles,
          include: ['test/toolchains/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
      {
        test: {
          name: 'agents',
          setupFiles,
          include: ['test/agents/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
      {
        test: {
          name: 'evals',
          setupFiles,
          include: ['test/evals/**/*.test.ts'],
          testTimeout: 600_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'fuzz',
          setupFiles,
          include: ['test/fuzz/**/*.test.ts'],
          // A parser is fed in a process of its own; two keep two cores busy.
          maxConcurrency: 2,
          testTimeout: 300_000,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          name: 'attack',
          setupFiles,
          include: ['test/*/attack/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'github',
          setupFiles,
          include: ['test/github/**/*.test.ts'],
          exclude: attacks,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'containers',
          setupFiles,
          globalSetup: ['test/support/containers/images.ts'],
          include: ['test/containers/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          sequence: { groupOrder: 6 },
        },
      },
      {
        test: {
          name: 'live',
          setupFiles,
          include: ['test/live/**/*.test.ts', 'test/machine/contract/stores/stores.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 1,
          sequence: { groupOrder: 7 },
        },
      },
      {
        test: {
          name: 'aws',
          setupFiles,
          globalSetup: ['test/support/aws/bundled.ts'],
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
