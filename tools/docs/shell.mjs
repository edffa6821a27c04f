// Runs the `sh` blocks of pages, as a reader would who types them in a checkout.
//
// All pages share one folder that looks like the checkout, with an `./enigma` of its own, and one local network. A page
// that brings the network up finds it stopped, any other finds it running. The blocks of a page are one shell, so a
// variable set in one is known in the next; the first line that fails ends the page. A `text` block directly after an
// `sh` block holds lines that the terminal must show, in that order: `0x…` stands for any hex, `…` for anything.
// `npm run dev` would never return: it is ended when it has served its page (serve.mjs).
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../paths.mjs'

/** Ports of the default network in the pages, and of the one that runs here. */
const DEFAULT_BASE = 8545
const PORT_BASE = 27_000
/** Seconds that the blocks of one page may take. */
const PATIENCE = 300

/** A page's addresses, with the ports that are used here. */
function ported(text) {
  return text.replaceAll(/\b(127\.0\.0\.1|localhost):(8[56]\d\d)\b/g, (_, host, port) => {
    return `${host}:${Number(port) - DEFAULT_BASE + PORT_BASE}`
  })
}

/** A block's commands as they are run here. */
function commands(text) {
  const serve = join(root, 'tools/docs/serve.mjs')
  return ported(text).replaceAll(/^(?=npm run (?:.* )?dev\b)/gm, `node '${serve}' `)
}

/** A line of an expected output as a pattern. */
function pattern(line) {
  const literal = line.trim().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll('0x…', '0x[0-9a-fA-F]+').replaceAll('…', '.*')}$`)
}

/** The first expected line that the output does not show in its place. */
export function missingLine(expected, output) {
  const shown = output.split('\n').map((line) => line.trim())
  for (const line of expected.split('\n').filter((text) => text.trim() !== '')) {
    const at = shown.findIndex((text) => pattern(line).test(text))
    if (at < 0) return line
    shown.splice(0, at + 1)
  }
}

/** The folder that the pages run in. */
function makeCheckout(bin) {
  const home = mkdtempSync(join(tmpdir(), 'enigma-docs-'))
  const apart = new Set(['enigma', '.enigma', '.git', 'target'])
  for (const name of readdirSync(root)) {
    if (!apart.has(name)) symlinkSync(join(root, name), join(home, name))
  }
  const launcher = `#!/bin/sh
if [ "$1" = up ] && [ ! -e "$ENIGMA_DATA_DIR/network.json" ]; then set -- "$@" --port-base ${PORT_BASE}; fi
exec '${bin}' "$@"
`
  writeFileSync(join(home, 'enigma'), launcher)
  chmodSync(join(home, 'enigma'), 0o755)
  return home
}

/** Runs a script in the folder; the answer is its exit code and what the terminal would show. */
function shell(home, script) {
  // Pages of the examples are built for the network that this names, else for the checkout's.
  const env = { ...process.env, ENIGMA_ROOT: root, ENIGMA_DATA_DIR: join(home, '.enigma') }
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', `exec 2>&1\nset -euo pipefail\n${script}`], {
      cwd: home,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), PATIENCE * 1000)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, output })
    })
  })
}

/** The blocks of a page that are run here; those that another script runs are checked to name it. */
export const runnable = (page) => page.blocks.filter(({ language, attributes }) => language === 'sh' && !attributes.by)

/** Runs one page. */
async function runPage(page, home) {
  for (const { attributes, text } of page.blocks.filter((block) => block.attributes.file)) {
    writeFileSync(join(home, attributes.file), ported(text))
  }
  const blocks = runnable(page)
  const script = blocks.map(({ text }, at) => `printf '\\036%d\\n' ${at}\n${commands(text)}`).join('')
  const { code, output } = await shell(home, script)
  const parts = new Map(output.split('\x1e').slice(1).map((part) => [Number.parseInt(part, 10), part.slice(part.indexOf('\n') + 1)]))
  if (code !== 0) {
    const last = Math.max(...parts.keys())
    return [`${page.path}:${blocks[last].line}: ended with ${code ?? `no answer in ${PATIENCE} s`}:\n${parts.get(last).trim()}`]
  }
  return blocks.flatMap((block, at) => {
    const next = page.blocks[page.blocks.indexOf(block) + 1]
    if (next?.language !== 'text' || !next.directly) return []
    const line = missingLine(ported(next.text), parts.get(at))
    return line === undefined ? [] : [`${page.path}:${next.line}: expected \`${line}\` in\n${parts.get(at).trim()}`]
  })
}

/** Runs all pages, one after the other, on one local network. */
export async function runPages(pages, bin) {
  const home = makeCheckout(bin)
  const stop = () => shell(home, './enigma down')
  const interrupted = async () => {
    await stop()
    process.exit(130)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  const problems = []
  try {
    for (const page of pages.filter((each) => runnable(each).length > 0)) {
      const started = Date.now()
      const own = runnable(page).some(({ text }) => /^\s*\.\/enigma up\b/m.test(text))
      const running = (await shell(home, './enigma status')).code === 0
      if (own && running) await stop()
      if (!own && !running) {
        const { code, output } = await shell(home, './enigma up --detach')
        if (code !== 0) return [`the local network does not start:\n${output}`]
      }
      problems.push(...(await runPage(page, home)))
      console.log(`${page.path}: ${runnable(page).length} blocks run, ${((Date.now() - started) / 1000).toFixed(1)} s`)
    }
  } finally {
    await stop()
    rmSync(home, { recursive: true, force: true })
  }
  return problems
}
