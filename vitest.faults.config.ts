import { defineConfig } from 'vitest/config'

/** Real servers and real processes, broken on purpose while a judge looks on. `FAULTS=long` for the long form. */
export default defineConfig({
  test: {
    include: ['test/faults/**/*.test.ts'],
    pool: 'forks',
    globalSetup: './test/faults/built-millrace.ts',
    // Every test starts servers and processes of its own, and waits for them half of its time: three files keep two cores busy.
    maxWorkers: 3,
    reporters: ['default', './test/closing-line.ts'],
    // A scenario takes half a minute; what hangs in it is told by limits of its own, long before.
    testTimeout: process.env.FAULTS === 'long' ? 1_800_000 : 900_000,
    hookTimeout: 300_000,
  },
})
