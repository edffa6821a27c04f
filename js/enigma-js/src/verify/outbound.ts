import { type Address, getAddress, type Hex, isAddressEqual, type Log, parseEventLogs } from 'viem'
import { outboundCalledEvent } from '../abi.js'
import type { Connection } from '../connection.js'
import { ProofError } from '../errors/trust.js'
import { type RawReceipt, receiptsRoot } from '../protocol/blockReceipts.js'
import { layout } from '../protocol/layout.js'
import { type OutboundCall as OrderedCall, TRANSFER } from '../protocol/outbound.js'
import { unpackOutboundCalls, wordToHex } from '../protocol/words.js'
import type { VerifiedBlock } from './block.js'
import type { VerifiedCommit } from './commit.js'
import { creditsAt } from './contract.js'
import { newestBlock } from './network.js'
import { quantity, request } from './rpc.js'
import { prove } from './storage.js'

/** What a secret contract's portal did on Ethereum for a task when that was committed. */
export type OutboundCall = {
  /** Who was paid or called. */
  target: Address
  /** Wei. */
  value: bigint
  /** Whether it succeeded. A transfer that did not is credited to the target, the value of a call comes back inside. */
  success: boolean
} & (
  | {
      kind: 'transfer'
      /** Wei of a failed one that the target's credit still has: `withdraw`. */
      claimable: bigint
    }
  | {
      kind: 'call'
      /** Of the contract's calls: the key of the Enigma contract's `outcomes`. */
      number: bigint
      /** Gas that it got. */
      gas: bigint
      data: Hex
      /** keccak256 of the first 1,024 bytes that came back, but for the lowest bit, which is `success`. */
      outcome: Hex
    }
)

/**
 * What became of the outbound calls that a verified commit orders for a task: of a call by Merkle proof, of a transfer by the
 * block's receipts, which lead to the root in its header. Throws {@link ProofError}.
 */
export async function verifyOutbound(
  connection: Connection,
  { contract, index }: { contract: Address; index: bigint },
  { at, outbound }: Pick<VerifiedCommit, 'at' | 'outbound'>,
): Promise<OutboundCall[]> {
  const what = `the outbound calls of task ${index} of ${contract}`
  const own = outbound.filter((call) => call.index === index)
  const calls = own.filter(isCall)
  const [outcomes, made] = await Promise.all([
    calls.length > 0 ? outcomesOf(connection, contract, at, outbound.filter(isCall), calls, what) : [],
    calls.length < own.length ? eventsOf(connection, contract, index, at, what) : [],
  ])
  return Promise.all(
    own.map(async (call, place): Promise<OutboundCall> => {
      const { value, gas, data } = call
      const target = getAddress(call.target)
      const outcome = outcomes[calls.indexOf(call)]
      if (outcome) {
        const { number, word } = outcome
        return {
          kind: 'call',
          target,
          value,
          success: word % 2n === 1n,
          number,
          gas,
          data,
          outcome: wordToHex(word),
        }
      }
      const told = made.length === own.length ? made[place] : undefined
      if (!told) throw new ProofError({ what, block: at.number })
      const { success } = told.args
      const owed = success ? 0n : await creditsAt(connection, await newestBlock(connection), target)
      return { kind: 'transfer', target, value, success, claimable: owed < value ? owed : value }
    }),
  )
}

function isCall({ kind }: OrderedCall): boolean {
  return kind !== TRANSFER
}

/** What `own` of a receipt's `calls` came to. They are its contract's last ones: only one receipt of it lands in a block. */
async function outcomesOf(
  connection: Connection,
  contract: Address,
  at: VerifiedBlock,
  calls: readonly OrderedCall[],
  own: readonly OrderedCall[],
  what: string,
): Promise<{ number: bigint; word: bigint }[]> {
  const [counts = 0n] = await prove(connection, at, [layout.secretContract(contract, 4)], what)
  const first = unpackOutboundCalls(counts) - BigInt(calls.length)
  const numbers = own.map((call) => first + BigInt(calls.indexOf(call)))
  const slots = numbers.map((number) => layout.outcome(contract, number))
  const words = await prove(connection, at, slots, what)
  return words.map((word, i) => ({ number: numbers[i] as bigint, word }))
}

/** The events of a task's calls, all of them and in their order: those of its commit's block. */
async function eventsOf(
  connection: Connection,
  contract: Address,
  index: bigint,
  at: VerifiedBlock,
  what: string,
) {
  try {
    const answer = await request(connection, 'eth_getBlockReceipts', [quantity(at.number)])
    const receipts = answer as readonly RawReceipt[]
    if (receiptsRoot(receipts) !== at.receiptsRoot) throw new Error('other receipts than the header says')
    const logs = receipts.flatMap(({ logs }) => logs as readonly object[] as readonly Log[])
    return parseEventLogs({ abi: [outboundCalledEvent], logs }).filter(
      ({ address, args }) =>
        isAddressEqual(address, connection.network.enigma) &&
        isAddressEqual(args.secretContract, contract) &&
        args.index === index,
    )
  } catch (cause) {
    throw new ProofError({ what, block: at.number, cause })
  }
}
