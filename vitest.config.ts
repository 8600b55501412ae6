import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    // These need servers: `npm run test:services`.
    exclude: ['**/node_modules/**', 'test/services/**'],
    // chDB binds one data directory per process and must not be loaded in a worker thread.
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
