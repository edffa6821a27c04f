// What the examples' pages take from outside at build time: which network, compiled contracts, and parts that they share.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Plugin, UserConfig } from 'vite'

const root = resolve(import.meta.dirname, '../..')
const compiler = join(root, 'tools/compile.mjs')
const NETWORK = 'virtual:network'

/**
 * `import json from 'virtual:network'`: the `network.json` of `$ENIGMA_DATA_DIR`, by default the checkout's `.enigma`.
 *
 * The page is built for one network. It takes none from its address: whoever sends a link must not choose whom the page
 * encrypts to.
 */
export function pinnedNetwork(): Plugin {
  return {
    name: 'enigma-network',
    resolveId: (id) => (id === NETWORK ? `\0${NETWORK}` : undefined),
    async load(id) {
      if (id !== `\0${NETWORK}`) return
      const file = resolve(process.env.ENIGMA_DATA_DIR || join(root, '.enigma'), 'network.json')
      this.addWatchFile(file)
      const text = await readFile(file, 'utf8').catch(() => {
        throw new Error(
          `There is no network in ${file}. Start one with \`./enigma up\`, or name its folder in ENIGMA_DATA_DIR.`,
        )
      })
      return `export default ${JSON.stringify(JSON.parse(text))}`
    },
  }
}

/** `import { abi, bytecode } from './File.sol'`, for files that hold one contract. */
export function solidity(): Plugin {
  return {
    name: 'enigma-solidity',
    async load(id) {
      if (!isAbsolute(id) || !id.endsWith('.sol')) return
      this.addWatchFile(id)
      const { stdout } = await promisify(execFile)(process.execPath, [compiler, id])
      const { abi, bytecode } = JSON.parse(stdout)
      return `export const abi = ${JSON.stringify(abi)}\nexport const bytecode = ${JSON.stringify(bytecode)}`
    },
  }
}

/** `<!-- part: NAME -->` in a page's HTML: the file `parts/NAME.html`. */
export function parts(): Plugin {
  const MARK = /^( *)<!-- part: (\w+) -->\n/gm
  return {
    name: 'enigma-parts',
    transformIndexHtml: {
      order: 'pre',
      async handler(html) {
        const texts = new Map<string, string>()
        for (const [, , name = ''] of html.matchAll(MARK))
          texts.set(name, await readFile(join(import.meta.dirname, `parts/${name}.html`), 'utf8'))
        return html.replace(MARK, (_, indent, name) => texts.get(name)?.replace(/^(?=.)/gm, indent) ?? '')
      },
    },
  }
}

/** How a page that deploys and calls a contract of its own is built. */
export const contractPage: UserConfig = {
  base: './',
  plugins: [pinnedNetwork(), solidity(), parts()],
  build: { target: 'es2022' },
}
