// Compiles a fixture with the project's solc.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Abi, Hex } from 'viem'

type Output = {
  contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>
}
type Solc = { compile(input: string): string }

export function compile(file: string, name: string): { abi: Abi; bytecode: Hex } {
  const solc = createRequire(import.meta.url)('solc') as Solc
  const input = {
    language: 'Solidity',
    sources: { [name]: { content: readFileSync(new URL(file, import.meta.url), 'utf8') } },
    settings: {
      evmVersion: 'osaka',
      optimizer: { enabled: true },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  const contract = output.contracts[name]?.[name]
  if (!contract) throw new Error(`${file} does not compile: ${JSON.stringify(output)}`)
  return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` }
}
