import { defineConfig } from 'vitest/config'

// `unit` needs nothing; `network` starts local networks, one file at a time.
export default defineConfig({
  test: {
    projects: [
      {
        // Some of them run a chain of their own, and the machine may be busy.
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'network',
          include: ['test/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
