// What a developer sees of a secret contract's outbound calls: whom it paid and called, what failed, what can be claimed.
import {
  type Address,
  encodeFunctionData,
  getAddress,
  type Hash,
  type Hex,
  keccak256,
  numberToHex,
  pad,
  slice,
  toHex,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DroppedTaskError, NoTaskError, type OutboundCall, ProofError } from '../src/index.js'
import { layout } from '../src/protocol/layout.js'
import { compile } from './compile.js'
import { deploy } from './entry-point.js'
import { holdWorkers } from './hold.js'
import { flip, type Lie, lyingTransport } from './liar.js'
import { type LocalNetwork, startNetwork } from './local-network.js'
import { refuses } from './refusal.js'
import { rewrite } from './world.js'

type Client = ReturnType<LocalNetwork['client']>
type Receipt = { logs: { address: Address; data: Hex }[] }

const payer = compile('../../../tests/fixtures/Payer.sol', 'Payer')
const bank = compile('fixtures/Bank.sol', 'Bank')
/** Where nobody lives yet. */
const SOMEBODY = getAddress(`0x${'a11ce0'.padStart(40, '7')}`)
const note = encodeFunctionData({ abi: bank.abi, functionName: 'note', args: [41n] })
const close = encodeFunctionData({ abi: bank.abi, functionName: 'close' })

let local: LocalNetwork
let client: Client
let address: Address
let refuser: Address
/** What each task did outside. */
const tasks: Record<'paid' | 'refused' | 'noted' | 'closed' | 'quiet', Hash> = {} as never

beforeAll(async () => {
  local = await startNetwork()
  client = local.client(0)
  refuser = await deploy(client, bank)
  const { abi, bytecode } = payer
  const deployed = await client.deploySecretContract({ abi, bytecode })
  address = deployed.address
  const send = async (functionName: string, args: readonly unknown[], value = 0n) =>
    (await client.writeSecretContract({ address, abi, functionName, args, value })).hash
  // At once, so that several of them may share a receipt.
  tasks.quiet = await send('deposit', [], 1_000n)
  tasks.closed = await send('ask', [refuser, 3n, 50_000n, close])
  tasks.paid = await send('pay', [SOMEBODY, 70n])
  tasks.noted = await send('ask', [refuser, 2n, 60_000n, note])
  tasks.refused = await send('pay', [refuser, 50n])
  await Promise.all(Object.values(tasks).map((hash) => client.waitForTask({ hash, abi })))
})

afterAll(() => local?.stop())

const paid: OutboundCall = { kind: 'transfer', target: SOMEBODY, value: 70n, success: true, claimable: 0n }
const refused = (claimable: bigint): OutboundCall => ({
  kind: 'transfer',
  target: refuser,
  value: 50n,
  success: false,
  claimable,
})

/** As the Enigma contract keeps it: the hash of what came back, and whether it succeeded. */
function outcomeOf(data: Hex, success: boolean): Hex {
  return pad(numberToHex((BigInt(keccak256(data)) & ~1n) | (success ? 1n : 0n)))
}

test('ether that arrived, and calls that succeeded and failed', async () => {
  expect(await client.getOutboundCalls({ hash: tasks.paid })).toEqual([paid])
  expect(await client.getBalance({ address: SOMEBODY })).toBe(70n)
  expect(await client.getOutboundCalls({ hash: tasks.noted })).toEqual([
    {
      kind: 'call',
      target: refuser,
      value: 2n,
      success: true,
      number: 1n,
      gas: 60_000n,
      data: note,
      outcome: outcomeOf(pad('0x2a'), true),
    },
  ])
  expect(await client.getOutboundCalls({ hash: tasks.closed, contract: address })).toMatchObject([
    {
      kind: 'call',
      value: 3n,
      success: false,
      number: 0n,
      data: close,
      outcome: outcomeOf(slice(keccak256(toHex('Closed()')), 0, 4), false),
    },
  ])
  expect(await client.getOutboundCalls({ hash: tasks.quiet })).toEqual([])
})

test('it is public: anybody reads it, by the place of the task too', async () => {
  const { index } = await client.getTask({ hash: tasks.paid })
  const anybody = local.client(1)
  expect(await anybody.getOutboundCalls({ contract: address, index: index as bigint })).toEqual([paid])
  await refuses(anybody.getOutboundCalls({ contract: address, index: 99n }), NoTaskError, 'Index 99')
})

test('nothing was done before the commit', async () => {
  const early = local.client(1, {
    transport: lyingTransport(
      local.json.rpc,
      rewrite('eth_getLogs', () => []),
    ),
  })
  expect(await early.getOutboundCalls({ hash: tasks.paid })).toBeUndefined()
})

