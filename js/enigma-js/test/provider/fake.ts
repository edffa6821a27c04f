// A wallet that writes down all that reaches it, and a network that answers from a table.
import {
  type Address,
  encodeAbiParameters,
  getAddress,
  type Hash,
  type Hex,
  keccak256,
  numberToHex,
  pad,
  parseAbiItem,
  toEventSelector,
  toHex,
} from 'viem'
import type {
  Backend,
  Eip1193Provider,
  Outcome,
  Query,
  RouterOptions,
  Task,
  TaskLogs,
  TaskView,
} from '../../src/provider/types.js'
import { wrap } from '../../src/provider/wrap.js'

export const ENIGMA: Address = getAddress('0xe000000000000000000000000000000000000001')
export const SECRET: Address = getAddress('0x5ec2e70000000000000000000000000000000001')
export const PLAIN: Address = getAddress('0x9a1a000000000000000000000000000000000002')
export const ALICE: Address = getAddress('0xa11ce00000000000000000000000000000000003')
export const BOB: Address = getAddress('0xb0b0000000000000000000000000000000000004')
export const CHAIN = 31337
export const COMMITTED = toEventSelector(
  parseAbiItem(
    'event Committed(address indexed secretContract, uint64 indexed firstIndex, uint64 lastIndex, uint40 epoch, bytes32 stateHead, bytes32 snapshotHash, uint256[] outcomes, bytes[] outputs, bytes[] deltas)',
  ),
)
export const SKIPPED = toEventSelector(
  parseAbiItem(
    'event Skipped(address indexed secretContract, uint64 indexed index, bytes32 stateHead, address indexed sender, uint256 refund)',
  ),
)

type Answer = (params: readonly unknown[]) => unknown
type Listener = (...args: unknown[]) => void

/** A wallet. `answers` may be changed by a test; what has no answer is `null`. */
export class FakeWallet implements Eip1193Provider {
  readonly requests: { method: string; params?: unknown }[] = []
  readonly answers: Record<string, Answer>
  readonly listeners = new Map<string, Set<Listener>>()
  accounts: Address[] = [ALICE]
  chainId = CHAIN
  height = 100n

  constructor() {
    this.answers = {
      eth_accounts: () => this.accounts.map((account) => account.toLowerCase()),
      eth_chainId: () => numberToHex(this.chainId),
      eth_blockNumber: () => numberToHex(this.height),
      eth_call: () => '0xca11',
      eth_getLogs: () => [],
    }
  }

  request = async ({ method, params }: { method: string; params?: unknown }): Promise<unknown> => {
    this.requests.push(structuredClone({ method, params }))
    return this.answers[method]?.((params ?? []) as readonly unknown[]) ?? null
  }

  on(event: string, listener: Listener): void {
    const listeners = this.listeners.get(event) ?? new Set()
    this.listeners.set(event, listeners.add(listener))
  }

  removeListener(event: string, listener: Listener): void {
    this.listeners.get(event)?.delete(listener)
  }

