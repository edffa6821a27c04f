import { parseAbi } from 'viem'

/** The ABI of fixtures/Probe.sol. */
export const probeAbi = parseAbi([
  'constructor(uint256 start_) payable',
  'event Added(address indexed by, uint256 amount, string note)',
  'error TooMuch(uint256 amount, uint256 most)',
  'function total() view returns (uint256)',
  'function owner() view returns (address)',
  'function add(uint256 amount) payable returns (uint256)',
  'function whoAmI() view returns (address sender, uint256 balance)',
  'function refuse(string why) pure',
  'function panic(uint256 by) pure returns (uint256)',
  'function halt() pure',
  'function outside(address target) returns (bool)',
  'function fill(uint256 words)',
])
