import { defineConfig } from 'vitest/config'

const EXCLUDED = ['**/node_modules/**', 'test/services/**', 'test/faults/**', 'test/package/**']

/** Tests of pure code, and of what is in one process: nothing that one file does is left for the next. */
const PURE = ['client', 'features', 'serving', 'testing', 'timeline'].map((folder) => `test/${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    // These need servers, or an installation: `npm run test:services`, `test:faults`, `test:package`.
    exclude: EXCLUDED,
    // chDB binds one data directory per process and must not be loaded in a worker thread.
    pool: 'forks',
    // Two cores' worth of work, as some wait: for processes that they start, or for a poll's next turn.
    maxWorkers: 3,
    projects: [
      // One process for many files, which loads the sources once: half of what most of these take is loading.
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [...EXCLUDED, ...PURE],
        },
      },
    ],
    reporters: ['default', './test/closing-line.ts'],
    // Some tests start a dozen processes: on a machine that is busy otherwise, each takes seconds.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
