// The part of the ABI that enigma-js carries is the contract's own.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { enigmaAbi } from './abi.js'

type Item = { type: string; name?: string; [field: string]: unknown }

const artifact = new URL('../../../contracts/artifacts/Enigma.json', import.meta.url)
const { abi: full } = JSON.parse(readFileSync(artifact, 'utf8')) as { abi: Item[] }

/** Without what only a compiler needs. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(
    ([name, field]) => name !== 'internalType' && !(name === 'anonymous' && field === false),
  )
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]))
}

test.each(enigmaAbi.map((item) => [`${item.type} ${item.name}`, item] as const))('%s', (_, item) => {
  const found = full.filter(({ type, name }) => type === item.type && name === item.name)
  expect(found).toHaveLength(1)
  expect(plain(found[0])).toEqual(plain(item))
})
