// Writes contracts/storage-layout.json, the golden layout of the Enigma contract's slots: enclaves prove them, so a
// change here is a change of protocol. `--check` compares instead and fails on a difference.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { contracts, root, tool } from './paths.mjs'

const check = process.argv.includes('--check')

function inspect(contract) {
  const forge = spawnSync(tool('forge'), ['inspect', contract, 'storageLayout', '--json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (forge.status !== 0) {
    console.error(forge.stderr)
    process.exit(1)
  }
  return JSON.parse(forge.stdout)
}

/** The compiler's type names carry syntax-tree numbers, which move with any edit; labels do not. */
function members(list, types) {
  return list.map(({ label, slot, offset, type }) => ({
    slot: Number(slot),
    offset,
    label,
    type: types[type].label,
    bytes: Number(types[type].numberOfBytes),
  }))
}

function golden({ storage, types }) {
  const structs = Object.values(types)
    .filter((type) => type.members)
    .map((type) => [type.label.replace('struct ', ''), members(type.members, types)])
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const all = { contract: 'Enigma', storage: members(storage, types), structs: Object.fromEntries(structs) }
  return `${JSON.stringify(all, null, 2)}\n`
}

const text = golden(inspect('Enigma'))
if (golden(inspect('Upkeep')) !== text) {
  console.error('Enigma and Upkeep work on the same slots, so their layouts must be one')
  process.exit(1)
}

const file = join(contracts, 'storage-layout.json')
const same = existsSync(file) && readFileSync(file, 'utf8') === text
if (check && !same) {
  console.error('the storage layout is not the golden one: if that is meant, it is a change of protocol (docs/bytes.md)')
  process.exit(1)
}
if (!same) writeFileSync(file, text)
console.log(`storage layout: ${same ? 'unchanged' : 'written'}`)
