// Writes contracts/artifacts/NAME.json = {abi, bytecode} from a fresh forge build, so that nobody needs a compiler to
// deploy the network. `--check` compares instead and fails on a difference.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contracts, root, tool } from './paths.mjs'

const NAMES = ['Enigma', 'EngToken', 'Portal']
const check = process.argv.includes('--check')

// From nothing, and without the tests: what else is compiled beside a contract may show in its bytecode.
const out = join(contracts, 'cache', 'artifacts')
const build = spawnSync(
  tool('forge'),
  ['build', '--force', '--skip', 'test', '--out', out, '--cache-path', join(contracts, 'cache', 'artifacts-cache')],
  { cwd: root, stdio: ['ignore', 2, 2] },
)
if (build.status !== 0) process.exit(build.status ?? 1)

const folder = join(contracts, 'artifacts')
mkdirSync(folder, { recursive: true })
let stale = 0
for (const name of NAMES) {
  const { abi, bytecode, deployedBytecode } = JSON.parse(
    readFileSync(join(out, `${name}.sol`, `${name}.json`), 'utf8'),
  )
  const size = (deployedBytecode.object.length - 2) / 2
  if (size > 24_576) throw new Error(`${name} has ${size} bytes, the chain takes 24,576 (EIP-170)`)
  if (bytecode.object.includes('__$')) throw new Error(`${name} needs a library linked, which its users cannot do`)
  const text = `${JSON.stringify({ abi, bytecode: bytecode.object }, null, 1)}\n`
  const file = join(folder, `${name}.json`)
  const same = existsSync(file) && readFileSync(file, 'utf8') === text
  if (!same && !check) writeFileSync(file, text)
  if (!same) stale += 1
  console.log(`${name}: ${size} bytes, ${same ? 'unchanged' : check ? 'STALE' : 'written'}`)
}
if (check && stale > 0) {
  console.error('the artifacts do not match the sources: run `npm run artifacts`')
  process.exit(1)
}
