import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // These need servers, or an installation: `npm run test:services`, `test:faults`, `test:package`.
    exclude: ['**/node_modules/**', 'test/services/**', 'test/faults/**', 'test/package/**'],
    // chDB binds one data directory per process and must not be loaded in a worker thread.
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    // Some tests start a dozen processes: on a machine that is busy otherwise, each takes seconds.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
