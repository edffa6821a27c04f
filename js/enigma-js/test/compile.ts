// Compiles fixtures with the project's solc.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Abi, Hex } from 'viem'

type Output = {
  contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>
}
type Solc = { compile(input: string): string }

type Compiled = { abi: Abi; bytecode: Hex }

const read = (file: string) => readFileSync(new URL(file, import.meta.url), 'utf8')

export function compile(file: string, name: string): Compiled {
  return compileText(read(file), name)
}

/** A contract of the documentation, with `edit` made to its text. */
export function compileDocumented(page: string, name: string, edit = (text: string) => text): Compiled {
  const blocks = read(`../../../docs/${page}`).matchAll(/^```solidity[^\n]*\n(.*?)^```/gms)
  const texts = [...blocks].map(([, text = '']) => text)
  const text = texts.find((each) => each.includes(`contract ${name} {`))
  if (!text) throw new Error(`docs/${page} has no contract ${name}`)
  return compileText(edit(text), name)
}

function compileText(content: string, name: string): Compiled {
  const solc = createRequire(import.meta.url)('solc') as Solc
  const libraries = ['Task.sol', 'Ethereum.sol'].map((file) => [
    `@enigma/${file}`,
    { content: read(`../../../contracts/lib/${file}`) },
  ])
  const input = {
    language: 'Solidity',
    sources: { [name]: { content }, ...Object.fromEntries(libraries) },
    settings: {
      evmVersion: 'osaka',
      optimizer: { enabled: true },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  const contract = output.contracts[name]?.[name]
  if (!contract) throw new Error(`${name} does not compile: ${JSON.stringify(output)}`)
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` }
}
