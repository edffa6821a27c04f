// Checks the book and the READMEs: `node tools/docs.mjs` for links, languages and compilers, `--run` for the commands too.
//
// Every fenced block has a language, and each language its check:
//   solidity   a complete file; compiled. `contract=Name` if it holds several, `file=Name.sol` to be saved for the commands
//   ts         a complete module; type-checked in strict mode. Its page may have a prelude in docs/preludes/. `file=` as above
//   sh         run against a local network (tools/docs/shell.mjs). `by=tests/x.sh`: that script runs the block
//   diff       each added line stands in a source file below the page's folder
//   json       parsed
//   text       directly after `sh`: its output; else a picture
//   rust,ignore  shown
// Pages that are named as arguments are checked alone. `ENIGMA_BIN` names the binary for `--run`.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkSolidity, checkTypes } from './docs/compile.mjs'
import { checkLinks, checkSummary } from './docs/links.mjs'
import { readPage } from './docs/markdown.mjs'
import { runPages } from './docs/shell.mjs'
import { root } from './paths.mjs'

const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { run: { type: 'boolean' } } })

const ATTRIBUTES = { solidity: ['contract', 'file'], ts: ['file'], sh: ['by'], diff: [], json: [], text: [], 'rust,ignore': [] }

const list = (folder, name) => readdirSync(join(root, folder)).filter(name).map((each) => join(folder, each))
const book = list('docs', (name) => name.endsWith('.md'))
const others = [
  'README.md',
  ...list('examples', () => true).map((folder) => join(folder, 'README.md')),
  'js/enigma-js/README.md',
].filter((path) => existsSync(join(root, path)))

/** Lines that a `diff` adds and that no source file below the page's folder has. */
function notThere(page, diff) {
  const folder = join(root, dirname(page.path))
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|mjs|html|sol)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(node_modules|dist)\//.test(path))
  const lines = new Set(files.flatMap((path) => readFileSync(path, 'utf8').split('\n').map((line) => line.trim())))
  const added = diff.split('\n').filter((line) => line.startsWith('+')).map((line) => line.slice(1).trim())
  return added.filter((line) => !lines.has(line))
}

/** Problems that are seen without compiling or running anything. */
function checkBlocks(page) {
  return page.blocks.flatMap(({ language, attributes, text, line }) => {
    const at = `${page.path}:${line}:`
    const known = ATTRIBUTES[language]
    if (!known) return [`${at} a block is one of ${Object.keys(ATTRIBUTES).join(', ')}, not \`${language}\``]
    const problems = Object.keys(attributes).filter((name) => !known.includes(name)).map((name) => `${at} what is ${name}=?`)
    if (attributes.by) {
      const script = join(root, attributes.by)
      // The script reads the page, so that no command stands in two places.
      const reads = existsSync(script) && readFileSync(script, 'utf8').includes(page.path)
      if (!reads) problems.push(`${at} ${attributes.by} does not run the blocks of ${page.path}`)
    }
    if (language === 'diff') problems.push(...notThere(page, text).map((added) => `${at} no file has \`${added}\``))
    if (language === 'json') {
      try {
        JSON.parse(text)
      } catch (error) {
        problems.push(`${at} ${error.message}`)
      }
    }
    return problems
  })
}

const asked = positionals.map((path) => relative(root, resolve(path)))
const pages = (asked.length > 0 ? asked : [...book, ...others]).map(readPage)
const problems = checkSummary(book)
const home = mkdtempSync(join(tmpdir(), 'enigma-docs-check-'))
try {
  for (const page of pages) {
    problems.push(...page.problems, ...checkBlocks(page), ...checkLinks(page))
    problems.push(...(await checkSolidity(page, home)), ...(await checkTypes(page, home)))
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
if (options.run && problems.length === 0) {
  problems.push(...(await runPages(pages, process.env.ENIGMA_BIN ?? join(root, 'target/release/enigma'))))
}

for (const problem of problems) console.error(problem)
const blocks = pages.reduce((sum, page) => sum + page.blocks.length, 0)
console.log(`${pages.length} pages, ${blocks} blocks, ${problems.length} problems`)
process.exit(problems.length > 0 ? 1 : 0)
