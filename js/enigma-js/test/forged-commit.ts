// A commit that somebody else made up: a well-formed, signed transaction with a hash of its own that no block holds.
import {
  decodeFunctionData,
  encodeFunctionData,
  type Hash,
  type Hex,
  keccak256,
  numberToHex,
  parseTransaction,
  type TransactionSerializedEIP1559,
} from 'viem'
import { enigmaAbi } from '../src/abi.js'
import { type Commitment, unpackCommitment } from '../src/protocol/packed.js'
import type { Lie } from './liar.js'
import { account } from './local-network.js'
import { pack } from './packing.js'
import { type RawLog, rewrite, together, type World } from './world.js'

/** The commitment of the task of `mine`, as the chain has it. */
export async function commitmentOf({ chain, mine, local }: World): Promise<Commitment> {
  const { input } = (await chain('eth_getTransactionByHash', mine.done.commit.transaction)) as { input: Hex }
  const { functionName, args } = decodeFunctionData({ abi: enigmaAbi, data: input })
  if (functionName !== 'commit') throw new Error('it is no commit')
  const found = args[0]
    .map((packed) => unpackCommitment(local.network.network, packed))
    .find((commitment) => commitment?.receipt.secretContract === mine.address)
  if (!found) throw new Error('the commit is not there')
  return found
}

/** An RPC that shows `commitment` in the place of the real one. */
export async function showing(world: World, commitment: Commitment): Promise<Lie> {
  const data = encodeFunctionData({ abi: enigmaAbi, functionName: 'commit', args: [[pack(commitment)]] })
  return showingCalldata(world, data)
}

/** The same for any calldata. */
export async function showingCalldata({ enigma, mine }: World, data: Hex): Promise<Lie> {
  const forger = account(9)
  const raw = await forger.signTransaction({
    type: 'eip1559',
    chainId: 31_337,
    to: enigma,
    data,
    nonce: 0,
    gas: 1_000_000n,
    maxFeePerGas: 10n ** 10n,
    maxPriorityFeePerGas: 1n,
  })
  const hash = keccak256(raw)
  const { done } = mine
  return together(
    rewrite<RawLog[]>('eth_getLogs', (logs) =>
      logs.map((log) =>
        log.transactionHash === done.commit.transaction ? { ...log, transactionHash: hash } : log,
      ),
    ),
    ({ method, params }) =>
      method === 'eth_getTransactionByHash' && params[0] === hash
        ? jsonOf(raw, hash, forger.address)
        : undefined,
  )
}

function jsonOf(raw: Hex, hash: Hash, from: Hex) {
  const { to, data, nonce, gas, maxFeePerGas, maxPriorityFeePerGas, r, s, yParity } = parseTransaction(
    raw as TransactionSerializedEIP1559,
  )
  const quantity = (value: number | bigint | undefined) => numberToHex(value ?? 0)
  return {
    type: '0x2',
    hash,
    from,
    to,
    input: data,
    nonce: quantity(nonce),
    gas: quantity(gas),
    value: '0x0',
    chainId: quantity(31_337),
    maxFeePerGas: quantity(maxFeePerGas),
    maxPriorityFeePerGas: quantity(maxPriorityFeePerGas),
    accessList: [],
    r,
    s,
    yParity: quantity(yParity),
    v: quantity(yParity),
    blockHash: null,
    blockNumber: null,
    transactionIndex: null,
  }
}
