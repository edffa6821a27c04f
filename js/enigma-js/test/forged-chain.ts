// A chain that exists only in a test: blocks whose headers hash, storage whose proofs hold, logs that anybody may believe.
import {
  type AbiEvent,
  type Address,
  createClient,
  custom,
  encodeAbiParameters,
  encodeEventTopics,
  type Hex,
  numberToHex,
  pad,
  zeroHash,
} from 'viem'
import { type Connection, connect } from '../src/connection.js'
import type { Network } from '../src/network.js'
import { type RawReceipt, receiptsRoot } from '../src/protocol/blockReceipts.js'
import { headerHash } from '../src/protocol/header.js'
import { forgedState } from './forge.js'

export const ENIGMA: Address = `0x${'e0'.repeat(20)}`

type Block = {
  json: Record<string, unknown>
  logs: object[]
  receipts: readonly RawReceipt[]
  answer: (slots: readonly Hex[]) => object
}

/** An event of the Enigma contract, or of `address`, before it is in a block. */
export type Event = { topics: Hex[]; data: Hex; address?: Address }

export function event(abi: AbiEvent, args: Record<string, unknown>): Event {
  const plain = abi.inputs.filter(({ indexed }) => !indexed)
  return {
    topics: encodeEventTopics({ abi: [abi], eventName: abi.name, args } as never) as Hex[],
    data: encodeAbiParameters(
      plain,
      plain.map(({ name }) => args[name as string]),
    ),
  }
}

const NO_BLOOM: Hex = `0x${'00'.repeat(256)}`

export class ForgedChain {
  /** The storage of the Enigma contract, as the next block will have it. */
  readonly words = new Map<Hex, bigint>()
  readonly blocks: Block[] = []
  /** How often each method was asked. */
  readonly asked: string[] = []
  /** Changes the answer to a method. */
  lie: ((method: string, answer: unknown) => unknown) | undefined

  constructor() {
    // A storage with a single word has no branch to hang proofs from.
    for (let slot = 1_000n; slot < 1_008n; slot += 1n) this.words.set(numberToHex(slot, { size: 32 }), 1n)
    this.mine()
  }

  set(slot: Hex, word: bigint): void {
    if (word === 0n) this.words.delete(slot)
    else this.words.set(slot, word)
  }

  /** Makes a block of the storage as it is now. Returns its number. */
  mine(...events: readonly Event[]): bigint {
    const number = this.blocks.length
    const { stateRoot, answer } = forgedState(ENIGMA, new Map(this.words))
    // Each event is of a transaction of its own.
    const receipts = events.map(({ topics, data, address = ENIGMA }, i): RawReceipt => {
      const log = { address, topics: topics as [Hex, ...Hex[]], data }
      const gas = numberToHex(50_000 * (i + 1))
      return { type: '0x2', status: '0x1', cumulativeGasUsed: gas, logsBloom: NO_BLOOM, logs: [log] }
    })
    const header = {
      parentHash: this.blocks.at(-1)?.json.hash ?? zeroHash,
      sha3Uncles: zeroHash,
      miner: ENIGMA,
      stateRoot,
      transactionsRoot: zeroHash,
      receiptsRoot: receiptsRoot(receipts),
      logsBloom: NO_BLOOM,
      difficulty: '0x0',
      number: numberToHex(number),
      gasLimit: '0x1c9c380',
      gasUsed: '0x0',
      timestamp: numberToHex(1_900_000_000 + number),
      extraData: '0x',
      mixHash: zeroHash,
      nonce: `0x${'00'.repeat(8)}`,
      baseFeePerGas: '0x7',
    }
    const hash = headerHash(header)
    const logs = events.map(({ topics, data, address = ENIGMA }, i) => ({
      address,
      topics,
      data,
      blockNumber: header.number,
      blockHash: hash,
      transactionHash: pad(numberToHex(1_000 * number + i + 1), { size: 32 }),
      transactionIndex: numberToHex(i),
      logIndex: numberToHex(i),
      removed: false,
    }))
    this.blocks.push({ json: { ...header, hash }, logs, receipts, answer })
    return BigInt(number)
  }

  /** The logs of a block as an RPC tells them. */
  logsOf(number: bigint): object[] {
    return this.blocks[Number(number)]?.logs ?? []
  }

  connection(): Connection {
    const request = async ({ method, params }: { method: string; params?: unknown }) => {
      this.asked.push(method)
      const answer = this.#answer(method, (params ?? []) as readonly never[])
      return this.lie ? this.lie(method, structuredClone(answer)) : answer
    }
    const client = createClient({ transport: custom({ request }, { retryCount: 0 }) })
    return connect(client, {
      chainId: 31337,
      enigma: ENIGMA,
      network: zeroHash,
      checkpointNumber: 0,
      nodes: [],
    } as unknown as Network)
  }

  #answer(method: string, params: readonly never[]): unknown {
    const at = (which: string) =>
      which === 'latest' ? this.blocks.at(-1) : this.blocks[Number(BigInt(which))]
    switch (method) {
      case 'eth_blockNumber':
        return numberToHex(this.blocks.length - 1)
      case 'eth_getBlockByNumber':
        return at(params[0] as unknown as string)?.json ?? null
      case 'eth_getBlockByHash':
        return this.blocks.find(({ json }) => json.hash === params[0])?.json ?? null
      case 'eth_getProof':
        return at(params[2] as unknown as string)?.answer(params[1] as unknown as Hex[])
      case 'eth_chainId':
        return numberToHex(31_337)
      case 'eth_getBlockReceipts':
        return at(params[0] as unknown as string)?.receipts
      case 'eth_getLogs':
        return this.#logs(params[0] as unknown as Filter)
      default:
        throw new Error(`${method} is not answered here`)
    }
  }

  #logs({ topics = [], blockHash, fromBlock }: Filter): object[] {
    const from = fromBlock === undefined ? 0n : BigInt(fromBlock)
    const fits = (found: readonly Hex[]) =>
      topics.every(
        (topic, i) => topic === null || [topic].flat().some((one) => one.toLowerCase() === found[i]),
      )
    return this.blocks
      .filter(({ json }) =>
        blockHash === undefined ? BigInt(json.number as Hex) >= from : json.hash === blockHash,
      )
      .flatMap(({ logs }) => logs as { topics: Hex[] }[])
      .filter((log) => fits(log.topics))
  }
}

type Filter = { topics?: readonly (Hex | readonly Hex[] | null)[]; blockHash?: Hex; fromBlock?: Hex }
