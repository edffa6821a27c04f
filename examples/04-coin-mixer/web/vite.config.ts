import { defineConfig } from 'vite'
import { pinnedNetwork, solidity } from '../../web/plugins.ts'

export default defineConfig({
  base: './',
  plugins: [pinnedNetwork(), solidity()],
  build: { target: 'es2022' },
})
