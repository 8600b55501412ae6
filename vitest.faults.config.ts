import { defineConfig } from 'vitest/config'

/** Real servers and real processes, broken on purpose while a judge looks on. `FAULTS=long` for the long form. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    pool: 'forks',
    // Every test starts servers and processes of its own, and mostly waits for them: two files at a time keep two cores busy.
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: process.env.FAULTS === 'long' ? 1_800_000 : 300_000,
    hookTimeout: 120_000,
  },
})
