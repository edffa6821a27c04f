import { defineConfig } from 'vite'

// One page with relative paths: the node embeds `dist` and serves it at whatever path it likes. Nothing is inlined, since
// the page runs under `default-src 'self'; style-src 'self'`.
export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
  },
})
