import { defineConfig } from 'vitest/config'

/** Tests of the package as users install it: npm unpacks 600 MB first. */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 180_000,
    // The installation, on a machine that is busy otherwise, or with an empty cache.
    hookTimeout: 600_000,
  },
})
