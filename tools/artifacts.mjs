// Writes contracts/artifacts/NAME.json = {abi, bytecode} from a fresh forge build, so that nobody needs a compiler to
// deploy the network. `--check` compares instead and fails on a difference.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contracts, root, tool } from './paths.mjs'

const NAMES = ['Enigma', 'EngToken', 'Portal']
/** What a contract creates and hands calls on to: clients see one interface. */
const HALVES = { Enigma: { other: 'Upkeep', together: 'IEnigma' } }
const check = process.argv.includes('--check')

// From nothing, and without the tests: what else is compiled beside a contract may show in its bytecode.
const out = join(contracts, 'cache', 'artifacts')
const build = spawnSync(
  tool('forge'),
  ['build', '--force', '--skip', 'test', '--out', out, '--cache-path', join(contracts, 'cache', 'artifacts-cache')],
  { cwd: root, stdio: ['ignore', 2, 2] },
)
if (build.status !== 0) process.exit(build.status ?? 1)

const built = (name) => JSON.parse(readFileSync(join(out, `${name}.sol`, `${name}.json`), 'utf8'))
const sizeOf = (code) => (code.object.length - 2) / 2

/** What two halves say, each thing once. Together they must have exactly the functions that the interface promises. */
function joined(name, abi) {
  const { other, together } = HALVES[name]
  const all = new Map()
  const add = (item) => all.set(JSON.stringify(item), item)
  for (const item of abi) if (!['fallback', 'receive'].includes(item.type)) add(item)
  for (const item of built(other).abi) if (item.type !== 'constructor') add(item)
  const functions = (items) => items.filter((item) => item.type === 'function')
  const promised = new Set(functions(built(together).abi).map(outline))
  const there = functions([...all.values()]).map(outline)
  const wrong = there.filter((one) => !promised.delete(one)).concat([...promised])
  if (wrong.length > 0) throw new Error(`${name} and ${other} together are not ${together}: ${wrong}`)
  const size = sizeOf(built(other).deployedBytecode)
  if (size > 24_576) throw new Error(`${other} has ${size} bytes, the chain takes 24,576 (EIP-170)`)
  const order = ['constructor', 'function', 'event', 'error']
  const key = (item) => `${order.indexOf(item.type)} ${item.name ?? ''}`
  return [...all.values()].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

/** A function as callers see it; names of arguments are told for reading only. */
function outline({ name, inputs, outputs, stateMutability }) {
  const types = (list) => list.map(({ type, components }) => (components ? `${type}${types(components)}` : type))
  return `${name}(${types(inputs)}) ${stateMutability} (${types(outputs)})`
}

const folder = join(contracts, 'artifacts')
mkdirSync(folder, { recursive: true })
let stale = 0
for (const name of NAMES) {
  const { abi: own, bytecode, deployedBytecode } = built(name)
  const abi = HALVES[name] ? joined(name, own) : own
  const size = sizeOf(deployedBytecode)
  if (size > 24_576) throw new Error(`${name} has ${size} bytes, the chain takes 24,576 (EIP-170)`)
  if (bytecode.object.includes('__$')) throw new Error(`${name} needs a library linked, which its users cannot do`)
  if (sizeOf(bytecode) > 49_152) throw new Error(`${name} is created by ${sizeOf(bytecode)} bytes, the chain takes 49,152`)
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