describe('a lying RPC', () => {
  const told = (hash: Hash, lie?: Lie) =>
    local.client(1, { transport: lyingTransport(local.json.rpc, lie) }).getOutboundCalls({ hash })
  /** The last word of each event of a call: whether it succeeded. */
  const otherwise = rewrite<Receipt[]>('eth_getBlockReceipts', (receipts) =>
    receipts.map((receipt) => ({
      ...receipt,
      logs: receipt.logs.map((log) =>
        log.data.length === 2 + 2 * 128 ? { ...log, data: flip(log.data, -1) } : log,
      ),
    })),
  )

  test('a failed transfer arrived, and one that arrived failed', async () => {
    for (const [hash, truth] of [
      [tasks.refused, refused(50n)],
      [tasks.paid, paid],
    ] as const) {
      expect(await told(hash)).toEqual([truth])
      await refuses(told(hash, otherwise), ProofError, 'cannot prove the outbound calls of task')
    }
  })

  test('a call has another outcome', async () => {
    for (const number of [0n, 1n]) {
      const slot = layout.outcome(address, number)
      const lie = rewrite<{ storageProof: { key: Hex; value: Hex; proof: Hex[] }[] }>(
        'eth_getProof',
        (answer) => ({
          ...answer,
          storageProof: answer.storageProof.map((one) =>
            BigInt(one.key) === BigInt(slot)
              ? {
                  ...one,
                  proof: one.proof.map((node, i) => (i === one.proof.length - 1 ? flip(node, -1) : node)),
                }
              : one,
          ),
        }),
      )
      const hash = number === 0n ? tasks.closed : tasks.noted
      await refuses(told(hash, lie), ProofError, 'cannot prove the outbound calls of task')
    }
  })

  // Calls are numbered by the count after the commit's block: in a later block the failed one would be the last that succeeded.
  test('a commit is in a later block', async () => {
    const ask = async (data: Hex) => {
      const args = [refuser, 0n, 60_000n, data]
      const { hash } = await client.writeSecretContract({
        address,
        abi: payer.abi,
        functionName: 'ask',
        args,
      })
      const { commit } = await client.waitForTask({ hash, abi: payer.abi })
      return { hash, commit, block: await client.getBlock({ blockNumber: commit.block }) }
    }
    const [failed, succeeded] = [await ask(close), await ask(note)]
    expect(failed.commit.block).toBeLessThan(succeeded.commit.block)
    expect(await told(failed.hash)).toMatchObject([{ kind: 'call', success: false, data: close }])
    // The block of the next commit, and one in which nothing of the contract ends.
    const nothing = await client.getBlock({ blockNumber: succeeded.block.number - 1n })
    for (const { number, hash } of [succeeded.block, nothing]) {
      const lie = rewrite<{ transactionHash: Hash }[]>('eth_getLogs', (logs) =>
        logs.map((log) =>
          log.transactionHash === failed.commit.transaction
            ? { ...log, blockNumber: numberToHex(number), blockHash: hash }
            : log,
        ),
      )
      await refuses(told(failed.hash, lie), DroppedTaskError, `lock ${number}`)
    }
  })

  test('somebody else was paid', async () => {
    const wrong = SOMEBODY.slice(2).toLowerCase().replace('a11ce0', 'b0b000')
    const lie = rewrite<{ input: Hex }>('eth_getTransactionByHash', (transaction) => ({
      ...transaction,
      input: transaction.input.replaceAll(SOMEBODY.slice(2).toLowerCase(), wrong),
    }))
    await refuses(told(tasks.paid, lie), ProofError, 'cannot prove transaction')
  })
})

test('a transfer that its target did not take is claimed, by anybody, for the target', async () => {
  expect(await client.getOutboundCalls({ hash: tasks.refused })).toEqual([refused(50n)])
  expect(await client.getCredits({ account: refuser })).toBe(50n)
  const anybody = local.client(2)
  const hash = await anybody.withdraw({ of: refuser })
  await client.waitForTransactionReceipt({ hash })
  expect(await client.readContract({ address: refuser, abi: bank.abi, functionName: 'taken' })).toBe(50n)
  expect(await client.getOutboundCalls({ hash: tasks.refused })).toEqual([refused(0n)])
  await expect(anybody.withdraw({ of: refuser })).rejects.toThrow('NothingToWithdraw')
})

test('several tasks of one receipt have their own calls', async () => {
  const { abi } = payer
  const resume = holdWorkers(local)
  const hashes: Hash[] = []
  try {
    for (const value of [4n, 5n, 6n]) {
      const args = [refuser, value, 60_000n, value === 5n ? close : note]
      const { hash } = await client.writeSecretContract({ address, abi, functionName: 'ask', args })
      await client.waitForTransactionReceipt({ hash })
      hashes.push(hash)
    }
  } finally {
    resume()
  }
  const ends = await Promise.all(hashes.map((hash) => client.waitForTask({ hash, abi })))
  expect(new Set(ends.map(({ commit }) => commit.transaction)).size).toBe(1)
  const told = await Promise.all(hashes.map((hash) => client.getOutboundCalls({ hash })))
  expect(told).toMatchObject([
    [{ kind: 'call', value: 4n, success: true, number: 4n, data: note }],
    [{ kind: 'call', value: 5n, success: false, number: 5n, data: close }],
    [{ kind: 'call', value: 6n, success: true, number: 6n, data: note }],
  ])
})
