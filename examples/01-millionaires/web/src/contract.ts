// What the page knows of examples/01-millionaires/Millionaires.sol.
import { type BaseError, parseAbi } from 'viem'
import { bytecode } from '../../Millionaires.sol'

/** ABI and creation code. */
export const millionaires = {
  abi: parseAbi([
    'function declare(uint256 amount)',
    'function richer() view returns (address)',
    'error AlreadyDeclared()',
    'error TwoAreEnough()',
    'error NotBothDeclared()',
  ]),
  bytecode,
} as const

const reasons: Record<string, string> = {
  AlreadyDeclared: 'You have declared already: once each.',
  TwoAreEnough: 'Two have declared already: a third is one too many.',
  NotBothDeclared: 'Not both have declared yet.',
}

/** Why something failed, for a person. */
export function explain(error: unknown): string {
  for (const [name, reason] of Object.entries(reasons)) {
    if (String(error).includes(`${name}()`)) return reason
  }
  if (!(error instanceof Error)) return String(error)
  return (error as BaseError).shortMessage ?? error.message
}
