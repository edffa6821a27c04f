// What an app downloads of enigma-js: bundled, minified, gzip -9. viem is the app's own and stays outside. The whole is an
// app that uses everything; `apps` are what most use. `--write` keeps the figures in bench/figures.json, `--check` fails if
// the whole is above 60 kB.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, minify } from 'vite'
import { report } from './figures.mjs'

const LIMIT = 60_000
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const root = path('..')
const entry = path('../dist/index.js')
if (!existsSync(entry)) throw new Error('build the package first: npm run build -w enigma-js')

/** What an app of each kind imports. */
const APPS = {
  actions: ['defineNetwork', 'enigmaActions'],
  wrapProvider: ['defineNetwork', 'wrapProvider'],
  readSecretContract: ['defineNetwork', 'connect', 'readSecretContract'],
}

/** The chunk of an app that imports `names` (absent: everything) and keeps it. */
async function bundle(names) {
  const what = names ? `{ ${names.join(', ')} }` : '*'
  const app = 'virtual:app'
  const output = await build({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'app',
        resolveId: (id) => (id === app ? `\0${app}` : undefined),
        load: (id) => (id === `\0${app}` ? `export ${what} from ${JSON.stringify(entry)}` : undefined),
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      rolldownOptions: { input: app, external: /^viem(\/|$)/, preserveEntrySignatures: 'strict' },
    },
  })
  const chunks = output.output.filter((part) => part.type === 'chunk')
  if (chunks.length !== 1) throw new Error(`expected one chunk, ${chunks.length} came`)
  return chunks[0]
}

/** Which part of the bundle a module belongs to. */
function partOf(id) {
  const noble = /@noble\/(\w+)\//.exec(id)
  if (noble) return `@noble/${noble[1]}`
  const own = /enigma-js\/(?:src|dist)\/(\w+)\//.exec(id)
  return own ? `enigma-js/${own[1]}` : 'enigma-js'
}

const gzipped = (code) => gzipSync(code, { level: 9 }).length

const whole = await bundle()
const code = {}
for (const [id, module] of Object.entries(whole.modules))
  code[partOf(id)] = `${code[partOf(id)] ?? ''}${module.code ?? ''}\n`
const parts = {}
for (const [part, text] of Object.entries(code)) {
  const small = await minify(`${part}.js`, text, { module: true, compress: false })
  parts[part] = gzipped(small.code)
}
const apps = {}
for (const [app, names] of Object.entries(APPS)) apps[app] = gzipped((await bundle(names)).code)
const figures = {
  about: 'bytes, minified and gzip -9; parts are compressed alone, so that their sum is above the whole',
  whole: gzipped(whole.code),
  minified: Buffer.byteLength(whole.code),
  apps,
  parts: Object.fromEntries(Object.entries(parts).sort(([, a], [, b]) => b - a)),
}
report('size', figures, [['an app with everything', figures.whole, LIMIT, 'bytes']])
