// What the page knows of examples/01-millionaires/Millionaires.sol.
import { parseAbi } from 'viem'
import { explainer } from '../../../web/page'
import { bytecode } from '../../Millionaires.sol'

const explain = explainer({
  AlreadyDeclared: 'You have declared already: once each.',
  TwoAreEnough: 'Two have declared already: a third is one too many.',
  NotBothDeclared: 'Not both have declared yet.',
})

/** ABI and creation code. */
export const millionaires = {
  name: 'Millionaires',
  abi: parseAbi([
    'function declare(uint256 amount)',
    'function richer() view returns (address)',
    'error AlreadyDeclared()',
    'error TwoAreEnough()',
    'error NotBothDeclared()',
  ]),
  bytecode,
  explain,
} as const
