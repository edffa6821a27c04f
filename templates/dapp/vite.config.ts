import { defineConfig } from 'vitest/config'

export default defineConfig({
  base: './',
  test: {
    // Starts the local network if none runs, and deploys a guestbook of the tests' own.
    globalSetup: 'test/setup.mjs',
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
})
