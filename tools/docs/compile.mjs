// Solidity blocks are complete files, and TypeScript blocks complete modules: both have to compile.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../paths.mjs'

const execute = promisify(execFile)

/** What a failed process said. */
const said = ({ stdout, stderr, message }) => `${stdout ?? ''}${stderr ?? ''}`.trim() || message

/** A page's name in temporary folders and in docs/preludes. */
export const slug = (path) => path.replace(/^docs\//, '').replace(/\.md$/, '').replaceAll(/[/.]/g, '-')

/** Compiles each Solidity block with the compiler of `enigma deploy`; a warning is a problem too. */
export async function checkSolidity(page, home) {
  const problems = []
  for (const block of page.blocks.filter(({ language }) => language === 'solidity')) {
    const folder = join(home, slug(page.path))
    mkdirSync(folder, { recursive: true })
    const file = join(folder, `line-${block.line}.sol`)
    writeFileSync(file, block.text)
    const target = block.attributes.contract ? `${file}:${block.attributes.contract}` : file
    try {
      const { stderr } = await execute('node', [join(root, 'tools/compile.mjs'), target], { maxBuffer: 1 << 26 })
      if (stderr.trim()) problems.push(`${page.path}:${block.line}: ${stderr.trim()}`)
    } catch (error) {
      problems.push(`${page.path}:${block.line}: ${said(error)}`)
    }
  }
  return problems
}

/** Compiler options of the packages, and Node's types: scripts of the book run there. */
const CONFIG = { extends: join(root, 'js/tsconfig.json'), compilerOptions: { types: ['node'], noEmit: true } }

/**
 * Type-checks a page's TypeScript blocks against enigma-js as it was built. What a page has set up before, it declares
 * as globals in docs/preludes/PAGE.ts; network.json there stands for the one that a page ships.
 */
export async function checkTypes(page, home) {
  const blocks = page.blocks.filter(({ language }) => language === 'ts')
  if (blocks.length === 0) return []
  if (!existsSync(join(root, 'js/enigma-js/dist/index.d.ts'))) {
    return [`${page.path}: enigma-js is not built: run \`npm run build -w enigma-js\``]
  }
  const folder = join(home, slug(page.path), 'ts')
  mkdirSync(folder, { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ ...CONFIG, include: ['*.ts'] }))
  for (const name of [`${slug(page.path)}.ts`, 'network.json']) {
    const prelude = join(root, 'docs/preludes', name)
    if (existsSync(prelude)) copyFileSync(prelude, join(folder, name.replace(slug(page.path), 'prelude')))
  }
  // Empty lines before keep the numbers: an error tells the page's own line. Every block is a module.
  for (const { line, text } of blocks) {
    writeFileSync(join(folder, `line-${line}.ts`), `${'\n'.repeat(line)}${text}\nexport {}\n`)
  }
  const tsc = join(root, 'node_modules/.bin/tsc')
  try {
    await execute(tsc, ['--noEmit', '--pretty', 'false', '-p', folder], { cwd: folder, maxBuffer: 1 << 24 })
    return []
  } catch (error) {
    return said(error)
      .split('\n')
      .map((text) => text.replace(/^line-\d+\.ts\((\d+),\d+\): /, `${page.path}:$1: `))
  }
}
