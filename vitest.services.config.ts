import { defineConfig } from 'vitest/config'

/** Tests against real servers, which they start themselves: they need programs that not every machine has. */
export default defineConfig({
  test: {
    include: ['test/services/**/*.test.ts'],
    // chDB binds one data directory per process and must not be loaded in a worker thread.
    pool: 'forks',
    // Every file starts servers of its own, and mostly waits for them: two at a time leave none without a processor.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    // On a machine that is busy otherwise, a broker alone may take a minute to start.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