  emit(event: string, ...args: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...args)
  }

  /** The methods that were asked for, but for what the wrapper asks on its own. */
  passed(): string[] {
    const own = ['eth_chainId', 'eth_accounts', 'eth_blockNumber']
    return this.requests.map(({ method }) => method).filter((method) => !own.includes(method))
  }

  /** A transaction to the Enigma contract, and the commit that answers it. */
  mine(
    hash: Hash,
    { from = ALICE, status = '0x1', nonce = 7 }: { from?: Address; status?: Hex; nonce?: number } = {},
  ): void {
    const transaction = {
      hash,
      from,
      to: ENIGMA,
      nonce: numberToHex(nonce),
      input: '0xe47e109e',
      value: '0x5',
      gas: '0x1',
    }
    const block = { blockHash: pad('0xb1', { size: 32 }), blockNumber: '0x10', transactionIndex: '0x3' }
    this.#add('eth_getTransactionByHash', hash, { ...transaction, ...block })
    this.#add('eth_getTransactionReceipt', hash, {
      transactionHash: hash,
      from,
      to: ENIGMA,
      status,
      ...block,
      gasUsed: '0xbeef',
      effectiveGasPrice: '0x77',
      cumulativeGasUsed: '0xffff',
      contractAddress: null,
      logs: [],
      logsBloom: `0x${'00'.repeat(256)}`,
      type: '0x2',
    })
  }

  commit(contract: Address, first: bigint, last: bigint, block: bigint): Hash {
    return this.#end(COMMITTED, contract, first, block, encodeAbiParameters([{ type: 'uint64' }], [last]))
  }

  skip(contract: Address, index: bigint, block: bigint): Hash {
    const words = encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [keccak256('0x'), 5n])
    return this.#end(SKIPPED, contract, index, block, words)
  }

  #end(kind: Hex, contract: Address, first: bigint, block: bigint, data: Hex): Hash {
    const hash = keccak256(toHex(`${kind} ${contract} ${first} ${block}`))
    this.#add('eth_getTransactionReceipt', hash, {
      transactionHash: hash,
      blockHash: keccak256(toHex(`block ${block}`)),
      blockNumber: numberToHex(block),
      transactionIndex: '0x2',
      status: '0x1',
      logs: [
        { address: PLAIN, topics: [kind], data: '0x', logIndex: '0x0' },
        {
          address: ENIGMA.toLowerCase(),
          topics: [
            kind,
            pad(contract.toLowerCase() as Address, { size: 32 }),
            numberToHex(first, { size: 32 }),
          ],
          data,
          logIndex: '0x4',
        },
      ],
    })
    return hash
  }

  #add(method: string, hash: Hash, result: unknown): void {
    const before = this.answers[method]
    this.answers[method] = (params) => (params[0] === hash ? result : (before?.(params) ?? null))
  }
}

/** A network. Everything that it was asked is kept. */
export class FakeBackend implements Backend {
  readonly asked: Address[] = []
  readonly queries: Query[] = []
  readonly sent: Omit<Task, 'to'>[] = []
  readonly forgotten: Address[] = []
  readonly secret = new Set<string>([SECRET.toLowerCase()])
  readonly views = new Map<Hash, TaskView>()
  readonly found: TaskLogs[] = []
  readonly hash: Hash = keccak256('0x01')
  answer: (query: Query) => Hex = () => '0x'
  refuse: Error | undefined

  async isSecret(address: Address): Promise<boolean> {
    this.asked.push(address)
    if (this.refuse) throw this.refuse
    return this.secret.has(address.toLowerCase())
  }

  async query(query: Query): Promise<Hex> {
    this.queries.push(query)
    return this.answer(query)
  }

  async send(task: Task): Promise<Hash> {
    this.sent.push(task)
    return this.hash
  }

  async deploy(deployment: Omit<Task, 'to'>): Promise<{ hash: Hash; address: Address }> {
    this.sent.push(deployment)
    return { hash: this.hash, address: SECRET }
  }

  async task(hash: Hash): Promise<TaskView | undefined> {
    return this.views.get(hash)
  }

  async logs({
    account,
    from,
    to,
  }: {
    account: Address
    from: bigint
    to: bigint
  }): Promise<readonly TaskLogs[]> {
    if (account.toLowerCase() !== ALICE.toLowerCase()) return []
    return this.found.filter(({ commit }) => commit.block >= from && commit.block <= to)
  }

  forget(account: Address): void {
    this.forgotten.push(account)
  }

  /** A task that is committed at the block. */
  commit(
    wallet: FakeWallet,
    outcome: Partial<Outcome> & { block?: bigint } = {},
    kind: TaskView['kind'] = 'task',
  ): void {
    const { block = 50n, index = 9n, ...rest } = outcome
    const commit = { transaction: wallet.commit(SECRET, index - 1n, index + 1n, block), block }
    this.views.set(this.hash, {
      contract: SECRET,
      kind,
      value: 0n,
      gas: 5n,
      outcome: { index, commit, logs: [], ...rest },
    })
  }
}

/** Both, and the provider between them. */
export function fake(options: RouterOptions = {}) {
  const wallet = new FakeWallet()
  const backend = new FakeBackend()
  const provider = wrap(wallet, { chainId: CHAIN, enigma: ENIGMA }, backend, options)
  const ask = (method: string, ...params: unknown[]) => provider.request({ method, params })
  return { wallet, backend, provider, ask }
}
