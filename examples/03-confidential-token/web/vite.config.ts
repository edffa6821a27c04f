import { readFile } from 'node:fs/promises'
import { defineConfig, type Plugin } from 'vite'
import { parts, pinnedNetwork } from '../../web/plugins.ts'

const SECRET = 'wrapProvider(window.ethereum, network)'
const PUBLIC = 'window.ethereum'

/**
 * `import('./ethers?public')`: the same file with its one line as any public front end has it. So `?public=1` shows that
 * nothing else in it knows of Enigma; a second such line would fail the build.
 */
function publicVariant(): Plugin {
  return {
    name: 'public-variant',
    enforce: 'pre',
    async load(id) {
      if (!id.endsWith('?public')) return
      const source = await readFile(id.slice(0, -'?public'.length), 'utf8')
      if (source.split(SECRET).length !== 2) throw new Error(`${id}: expected \`${SECRET}\` once`)
      return source.replace(SECRET, PUBLIC)
    },
  }
}

export default defineConfig({
  base: './',
  plugins: [pinnedNetwork(), parts(), publicVariant()],
  build: { target: 'es2022' },
})
