import { defineConfig } from 'vitest/config'

// One suite at a time: each has a local network and a browser of its own.
export default defineConfig({
  test: {
    include: ['*.test.ts'],
    fileParallelism: false,
    testTimeout: 45_000,
    hookTimeout: 60_000,
  },
})
