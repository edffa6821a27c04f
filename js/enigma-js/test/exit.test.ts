// A script ends by itself: no timer, socket or subscription of enigma-js keeps it alive.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile } from './compile.js'
import { type LocalNetwork, startNetwork } from './local-network.js'

/** Milliseconds after which a script that is done but alive counts as stuck. */
const BOUND = 5_000

let local: LocalNetwork
let home: string
const { bytecode } = compile('fixtures/Probe.sol', 'Probe')

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'enigma-js-exit-'))
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(home, 'node_modules'))
  await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      ssr: fileURLToPath(new URL('fixtures/script.ts', import.meta.url)),
      outDir: join(home, 'dist'),
      rollupOptions: { output: { format: 'es', entryFileNames: 'script.mjs' } },
    },
  })
  local = await startNetwork()
})

afterAll(async () => {
  await local?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** Runs the script; rejects if it lives on after it has said its last word. */
function runScript(kind: string): Promise<{ code: number | null; output: string; lingered: number }> {
  const args = [join(home, 'dist/script.mjs'), join(local.directory, 'network.json'), bytecode, kind]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let said = 0
  let bound: NodeJS.Timeout | undefined
  return new Promise((resolve, reject) => {
    const hear = (data: Buffer) => {
      output += String(data)
      if (said || !output.includes('total')) return
      said = Date.now()
      bound = setTimeout(() => {
        child.kill('SIGKILL')
        reject(new Error(`it is alive ${BOUND} ms after it was done: ${output}`))
      }, BOUND)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(bound)
      resolve({ code, output, lingered: Date.now() - said })
    })
  })
}

test.each(['http', 'webSocket'])('a script over %s ends when it is done', async (kind) => {
  const { code, output, lingered } = await runScript(kind)
  expect(output).toBe('total 7\n')
  expect(code).toBe(0)
  expect(lingered).toBeLessThan(BOUND)
})
